// Times start-up: `node startup.mjs [--node 20,24] [--rounds 5]`. A process that imports all route files
// in a loop, against one that starts startApi() on their directory: time, and what stays on the heap.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { here, median, nodes, toTable, write } from './report.mjs'

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: '20,24' },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})

const KINDS = {
  CommonJS: {
    extension: 'cjs',
    text: (path) =>
      `const { createAPIFileRoute } = require('express-start-api/api')\nexports.APIRoute = createAPIFileRoute('${path}')({ GET: () => new Response('ok') })\n`,
  },
  ESM: {
    extension: 'mjs',
    text: (path) =>
      `import { createAPIFileRoute } from 'express-start-api/api'\nexport const APIRoute = createAPIFileRoute('${path}')({ GET: () => new Response('ok') })\n`,
  },
}

/** What both processes do before and after; `globSync` is what finds files here, too. */
const PROGRAMS = {
  imported: `
    const files = globSync('**/*.{cjs,mjs}', { cwd: directory, absolute: true }).sort()
    for (const file of files) kept.push(file.endsWith('.cjs') ? require(file) : await import(file))`,
  startApi: `
    const api = startApi(directory)
    await api.ready
    kept.push(api)`,
}

function toProgram(name, directory) {
  return `
    import { createRequire } from 'node:module'
    import { globSync } from 'glob'
    import { startApi } from 'express-start-api'
    import 'express-start-api/api'
    const require = createRequire(import.meta.url)
    require('express-start-api/api')
    const directory = ${JSON.stringify(directory)}
    const kept = []
    gc()
    const before = process.memoryUsage().heapUsed
    const begun = performance.now()
    ${PROGRAMS[name]}
    const ms = performance.now() - begun
    gc()
    console.log(JSON.stringify({ ms, bytes: process.memoryUsage().heapUsed - before, kept: kept.length }))`
}

function run(node, name, directory) {
  const args = ['--expose-gc', '--input-type=module', '-e', toProgram(name, directory)]
  const { stdout, stderr } = spawnSync(node, args, { cwd: here, encoding: 'utf8' })
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error(`${name}: ${stderr}`)
  }
}

function writeRoutes(count, { extension, text }) {
  const directory = mkdtempSync(join(here, 'routes-'))
  for (let index = 0; index < count; index++) {
    const folder = join(directory, 'api', `group${index % 50}`)
    mkdirSync(folder, { recursive: true })
    const path = `/api/group${index % 50}/r${index}/$id`
    writeFileSync(join(folder, `r${index}.$id.${extension}`), text(path))
  }
  return directory
}

const rows = []
for (const version of values.node.split(',')) {
  for (const [kind, files] of Object.entries(KINDS)) {
    for (const count of [1000, 5000]) {
      const directory = writeRoutes(count, files)
      const results = { imported: [], startApi: [] }
      try {
        for (let round = 0; round < Number(values.rounds); round++) {
          for (const name of Object.keys(results)) {
            results[name].push(run(nodes[version], name, directory))
          }
        }
      } finally {
        rmSync(directory, { recursive: true })
      }
      const ms = (name) => median(results[name].map((result) => result.ms))
      const bytes = (name) => median(results[name].map((result) => result.bytes))
      rows.push([
        `Node ${version}`,
        kind,
        String(count),
        `${Math.round(ms('imported'))} ms`,
        `${Math.round(ms('startApi'))} ms`,
        (ms('startApi') / ms('imported')).toFixed(2),
        `${Math.round((bytes('startApi') - bytes('imported')) / count)} bytes`,
      ])
    }
  }
}
const table = toTable(
  ['', 'files', 'count', 'imported', 'startApi', 'ratio', 'heap beyond, a route'],
  rows,
)
console.log(table)
if (values.write) write('startup', `Median of ${values.rounds} interleaved rounds.\n\n${table}`)
