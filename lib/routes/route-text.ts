// Start-up, stage "files": what the text of a route file tells before it is loaded.
import { readFileSync } from 'node:fs'
import type { Dialect } from './route-module'

export interface RouteText {
  /** By the export that it names; `undefined` if it names none. */
  readonly dialect: Dialect | undefined
  /** Whether it says `server`, as routes of v1 do that are more than pages. */
  readonly hasServer: boolean
  /** Whether it may answer requests: a layout may only have middleware. */
  readonly hasHandlers: boolean
}

/** Empty for a file that can't be read: that is told when it is loaded. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** `undefined` for a file that can't be read: loading it fails likewise, and is reported then. */
export function readRouteText(path: string): RouteText | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  return {
    dialect: toTextDialect(text),
    hasServer: SERVER.test(text),
    hasHandlers: /\b(?:handlers|methods)\b/.test(text),
  }
}

/** As ECMAScript and compilers to CommonJS write exports. */
const EXPORT = /\b(?:export\s+(?:const|let|var)\s+|exports\.|as\s+)(APIRoute|ServerRoute|Route)\b/

/** `server: { … }` or `{ server }`, but not `import { server } from`. */
const SERVER = /\bserver['"]?\s*:|[{,]\s*server\s*[,}](?!\s*from\b|[^;{}()]*\}\s*from\b)/

function toTextDialect(text: string): Dialect | undefined {
  // The first mention alone doesn't count: a file of today may speak of `APIRoute` in a comment.
  const name =
    EXPORT.exec(text)?.[1] ??
    ['APIRoute', 'ServerRoute', 'Route'].find((word) => mentions(text, word))
  return name as Dialect | undefined
}

function mentions(text: string, word: string): boolean {
  return new RegExp(`\\b${word}\\b`).test(text)
}
