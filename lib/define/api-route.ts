// What v0 route files are written with. Imports nothing but types: a route file that is only inspected
// pulls in no server code.
import type { Flatten } from './context'
import type { HandlerData } from './register'

/** HTTP methods that an API route may handle, as in Start v0. */
export type HTTP_API_METHOD = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD'

/**
 * The params of a route path: `/users/$id` gives `{ id: string }`, a last `$` gives `_splat`, which is
 * optional as in Start v0. A path that is no literal gives strings by any name.
 */
export type ResolveParams<TPath extends string> = string extends TPath
  ? Record<string, string>
  : Flatten<
      { [K in ParamName<TPath>]: string } & (HasSplat<TPath> extends true
        ? { _splat?: string }
        : unknown)
    >

type ParamName<TPath extends string> = TPath extends `${infer Head}/${infer Tail}`
  ? ParamName<Head> | ParamName<Tail>
  : TPath extends `$${infer Name}`
    ? Exclude<Name, ''>
    : never

type HasSplat<TPath extends string> = TPath extends '$' | `${string}/$` ? true : false

/** What a handler of a v0 API route receives. */
export interface StartAPIMethodContext<TPath extends string> {
  /** The request as a native fetch Request. Built when first read. */
  request: Request
  /** Decoded values of the path's params. (Start v0 leaves them encoded.) */
  params: ResolveParams<TPath>
  /**
   * Node's `req` and `res`, as Express passes them, and what the option `context` adds; typed through
   * `Register`. `api.fetch()` has no Node objects: `context` is empty there.
   *
   * Start v0 itself has no `context`: a handler that is to run there unchanged leaves it alone.
   */
  context: HandlerData
  /** The path of `request.url`. Start v0 itself has none. */
  pathname: string
}

/** One method of an API route. It returns a Response or throws one; anything else is an error. */
export type StartAPIMethodCallback<TPath extends string> = (
  context: StartAPIMethodContext<TPath>,
) => Response | Promise<Response>

/** The handlers of an API route, by method. */
export type APIRouteMethods<TPath extends string> = {
  // `undefined` is said, so that `exactOptionalPropertyTypes` takes it, too.
  [Method in HTTP_API_METHOD]?: StartAPIMethodCallback<TPath> | undefined
}

/** What `createAPIFileRoute(path)(methods)` makes; a route file exports it as `APIRoute`. */
export interface APIRoute<TPath extends string> {
  /** The path that it was made with. */
  path: TPath
  /** Its handlers. */
  methods: APIRouteMethods<TPath>
}

/**
 * Defines the handlers of a route file (Start v0).
 *
 * @param path the file's route path. It gives `params` their types; what is served follows the
 *   file's name, even where the two differ, as in Start.
 * @returns a function that takes the handlers by method; export its result as `APIRoute`
 *
 * @example
 * ```ts
 * // routes/api/users/$id.ts
 * export const APIRoute = createAPIFileRoute('/api/users/$id')({
 *   GET: ({ params }) => json({ id: params.id }),
 * })
 * ```
 */
export function createAPIFileRoute<const TPath extends string>(
  path: TPath,
): (methods: APIRouteMethods<TPath>) => APIRoute<TPath> {
  return (methods) => ({ path, methods })
}

/**
 * Defines an API route without a file, for `defaultAPIRoutesHandler` (Start v0).
 *
 * @param path its route path, `apiBaseURL` and mount path included; the key in `routes` is the same
 * @returns a function that takes the handlers by method
 */
export function createAPIRoute<const TPath extends string>(
  path: TPath,
): (methods: APIRouteMethods<TPath>) => APIRoute<TPath> {
  return (methods) => ({ path, methods })
}
