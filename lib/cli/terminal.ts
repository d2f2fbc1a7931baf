// What commands print with: colours where a person reads, names of files, and tables.
import { relative } from 'node:path'

export interface Terminal {
  readonly paint: Paint
}

export type Color = 'bold' | 'dim' | 'green' | 'red' | 'yellow'
export type Paint = (color: Color, text: string) => string

const CODES: Readonly<Record<Color, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
}

export const plain: Terminal = { paint: (_color, text) => text }

const colored: Terminal = {
  paint: (color, text) => {
    const [on, off] = CODES[color]
    return text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`
  },
}

/** Colours on a terminal only; `FORCE_COLOR` and, after it, `NO_COLOR` say otherwise, as in Node. */
export function toTerminal(
  stream: { readonly isTTY?: boolean },
  { FORCE_COLOR, NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): Terminal {
  if (FORCE_COLOR !== undefined)
    return FORCE_COLOR === '0' || FORCE_COLOR === 'false' ? plain : colored
  if (NO_COLOR !== undefined && NO_COLOR !== '') return plain
  return stream.isTTY === true && TERM !== 'dumb' ? colored : plain
}

/** A file or folder, relative to the working directory. */
export function toShownPath(path: string): string {
  return relative('', path) || '.'
}

/** A cell, and the colour that it has on a terminal. */
export type Cell = string | { readonly text: string; readonly color: Color }

/** Aligned columns under bold heads; those that are empty are left out. */
export function toTable(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  { paint }: Terminal,
): string {
  const columns = heads
    .map((text, column) => [
      { text, color: 'bold' as const },
      ...rows.map((row) => toCell(row[column]!)),
    ])
    .filter((cells) => rows.length === 0 || cells.slice(1).some(({ text }) => text !== ''))
  const widths = columns.map((cells) => Math.max(...cells.map(({ text }) => text.length)))
  return [heads, ...rows]
    .map((_, index) => {
      const row = columns.map((cells) => cells[index]!)
      const last = row.findLastIndex(({ text }) => text !== '')
      const parts = row.slice(0, last + 1).map(({ text, color }, column) => {
        const padding = column === last ? '' : ' '.repeat(widths[column]! - text.length)
        return (color === undefined ? text : paint(color, text)) + padding
      })
      return `${parts.join('  ')}\n`
    })
    .join('')
}

function toCell(cell: Cell): { readonly text: string; readonly color?: Color } {
  return typeof cell === 'string' ? { text: cell } : cell
}

/** `1 route file`, `2 route files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
