// Start-up, stage "routes": lists of middleware objects become the order in which functions run.
import { describe } from '../errors'

/** One middleware of a list, ready to run. */
export interface Middleware {
  /** The object that was listed: one that is listed twice runs once. */
  readonly source: object
  readonly run: (options: object) => unknown
  /** Names it in errors: `server.middleware[0] of api/users.ts`. */
  readonly place: string
}

/** Shared by all routes that have none. */
const NONE: readonly Middleware[] = []

/** As deep as Start goes; only middleware that depends on itself goes deeper. */
const MAX_DEPTH = 100

/**
 * A list as it runs: each one's dependencies before itself, each object once, as in Start.
 *
 * @param list what was written as a list; `undefined` and `null` are empty ones
 * @param place names the list in errors: `server.middleware`, or `option middleware`
 * @param of names where it stands, ` of api/users.ts`
 * @throws TypeError for what can't run; the message begins with the place
 */
export function toMiddleware(list: unknown, place: string, of = ''): readonly Middleware[] {
  if ((list ?? null) === null) return NONE
  const found = new Map<unknown, Middleware>()
  addAll(found, list, place, of, 0)
  return [...found.values()]
}

function addAll(
  found: Map<unknown, Middleware>,
  list: unknown,
  place: string,
  of: string,
  depth: number,
): void {
  if ((list ?? null) === null) return
  if (!Array.isArray(list)) {
    throw new TypeError(`${place}${of} is ${describe(list)}; make it an array of middleware`)
  }
  if (depth > MAX_DEPTH) {
    throw new TypeError(`${place.slice(0, 80)}…${of} depends on itself; remove one of the two uses`)
  }
  list.forEach((source: unknown, index) => {
    const own = `${place}[${index}]`
    const options = toOptions(source, own + of)
    addAll(found, options['middleware'], `${own}.middleware`, of, depth + 1)
    if (found.has(source)) return
    found.set(source, {
      source: source as object,
      run: toFunction(options, own + of),
      place: own + of,
    })
  })
}

/** By shape: middleware may come from another copy of the package, or from `@tanstack/react-start`. */
function toOptions(source: unknown, place: string): Record<string, unknown> {
  const { options } = (source ?? {}) as { options?: unknown }
  if (typeof options === 'object' && options !== null) return options as Record<string, unknown>
  const hint =
    typeof source !== 'function'
      ? 'make it with createMiddleware().server(…)'
      : source.length < 2
        ? 'wrap it: createMiddleware().server(…)'
        : 'wrap it: fromExpress(…)'
  throw new TypeError(`${place} is ${describe(source)}, no middleware; ${hint}`)
}

function toFunction({ type, server }: Record<string, unknown>, place: string): Middleware['run'] {
  if (type === 'function') {
    throw new TypeError(
      `${place} is a middleware for server functions, whose validator and client part would not run here; make it with createMiddleware() without a type`,
    )
  }
  if (typeof server !== 'function') {
    throw new TypeError(`${place} is a middleware without a function; add .server(…) to it`)
  }
  return server as Middleware['run']
}
