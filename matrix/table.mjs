// What the matrix prints, and the same for README.md.
import { readFileSync, writeFileSync } from 'node:fs'

const BEGIN = '<!-- matrix -->'
const END = '<!-- /matrix -->'

/**
 * The tables that the cells stand in: `head` and `rows` of texts, and `notes` on what is known not to
 * work. Several cells may share a place: all of them have to be right.
 */
export function toTables(cells) {
  return distinct(cells.map(({ table }) => table)).map((table) => {
    const own = cells.filter((cell) => cell.table === table)
    const columns = distinct(own.map(({ column }) => column))
    const rows = distinct(own.map(({ row }) => row.join('\n'))).map((key) => key.split('\n'))
    return {
      head: [table, ...Array(rows[0].length - 1).fill('app'), ...columns],
      rows: rows.map((row) => [
        ...row,
        ...columns.map((column) =>
          toMark(own.filter((cell) => cell.column === column && `${cell.row}` === `${row}`)),
        ),
      ]),
      notes: distinct(own.filter((cell) => cell.note && !cell.red).map(({ note }) => note)),
    }
  })
}

function toMark(cells) {
  if (cells.length === 0) return ''
  if (cells.some(({ red }) => red)) return '✗'
  return cells.some(({ note }) => note !== undefined) ? '–' : '✓'
}

export function toText({ head, rows, notes }) {
  const lines = pad([head, ...rows]).map((row) => row.join('  ').trimEnd())
  return [...lines, ...notes.map((note) => `– ${note}`)].join('\n')
}

export function toMarkdown({ head, rows, notes }) {
  const [first, ...rest] = pad([head, ...rows])
  const rule = first.map((cell) => '-'.repeat(cell.length))
  const lines = [first, rule, ...rest].map((row) => `| ${row.join(' | ')} |`)
  const list = notes.map((note) => `- ${note}`)
  return [lines.join('\n'), ...(list.length > 0 ? [list.join('\n')] : [])].join('\n\n')
}

function pad(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])))
}

function distinct(values) {
  return [...new Set(values)]
}

/** Replaces what stands between the markers. */
export function writeReadme(file, paragraphs) {
  const text = readFileSync(file, 'utf8')
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error(`${file} has no ${BEGIN} … ${END}`)
  writeFileSync(file, [before + BEGIN, ...paragraphs, END + after].join('\n\n'))
}
