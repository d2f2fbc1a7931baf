// `npm run conformance`: one real Start application, built by Vite, and its route files in Express are
// asked the same; then the built application itself, mounted in Express.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ask, findDifferences, isError, isHtml, isPage } from './compare.mjs'
import { DIFFERENCES } from './differences.mjs'
import { exampleRequests, requests } from './requests.mjs'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const node = here('node_modules/node22/bin/node')

/** Start needs Node 22. */
function build(folder) {
  const { status, stdout, stderr } = spawnSync(
    node,
    [here('node_modules/vite/bin/vite.js'), 'build'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`vite build failed in ${folder}:\n${stdout}${stderr}`)
}

const children = []

function start(name, folder) {
  const child = spawn(node, ['--import', 'tsx', 'servers.mjs', name, folder], {
    cwd: here('.'),
    env: { ...process.env, NODE_ENV: 'production' },
    // Both log the errors that handlers throw on purpose.
    stdio: ['ignore', 'pipe', process.env.VERBOSE ? 'inherit' : 'ignore'],
  })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => /^\d+/.test(data) && resolve(Number.parseInt(data, 10)))
    child.on('exit', (code) => reject(new Error(`The server \`${name}\` ended with ${code}.`)))
  })
}

/** How the answers to one request go together. */
function judge(request, theirs, ours) {
  if (ours.headers['x-left'] === 'yes' && isPage(theirs)) return { kind: 'equal' }
  if (isError(theirs) && isError(ours) && theirs.status === ours.status) return { kind: 'equal' }
  // Pages name the time at which they were made.
  if (isHtml(theirs) && isHtml(ours) && theirs.status === ours.status) return { kind: 'equal' }
  const differences = findDifferences(theirs, ours)
  if (differences.length === 0) return { kind: 'equal' }
  const difference = DIFFERENCES.find(({ explains }) => explains(request, theirs, ours))
  return difference === undefined
    ? { kind: 'unexplained', differences }
    : { kind: 'deliberate', why: difference.why }
}

async function compare(title, name, folder, requests) {
  const ports = await Promise.all([start('start', folder), start(name, folder)])
  const [theirPort, ourPort] = ports
  const counts = { equal: 0, deliberate: 0, unexplained: 0 }
  const reasons = new Map()
  for (const request of requests) {
    const [theirs, ours] = await Promise.all([ask(theirPort, request), ask(ourPort, request)])
    const { kind, why, differences } = judge(request, theirs, ours)
    counts[kind]++
    if (why !== undefined) reasons.set(why, (reasons.get(why) ?? 0) + 1)
    if (differences !== undefined) report(request, theirs, ours, differences)
  }
  for (const [why, count] of reasons) console.log(`  ${String(count).padStart(3)} × ${why}`)
  const { equal, deliberate, unexplained } = counts
  console.log(
    `${title}: ${requests.length} requests, ${equal} equal, ${deliberate} deliberate differences, ${unexplained} unexplained`,
  )
  return unexplained
}

function report({ method, path, body }, theirs, ours, differences) {
  console.log(`${method} ${path}${body === undefined ? '' : ` ${String(body).slice(0, 40)}`}`)
  for (const [whose, answer] of [
    ['Start', theirs],
    ['here', ours],
  ]) {
    const shown = differences.map((member) =>
      JSON.stringify(answer[member] ?? answer.headers[member] ?? null).slice(0, 160),
    )
    console.log(
      `  ${whose.padEnd(6)}${differences.map((member, index) => `${member}: ${shown[index]}`).join(', ')}`,
    )
  }
}

const app = here('.').replace(/\/$/, '')
const example = here('../examples/start-and-express')
// In an application of its own, `npm install` brings them.
if (!existsSync(`${example}/node_modules`)) {
  symlinkSync('../../conformance/node_modules', `${example}/node_modules`)
}
build(app)
build(example)
try {
  const unexplained = [
    await compare('route files in Express', 'express', app, requests),
    await compare('the built application in Express', 'mounted', app, requests),
    await compare('examples/start-and-express', 'express', example, exampleRequests),
  ]
  process.exitCode = unexplained.every((count) => count === 0) ? 0 : 1
} finally {
  for (const child of children) child.removeAllListeners('exit').kill()
}
