// What v1 route files are written with. Imports nothing but types: pages need React, these don't.
import type { AddedContext, Assign, WithContext } from './context'
import type {
  HandlerEntry,
  MiddlewareList,
  ParentContext,
  ParentOf,
  RouteMethod,
  ServerRouteHandler,
} from './server-route'

/** Handlers by method, without middleware of their own. */
export type ServerRouteHandlers<TPath extends string, TContext> = Partial<
  Record<RouteMethod, ServerRouteHandler<TPath, TContext>>
>

/** What `createHandlers()` makes, for `server.handlers` to return. */
export type CreatedHandlers = Partial<Record<RouteMethod, unknown>>

/** Gives handlers with middleware their types. */
export type CreateHandlers<TPath extends string, TContext> = <
  const TAny extends MiddlewareList = [],
  const TGet extends MiddlewareList = [],
  const TPost extends MiddlewareList = [],
  const TPut extends MiddlewareList = [],
  const TPatch extends MiddlewareList = [],
  const TDelete extends MiddlewareList = [],
  const TOptions extends MiddlewareList = [],
  const THead extends MiddlewareList = [],
>(handlers: {
  ANY?: HandlerEntry<TPath, TContext, TAny>
  GET?: HandlerEntry<TPath, TContext, TGet>
  POST?: HandlerEntry<TPath, TContext, TPost>
  PUT?: HandlerEntry<TPath, TContext, TPut>
  PATCH?: HandlerEntry<TPath, TContext, TPatch>
  DELETE?: HandlerEntry<TPath, TContext, TDelete>
  OPTIONS?: HandlerEntry<TPath, TContext, TOptions>
  HEAD?: HandlerEntry<TPath, TContext, THead>
}) => CreatedHandlers

/** The part of a route's options that is a Server Route. */
export interface ServerOptions<
  TPath extends string,
  TContext,
  TList extends MiddlewareList = MiddlewareList,
> {
  /** Runs before the handlers of this route and of the routes below it, in this order. */
  middleware?: TList
  /**
   * Handlers by method, or a function that makes them with `createHandlers`, which types those with
   * middleware of their own. It is called once, at start-up. (Start calls it for each request.)
   */
  handlers?:
    | ServerRouteHandlers<TPath, Assign<TContext, AddedContext<TList>>>
    | ((tools: {
        createHandlers: CreateHandlers<TPath, Assign<TContext, AddedContext<TList>>>
      }) => CreatedHandlers)
}

/** Options of a route: `server` is used here, all else is for Start's pages. */
export interface FileRouteOptions<TPath extends string, TContext, TList extends MiddlewareList> {
  /** The handlers of the route and their middleware. */
  server?: ServerOptions<TPath, TContext, TList>
  readonly [option: string]: unknown
}

/** What `createFileRoute(path)(options)` makes; a route file exports it as `Route`. */
export interface FileRoute<TContext = object> extends WithContext<TContext> {
  readonly options: { readonly server?: object }
}

/**
 * Defines a route of Start v1; its `server` is what is served here.
 *
 * @param path the file's route path. It gives `params` their types; what is served follows the
 *   file's name, even where the two differ, as in Start.
 * @returns a function that takes the route's options; export its result as `Route`
 *
 * @example
 * ```ts
 * // routes/api/users/$id.ts
 * export const Route = createFileRoute('/api/users/$id')({
 *   server: {
 *     middleware: [auth],
 *     handlers: { GET: ({ params, context }) => json({ id: params.id, asked: context.user }) },
 *   },
 * })
 * ```
 */
export function createFileRoute<const TPath extends string, TParent = ParentOf<TPath>>(
  path?: TPath,
): <const TList extends MiddlewareList = []>(
  options?: FileRouteOptions<TPath, ParentContext<TParent>, TList>,
) => FileRoute<Assign<ParentContext<TParent>, AddedContext<TList>>>
// Apart from what runs, which needs no path: editors find a parameter's documentation by its name.
export function createFileRoute(): (options?: object) => FileRoute<never> {
  return (options = {}) => toFileRoute(options)
}

/**
 * Defines the root of a Start application (`__root.tsx`); its `server.middleware` runs for every route
 * beside it and below.
 */
export function createRootRoute<const TList extends MiddlewareList = []>(
  options: FileRouteOptions<'/', ParentContext<object>, TList> = {},
): FileRoute<Assign<ParentContext<object>, AddedContext<TList>>> {
  return toFileRoute(options)
}

function toFileRoute<TContext>(options: object): FileRoute<TContext> {
  // The context is known to the compiler only.
  return { options } as FileRoute<TContext>
}
