// How tools recognise a middleware of startApi() in an application's stack, and ask what it serves.

/** Registered: the copy of the package that the application has loaded is not the one that asks. */
export const INSPECT = Symbol.for('express-start-api.inspect')

/** A route file, as tools need it. */
export interface InspectedRoute {
  /** TanStack's spelling, with the base: `/api/users/$id`. */
  readonly path: string
  readonly methods: readonly string[]
  /** Relative to the routes directory. */
  readonly file: string
  readonly dialect: string
}

/** What a middleware of startApi() shows of itself. */
export interface Inspected {
  readonly ready: Promise<void>
  readonly routes: readonly InspectedRoute[]
  /** The file that answers a method of a path below the mount path. */
  readonly [INSPECT]: (method: string, pathname: string) => string | undefined
}

export function isStartApi(middleware: unknown): middleware is Inspected {
  return (
    typeof middleware === 'function' &&
    typeof (middleware as Partial<Inspected>)[INSPECT] === 'function'
  )
}
