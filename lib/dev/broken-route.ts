// Dev mode: what answers at the URL of a file that can't be used.
import { readFileSync } from 'node:fs'
import type { RoutePath } from '../routes/route-path'
import { METHODS, type Route, toRoute } from '../routes/route-module'

/** A route file that can't be used, told to people. */
export interface BrokenFile {
  /** Relative to the routes directory. */
  readonly file: string
  /** File, place and cause. */
  readonly reason: string
  /** Absent where its name says nothing that can be served. */
  readonly path?: RoutePath
}

/**
 * A route that answers 500 with the reason. It has the methods that the file's text names, so that the
 * others of that path stay the application's.
 *
 * @param path where the file is
 */
export function toBrokenRoute(
  { file, reason, path: routePath }: BrokenFile,
  path: string,
): Route | undefined {
  if (routePath === undefined) return undefined
  const handler = () =>
    new Response(`${reason}\n\n(express-start-api in dev mode)\n`, {
      status: 500,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    })
  return {
    ...toRoute(file, routePath, { APIRoute: { methods: { GET: handler } } }),
    handlers: new Map(findMethods(path).map((method) => [method, handler])),
  }
}

function findMethods(path: string): readonly string[] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // That it can't be read is its reason.
  }
  const named = METHODS.filter((method) => new RegExp(`\\b${method}\\b`).test(text))
  return named.length === 0 || /\bANY\b/.test(text) ? METHODS : named
}
