// `start-api routes`: the served routes as a table.
import type { Route } from '../routes/route-module'

const HEAD = ['METHOD', 'PATH', 'FILE', 'DIALECT']

/** One line for each method of a route, under aligned heads. */
export function toTable(routes: readonly Route[]): string {
  const rows = routes.flatMap(({ path, file, dialect, handlers }) =>
    [...handlers.keys()].map((method) => [method, path, file, dialect]),
  )
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]!.length)),
  )
  return [HEAD, ...rows].map((row) => toLine(row, widths)).join('')
}

function toLine(row: readonly string[], widths: readonly number[]): string {
  return `${row
    .map((cell, column) => cell.padEnd(widths[column]!))
    .join('  ')
    .trimEnd()}\n`
}
