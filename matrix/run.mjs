// Packs the package and runs it through each Node × Express × loader. `--quick`: this Node, a few
// loaders. `--readme`: writes the table of what works into README.md. `--only=<text>`: some rows.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ROWS } from './cells.mjs'
import { EXPECTED } from './fixtures.mjs'
import { checkPackage } from './package.mjs'
import { toTable, writeReadme } from './table.mjs'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    readme: { type: 'boolean' },
    only: { type: 'string' },
    keep: { type: 'boolean' },
  },
})

const here = dirname(fileURLToPath(import.meta.url))
const project = dirname(here)
const tools = join(here, 'node_modules')
const EXPRESSES = flags.quick ? [5] : [4, 5]
const NODES = flags.quick ? ['this'] : [20, 22, 24, 26]
/** The lower end of what package.json admits is tried, too, with Express 4. */
const OLDEST = { '@whatwg-node/server': '0.11.0' }

function nodeBinary(node) {
  return node === 'this' ? process.execPath : join(tools, `node${node}/bin/node`)
}

// The quick slice does without the Node binaries, most of the download.
if (!existsSync(join(tools, flags.quick ? 'tsx' : 'node26'))) {
  const omit = flags.quick ? ['--omit=dev'] : []
  execFileSync('npm', ['ci', ...omit, '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' })
}

const root = mkdtempSync(join(tmpdir(), 'start-api-matrix-'))
symlinkSync(tools, join(root, 'node_modules'))
process.on('exit', () => !flags.keep && rmSync(root, { recursive: true, force: true }))

const tarball = join(
  root,
  JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', root], {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }).replace(/^[^[]*(?=\[)/, ''),
  )[0].filename,
)

for (const express of EXPRESSES) install(express)

function install(express) {
  const folder = join(root, `express${express}`)
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { express: `^${express}.0.0`, 'express-start-api': `file:${tarball}` },
      ...(express === 4 && { overrides: OLDEST }),
    }),
  )
  execFileSync(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
}

const cells = ROWS.filter(
  ({ loader, quick }) => (!flags.quick || quick) && loader.includes(flags.only ?? ''),
).flatMap((row) =>
  NODES.filter((node) => row.nodes?.includes(node) ?? true).flatMap((node) =>
    EXPRESSES.map((express) => ({ row, node, express })),
  ),
)

/** Two at a time: jest and the bundlers use more than one core themselves. */
const results = []
const queue = cells.map((cell, index) => ({ ...cell, index }))
await Promise.all([work(), work()])

async function work() {
  for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
    const result = { ...cell, ...(await runCell(cell)) }
    results.push(result)
    process.stderr.write(result.red ? 'x' : '.')
  }
}

async function runCell({ row, node, express, index }) {
  const folder = join(root, `express${express}`, `cell${index}`)
  for (const [name, text] of Object.entries(row.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  let output = ''
  for (const [position, step] of row.steps.entries()) {
    if (position === row.steps.length - 1) {
      for (const name of row.remove ?? []) rmSync(join(folder, name), { recursive: true })
    }
    const ended = await runStep(folder, node, step)
    output += ended.output
    if (ended.code !== 0) break
  }
  const works = output.includes(EXPECTED)
  const known = row.known?.[node]
  if (known === undefined) return { works, output, red: !works }
  // A listed impossibility has to be one, and the application has to say what to do.
  return { works, output, known, red: works || !known.says.test(output) }
}

/** Runs a program by its name: with the cell's Node, the package's own command and the tools in reach. */
function runStep(folder, node, [tool, ...args]) {
  const bins = [
    dirname(nodeBinary(node)),
    join(folder, '../node_modules/.bin'),
    join(tools, '.bin'),
  ]
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    PATH: [...bins, process.env.PATH].join(delimiter),
  }
  // Bundlers and test runners print less where they take themselves to be in CI.
  delete env.CI
  return new Promise((resolve) => {
    const child = spawn(tool, args, { cwd: folder, env, timeout: 60_000 })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

const { problems, facts } = flags.only
  ? { problems: [], facts: [] }
  : checkPackage({ tools, root, tarball, node: nodeBinary(NODES[0]) })

console.log(`\n\n${toTable(results, NODES)}`)
const red = results.filter((result) => result.red)
for (const { row, node, express, output } of red) {
  console.log(
    `\n✗ ${row.loader} (${row.format}), Node ${node}, Express ${express}\n${output.slice(-3000)}`,
  )
}
for (const fact of facts) console.log(fact)
for (const problem of problems) console.log(`\n✗ ${problem}`)
console.log(
  `\n${basename(tarball)}: ${results.length - red.length} of ${results.length} cells as expected`,
)
if (flags.readme && !flags.quick && !flags.only)
  writeReadme(join(project, 'README.md'), results, NODES)
process.exitCode = red.length + problems.length === 0 ? 0 : 1
