// What the matrix prints, and the same for README.md.
import { readFileSync, writeFileSync } from 'node:fs'

const FORMATS = { cjs: 'CommonJS', esm: 'ESM' }
const BEGIN = '<!-- matrix -->'
const END = '<!-- /matrix -->'

/** One line for each row: works with both versions of Express, or not, or can't. */
function toRows(results, nodes) {
  const rows = [...new Set(results.map(({ row }) => row))].sort(
    (a, b) => indexOf(results, a) - indexOf(results, b),
  )
  return rows.map((row) => [
    row.loader,
    FORMATS[row.format],
    ...nodes.map((node) => {
      const own = results.filter((result) => result.row === row && result.node === node)
      if (own.length === 0) return ''
      if (own.some(({ red }) => red)) return '✗'
      return own.some(({ known }) => known !== undefined) ? '–' : '✓'
    }),
  ])
}

function indexOf(results, row) {
  return Math.min(...results.filter((result) => result.row === row).map(({ index }) => index))
}

export function toTable(results, nodes) {
  const rows = [
    ['loader', 'app', ...nodes.map((node) => `Node ${node}`)],
    ...toRows(results, nodes),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const notes = toNotes(results)
  return [
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    ),
    ...(notes.length > 0 ? [''] : []),
    ...notes.map((note) => `– ${note}`),
  ].join('\n')
}

function toNotes(results) {
  const known = results.filter((result) => result.known !== undefined && !result.red)
  return [...new Set(known.map(({ row, known: { reason } }) => `${row.loader}: ${reason}.`))]
}

/** Replaces what stands between the markers. */
export function writeReadme(file, results, nodes) {
  const head = ['', 'app', ...nodes.map((node) => `Node ${node}`)]
  const rows = [head, head.map(() => '---'), ...toRows(results, nodes)]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map(
    (row) =>
      `| ${row.map((cell, i) => (cell === '---' ? '-'.repeat(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`,
  )
  const notes = toNotes(results).map((note) => `- ${note}`)
  const text = readFileSync(file, 'utf8')
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error(`${file} has no ${BEGIN} … ${END}`)
  const body = [lines.join('\n'), ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n')
  writeFileSync(file, `${before}${BEGIN}\n\n${body}\n\n${END}${after}`)
}
