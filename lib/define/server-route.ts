// What handlers of Server Routes receive and return, in both of their dialects. Types only.
import type { HTTP_API_METHOD } from './api-route'
import type { AddedContext, AnyMiddleware, Assign, ContextOf } from './context'
import type { HandlerData } from './register'
import type { ServerRouteParams } from './route-params'

/** Methods that a Server Route may handle. `ANY` takes those that have no handler of their own. */
export type RouteMethod = HTTP_API_METHOD | 'ANY'

/** What a handler of a Server Route receives. */
export interface ServerRouteContext<TPath extends string, TContext> {
  /** The request as a native fetch Request. Built when first read. */
  request: Request
  /** Decoded values of the path's params. */
  params: ServerRouteParams<TPath>
  /**
   * Node's `req` and `res`, what the option `context` adds, and what middleware added: global, of
   * parent routes, of the route and of the method, in this order. `api.fetch()` has no Node objects.
   */
  context: TContext
  /** The path of `request.url`, decoded but for `%2F`, `%25` and the like, as in Start. */
  pathname: string
  /**
   * Leaves the request to the page of the same file, as Start does: here it goes on in the application
   * that `startApi()` is mounted in. To be returned. Throws if the file has no `component`.
   */
  next(options?: { context?: object }): NextResult
}

/** What a handler's `next()` gives, to be returned. */
export interface NextResult {
  /** Tells it from a Response. */
  readonly isNext: true
  /** What `next()` was given. */
  readonly context?: object | undefined
}

/** One method of a Server Route. It returns a Response or throws one; anything else is an error. */
export type ServerRouteHandler<TPath extends string, TContext> = (
  context: ServerRouteContext<TPath, TContext>,
) => Response | NextResult | Promise<Response | NextResult>

/** The context of a route's handlers, before middleware of its own. */
export type ParentContext<TParent> = Assign<HandlerData, ContextOf<TParent>>

/** What `routeTree.gen.ts` adds a Start application's routes to: parents give context its type. */
// oxlint-disable-next-line no-empty-object-type -- filled in by the generated file
export interface FileRoutesByPath {}

/** The parent of a route, if `routeTree.gen.ts` tells it. */
export type ParentOf<TPath> = TPath extends keyof FileRoutesByPath
  ? FileRoutesByPath[TPath] extends { parentRoute: infer TParent }
    ? TParent
    : object
  : object

/** A list of middleware, as the lists of routes are typed. */
export type MiddlewareList = readonly AnyMiddleware[]

/** A handler, or one with middleware of its own. */
export type HandlerEntry<TPath extends string, TContext, TList extends MiddlewareList> =
  | ServerRouteHandler<TPath, Assign<TContext, AddedContext<TList>>>
  | {
      /** Runs after the route's own, for this method only. */
      middleware?: TList
      /** Without it the method is left to the page of the file, middleware included. */
      handler?: ServerRouteHandler<TPath, Assign<TContext, AddedContext<TList>>>
    }
