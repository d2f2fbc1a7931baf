// For tools: the path that a route file names in its text, which gives `params` their types and decides
// nothing. Start's generator keeps it in step with the file's name, and so do `check --fix` and dev mode.
import { toRouteId } from './route-name'
import { toPath } from './route-path'

/** `'/api/users/$id'` in `createAPIFileRoute('/api/users/$id')`. */
export interface PathLiteral {
  readonly maker: 'createAPIFileRoute' | 'createServerFileRoute' | 'createFileRoute'
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  /** Where the text between the quotes begins and ends. */
  readonly start: number
  readonly end: number
}

/** Comments and strings are read whole, so that what looks like a call in them is none. */
const TOKEN =
  /\/\/.*|\/\*[^]*?\*\/|(?<![\w$.])(createAPIFileRoute|createServerFileRoute|createFileRoute)\s*\(\s*(['"`])((?:\\.|(?!\2)[^\\\n])*)\2|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** The path literals of a route file's text. */
export function findPathLiterals(text: string): PathLiteral[] {
  const literals: PathLiteral[] = []
  for (const match of text.matchAll(TOKEN)) {
    const [whole, maker, quote, path] = match
    if (maker === undefined || path === undefined) continue
    if (quote === '`' && path.includes('${')) continue
    const end = match.index + whole.length - 1
    literals.push({
      maker: maker as PathLiteral['maker'],
      path: path.replace(/\\(.)/g, '$1'),
      line: text.slice(0, end).split('\n').length,
      start: end - path.length,
      end,
    })
  }
  return literals
}

/**
 * The literals that a file may have, first the one that Start's generator writes. `createFileRoute`
 * takes the file's id, in which groups, pathless folders and the slash of an index stay.
 *
 * @param file relative to the routes directory
 */
export function toExpectedPaths(file: string, maker: PathLiteral['maker'], base: string): string[] {
  if (maker === 'createAPIFileRoute') return [toPath(file, base, 'v0')]
  const id = toRouteId(file)
  return [id, base + id]
}

/** The text with each path literal that disagrees with the file's name corrected; quotes are kept. */
export function correctPathLiterals(text: string, file: string, base: string): string {
  return findPathLiterals(text)
    .reverse()
    .reduce((corrected, { maker, path, start, end }) => {
      const expected = toExpectedPaths(file, maker, base)
      return expected.includes(path)
        ? corrected
        : corrected.slice(0, start) + escape(expected[0]!, text[end]!) + corrected.slice(end)
    }, text)
}

function escape(path: string, quote: string): string {
  return path.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
}
