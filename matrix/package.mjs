// The package as npm, pnpm and yarn install it, and as the linters of packages see it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const ASK = `
const { startApi } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')
const { setResponseStatus } = require('express-start-api/server')
const GET = () => (setResponseStatus(201), new Response('answer'))
const api = startApi({ './routes/a.js': { APIRoute: createAPIFileRoute('/api/a')({ GET }) } })
api.fetch('/api/a').then(async (answer) => console.log(answer.status, await answer.text()))`

/**
 * @returns what is wrong, and what was measured
 */
export function checkPackage({ tools, root, tarball, node }) {
  const problems = []
  const facts = []

  function run(folder, command, ...args) {
    const PATH = [dirname(node), join(tools, '.bin'), process.env.PATH].join(delimiter)
    const env = { ...process.env, PATH, NODE_OPTIONS: '' }
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
    const output = `${stdout}${stderr}`
    if (status !== 0) problems.push(`${command} ${args.join(' ')}\n${output.slice(-2000)}`)
    return output
  }

  function folderFor(name, dependencies = {}) {
    const folder = join(root, name)
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
    writeFileSync(join(folder, 'app.js'), ASK)
    return folder
  }

  function expectAnswer(folder, manager) {
    const output = run(folder, 'node', 'app.js')
    if (output !== '201 answer\n') problems.push(`${manager}: app.js printed ${output}`)
  }

  run(root, 'publint', 'run', '--strict', tarball)
  run(root, 'attw', tarball, '--no-emoji', '--format', 'ascii')

  const empty = folderFor('npm')
  const installed = run(empty, 'npm', 'install', '--no-audit', '--no-fund', tarball)
  // npm 11 mentions `prepare`, which it does not run, for tarballs that come from no registry.
  if (/EBADENGINE|deprecated/.test(installed))
    problems.push(`npm install prints a warning:\n${installed}`)
  expectAnswer(empty, 'npm')
  const sizes = measure(join(empty, 'node_modules'))
  facts.push(
    `npm install: ${sizes.packages} packages, ${toMegabytes(sizes.bytes)} (own: ${toMegabytes(measure(join(empty, 'node_modules/express-start-api')).bytes)})`,
  )
  facts.push(
    `require('express-start-api'): ${timeOf(empty, '.')} ms; /api: ${timeOf(empty, './api')} ms; /server: ${timeOf(empty, './server')} ms (medians of 9)`,
  )

  const dependencies = { 'express-start-api': `file:${tarball}` }
  const pnpm = folderFor('pnpm', dependencies)
  run(pnpm, 'pnpm', 'install', '--ignore-workspace', '--store-dir', join(root, 'pnpm-store'))
  expectAnswer(pnpm, 'pnpm')
  const yarn = folderFor('yarn', dependencies)
  run(yarn, 'yarn', 'install', '--no-lockfile', '--cache-folder', join(root, 'yarn-cache'))
  expectAnswer(yarn, 'yarn')

  return { problems, facts }

  function timeOf(folder, entry) {
    const script = `const t = performance.now(); require('express-start-api${entry.slice(1)}'); console.log(performance.now() - t)`
    const times = Array.from({ length: 9 }, () => Number(run(folder, 'node', '-e', script)))
    return times.sort((a, b) => a - b)[4].toFixed(0)
  }
}

function measure(folder) {
  let bytes = 0
  let packages = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    bytes += statSync(join(entry.parentPath, entry.name)).size
    if (entry.name === 'package.json' && /node_modules\/(?:@[^/]+\/)?[^/]+$/.test(entry.parentPath))
      packages++
  }
  return { bytes, packages }
}

function toMegabytes(bytes) {
  return `${(bytes / 1e6).toFixed(2)} MB`
}
