// What v0 route files are written with. Imports types only: a route file that is only inspected pulls
// in no server code.
import type { NotFound } from './not-found'
import type { RouteContext } from './register'

/** HTTP methods that an API route may handle, as in Start v0. */
export type HTTP_API_METHOD = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD'

/** The params of a route path: `/users/$id` gives `{ id: string }`, a last `$` gives `_splat`. */
export type ResolveParams<TPath extends string> = string extends TPath
  ? Record<string, string>
  : { [K in ParamName<TPath>]: string } & (HasSplat<TPath> extends true
      ? { _splat?: string }
      : unknown)

type ParamName<TPath extends string> = TPath extends `${infer Head}/${infer Tail}`
  ? ParamName<Head> | ParamName<Tail>
  : TPath extends `$${infer Name}`
    ? Exclude<Name, ''>
    : never

type HasSplat<TPath extends string> = TPath extends '$' | `${string}/$` ? true : false

/** Flattens an intersection, for readable hovers. */
type Flatten<T> = { [K in keyof T]: T[K] }

/** What a handler of a v0 API route receives. */
export interface StartAPIMethodContext<TPath extends string> {
  /** The request as a native fetch Request. Built when first read. */
  request: Request
  /** Decoded values of the path's params. */
  params: Flatten<ResolveParams<TPath>>
  /** Express's `req` and `res`, and what the option `context` adds. Start v0 itself has none. */
  context: RouteContext
  /** The path of `request.url`. Start v0 itself has none. */
  pathname: string
}

/** One method of an API route. */
export type StartAPIMethodCallback<TPath extends string> = (
  context: StartAPIMethodContext<TPath>,
) => Response | NotFound | Promise<Response | NotFound>

/** The handlers of an API route, by method. */
export type APIRouteMethods<TPath extends string> = Partial<
  Record<HTTP_API_METHOD, StartAPIMethodCallback<TPath>>
>

/** What `createAPIFileRoute(path)(methods)` makes; a route file exports it as `APIRoute`. */
export interface APIRoute<TPath extends string> {
  path: TPath
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

/** Defines an API route without a file, for `defaultAPIRoutesHandler` (Start v0). */
export function createAPIRoute<const TPath extends string>(
  path: TPath,
): (methods: APIRouteMethods<TPath>) => APIRoute<TPath> {
  return (methods) => ({ path, methods })
}
