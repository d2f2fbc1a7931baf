// Dev mode: what answers at the URL of a file that can't be used.
import { join } from 'node:path'
import { isStartApiError } from '../errors'
import { type LoadFailure, toFailureLine } from '../routes/load-failure'
import type { RoutePath } from '../routes/route-path'
import { METHODS, type Route, toRoute } from '../routes/route-module'
import { readText } from '../routes/route-text'
import { explain } from './error-place'

/** A route file that can't be used, told to people. */
export interface BrokenFile {
  /** Relative to the routes directory. */
  readonly file: string
  /** File, place and cause. */
  readonly reason: string
  /** Absent where its name says nothing that can be served. */
  readonly path?: RoutePath
}

export async function toBrokenFile(failure: LoadFailure, directory: string): Promise<BrokenFile> {
  const { file, path } = failure
  const reason = await toReason(failure, join(directory, file))
  return { file, reason, ...(path && { path }) }
}

async function toReason(failure: LoadFailure, path: string): Promise<string> {
  const { error } = failure
  // Our own sentences say all that there is to say.
  if (isStartApiError(error)) {
    return error.code === 'ERR_START_API_CONFLICT' ? error.message : toFailureLine(failure)
  }
  return `${failure.file}: ${await explain(error, path)}`
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
  const text = readText(path)
  const named = METHODS.filter((method) => new RegExp(`\\b${method}\\b`).test(text))
  return named.length === 0 || /\bANY\b/.test(text) ? METHODS : named
}
