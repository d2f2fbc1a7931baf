// The package as the linters of packages see it, and as package managers install it.
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { write } from './workspace.mjs'

const ROUTE_CJS = `const { createAPIFileRoute } = require('express-start-api/api')
const { setResponseStatus } = require('express-start-api/server')
exports.APIRoute = createAPIFileRoute('/api/a')({
  GET: () => (setResponseStatus(201), new Response('from CommonJS')),
})`
const ROUTE_ESM = `import { createAPIFileRoute } from 'express-start-api/api'
export const APIRoute = createAPIFileRoute('/api/b')({ GET: () => new Response('from ESM') })`
const ASK = `
async function main() {
  const api = startApi('routes')
  for (const path of ['/api/a', '/api/b']) {
    const answer = await api.fetch(path)
    console.log(answer.status, await answer.text())
  }
}
void main()`
const FILES = {
  'routes/api/a.cjs': ROUTE_CJS,
  'routes/api/b.mjs': ROUTE_ESM,
  'app.cjs': `const { startApi } = require('express-start-api')${ASK}`,
  'app.mjs': `import { startApi } from 'express-start-api'${ASK}`,
}
const ANSWERS = '201 from CommonJS\n200 from ESM\n'

/** `launch`: how the manager runs a program, where Node alone does not find packages. */
const MANAGERS = [
  {
    name: 'npm',
    install: ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund'],
    // What npm says of the package itself: npm 11 also mentions install scripts that it does not run.
    warning: /EBADENGINE|deprecated|ERESOLVE/,
  },
  {
    name: 'pnpm',
    install: ['pnpm', 'install', '--ignore-workspace', '--store-dir', '.store'],
  },
  {
    name: 'yarn 1',
    install: [
      'node',
      '../node_modules/yarn/bin/yarn.js',
      'install',
      '--no-lockfile',
      '--cache-folder',
      '.cache',
    ],
  },
  {
    name: "yarn 4, plug'n'play",
    install: ['node', '../node_modules/@yarnpkg/cli-dist/bin/yarn.js', 'install'],
    launch: ['node', '../node_modules/@yarnpkg/cli-dist/bin/yarn.js'],
    files: { 'yarn.lock': '' },
  },
]

export function packageCells(workspace) {
  const { tarball, nodes } = workspace
  return [
    ['publint', () => lint(workspace, 'publint', 'run', '--strict', tarball)],
    [
      'Are the types wrong?',
      () => lint(workspace, 'attw', tarball, '--no-emoji', '--format', 'ascii'),
    ],
    ...MANAGERS.map((manager) => [manager.name, () => tryManager(workspace, manager)]),
    [`at most ${MOST.packages} packages, ${toMegabytes(MOST.bytes)}`, () => weigh(workspace)],
  ].map(([name, run]) => ({
    table: 'package',
    row: [name],
    column: `Node ${nodes[0]}`,
    title: `package, ${name}`,
    quick: true,
    run,
  }))
}

async function lint({ root, nodes: [node], run }, ...program) {
  const { code, output } = await run(root, program, { node })
  return { red: code !== 0, output }
}

/** Installs the package alone and serves a route file of either kind, from an application of either kind. */
async function tryManager({ root, tarball, nodes: [node], run }, manager) {
  const { name, install, warning, launch = [], files } = manager
  const dependencies = { 'express-start-api': `file:${tarball}` }
  const folder = write(join(root, toFolder(name)), {
    'package.json': JSON.stringify({ private: true, dependencies }),
    ...FILES,
    ...files,
  })
  const settings = { node, env: YARN_SETTINGS }
  const installed = await run(folder, install, settings)
  if (installed.code !== 0 || warning?.test(installed.output)) return { ...installed, red: true }
  for (const app of ['app.cjs', 'app.mjs']) {
    const { output } = await run(folder, [...launch, 'node', app], settings)
    if (output !== ANSWERS) return { red: true, output }
  }
  return { red: false, output: installed.output }
}

async function weigh({ root, tarball, run }) {
  const folder = write(join(root, 'weight'), { 'package.json': '{}' })
  const { output } = await run(folder, ['npm', 'install', '--prefer-offline', tarball])
  const size = sizeOf(join(folder, 'node_modules'))
  const red = !(size.packages <= MOST.packages && size.bytes <= MOST.bytes)
  return { red, output: `${toText(size)}\n${output}` }
}

function toFolder(name) {
  return name.replaceAll(/\W+/g, '-')
}

/** Ceilings of the install: whoever goes beyond says why in the commit that raises them. */
const MOST = { packages: 29, bytes: 11e6 }

/** yarn 4 reads neither npm's settings nor, by default, a lock file that is to change in CI. */
const YARN_SETTINGS = {
  YARN_NPM_REGISTRY_SERVER: execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' })
    .trim()
    .replace(/\/$/, ''),
  YARN_UNSAFE_HTTP_WHITELIST: '*',
  YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
  YARN_ENABLE_TELEMETRY: 'false',
  YARN_ENABLE_GLOBAL_CACHE: 'false',
}

/** What an install weighs, in a sentence, and what loading costs, as a table. */
export async function measure({ root, nodes: [node], run }) {
  const folder = join(root, 'npm')
  const size = sizeOf(join(folder, 'node_modules'))
  const own = sizeOf(join(folder, 'node_modules/express-start-api'))
  const rows = []
  for (const entries of [['.'], ['./api'], ['./server'], ['.', './server']]) {
    const names = entries.map((entry) => `'express-start-api${entry.slice(1)}'`)
    rows.push([
      entries.map((entry) => `\`${entry}\``).join(' and '),
      await timeOf(names.map((name) => `require(${name})`)),
      await timeOf(
        names.map((name) => `await import(${name})`),
        '--input-type=module',
      ),
    ])
  }
  return {
    weight: `\`npm install\` brings ${toText(size)}, of which ${toMegabytes(own.bytes)} are its own.`,
    times: { head: ['to load', 'by `require`', 'by `import`'], rows, notes: [] },
  }

  /** The median of processes that do nothing else. */
  async function timeOf(loads, ...flags) {
    const script = `const t = performance.now(); ${loads.join('; ')}; console.log(performance.now() - t)`
    const taken = []
    while (taken.length < RUNS) {
      taken.push(Number((await run(folder, ['node', ...flags, '-e', script], { node })).output))
    }
    return `${taken.sort((a, b) => a - b)[(RUNS - 1) / 2].toFixed(0)} ms`
  }
}

const RUNS = 9

function sizeOf(folder) {
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

function toText({ packages, bytes }) {
  return `${packages} packages, ${toMegabytes(bytes)}`
}

function toMegabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
