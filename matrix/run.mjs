// Runs the packed package in applications of many kinds: each Node × Express × loader, each TypeScript,
// each package manager. What is run stands in LOADERS, TYPESCRIPTS and MANAGERS, as data.
//
// --quick              this Node and the newest Express, a few of the cells
// --only=<text>        cells whose title holds the text
// --readme             writes the tables of a whole run into README.md
// --outputFile=<file>  the counts, named as jest names them
// --keep               leaves the applications where they are
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { loaderCells } from './loaders.mjs'
import { measure, packageCells } from './package.mjs'
import { toMarkdown, toTables, toText, writeReadme } from './table.mjs'
import { typeCells } from './types.mjs'
import { createWorkspace, project } from './workspace.mjs'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    readme: { type: 'boolean', default: false },
    outputFile: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

/**
 * A cell is `{ table, row, column, title, quick, run }`: where it stands, and what it does.
 * `run()` resolves to `{ red, output }`, and to a `note` where something known does not work.
 */
const workspace = createWorkspace(flags)
const cells = [loaderCells, typeCells, packageCells]
  .flatMap((toCells) => toCells(workspace))
  .filter(({ title, quick }) => (quick || !flags.quick) && title.includes(flags.only))

/** Two at a time: jest and the bundlers use more than one core themselves. */
const queue = [...cells]
await Promise.all([work(), work()])

async function work() {
  for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
    Object.assign(cell, await cell.run())
    process.stderr.write(cell.red ? 'x' : '.')
  }
}

const tables = toTables(cells)
console.log(`\n\n${tables.map(toText).join('\n\n')}\n`)
const red = cells.filter((cell) => cell.red)
for (const { title, output } of red) console.log(`✗ ${title}\n${output.slice(-3000)}\n`)
if (flags.only === '') {
  const { weight, times } = await measure(workspace)
  console.log(`${toText(times)}\n\n${weight}`)
  if (flags.readme && !flags.quick) {
    writeReadme(join(project, 'README.md'), [...[...tables, times].map(toMarkdown), weight])
  }
}
const passed = cells.length - red.length
if (flags.outputFile !== undefined) {
  writeFileSync(
    flags.outputFile,
    JSON.stringify({ numPassedTests: passed, numFailedTests: red.length }),
  )
}
console.log(`\n${basename(workspace.tarball)}: ${passed} passed, ${red.length} failed`)
process.exitCode = red.length === 0 ? 0 : 1
