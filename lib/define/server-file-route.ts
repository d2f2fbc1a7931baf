// What route files of Start 1.121 to 1.131 are written with, between API routes and v1.
import type { HTTP_API_METHOD } from './api-route'
import type { AddedContext, Assign, WithContext } from './context'
import type { MiddlewareList, ParentContext, ParentOf, ServerRouteHandler } from './server-route'

/** A method with middleware of its own, as the method builder makes it. */
export interface ServerMethod<TPath extends string, TContext> {
  /** Runs after the route's own, for this method only. */
  middleware<const TList extends MiddlewareList>(
    middleware: TList,
  ): ServerMethod<TPath, Assign<TContext, AddedContext<TList>>>
  handler(handler: ServerRouteHandler<TPath, TContext>): ServerMethod<TPath, TContext>
}

/** Handlers by method, with or without middleware of their own. */
export type ServerMethods<TPath extends string, TContext> = Partial<
  Record<HTTP_API_METHOD, ServerRouteHandler<TPath, TContext> | object>
>

/** What `createServerFileRoute()` makes; a route file exports it as `ServerRoute`. */
export interface ServerFileRoute<TPath extends string, TContext> extends WithContext<TContext> {
  readonly options: object
  /** Runs before the handlers of this route and of the routes below it, in this order. */
  middleware<const TList extends MiddlewareList>(
    middleware: TList,
  ): ServerFileRoute<TPath, Assign<TContext, AddedContext<TList>>>
  /** The handlers by method, or a function that makes them with a method builder. */
  methods(
    methods:
      | Partial<Record<HTTP_API_METHOD, ServerRouteHandler<TPath, TContext>>>
      | ((api: ServerMethod<TPath, TContext>) => ServerMethods<TPath, TContext>),
  ): ServerFileRoute<TPath, TContext>
}

/**
 * Defines the handlers of a route file, as Start 1.121 to 1.131 had it.
 *
 * @param path the file's route path, which gives `params` their types; may be left out, as Start's
 *   generator does
 * @returns a route to give `methods` to; export it as `ServerRoute`
 *
 * @example
 * ```ts
 * // routes/api/users/$id.ts
 * export const ServerRoute = createServerFileRoute('/api/users/$id').methods((api) => ({
 *   GET: api.middleware([auth]).handler(({ params }) => json({ id: params.id })),
 * }))
 * ```
 */
export function createServerFileRoute<const TPath extends string, TParent = ParentOf<TPath>>(
  path?: TPath,
): ServerFileRoute<TPath, ParentContext<TParent>>
export function createServerFileRoute(): ServerFileRoute<string, unknown> {
  return toRoute({})
}

/** In the shape of Start's own, which the host reads. */
function toRoute<TPath extends string, TContext>(
  options: object,
): ServerFileRoute<TPath, TContext> {
  const route = {
    options,
    middleware: (middleware: MiddlewareList) => toRoute({ ...options, middleware }),
    methods: (methods: unknown) =>
      toRoute({
        ...options,
        methods: typeof methods === 'function' ? methods(toMethod({})) : methods,
      }),
  }
  // The context is known to the compiler only.
  return route as unknown as ServerFileRoute<TPath, TContext>
}

function toMethod(options: object): object {
  return {
    _options: options,
    middleware: (middlewares: MiddlewareList) => toMethod({ ...options, middlewares }),
    handler: (handler: unknown) => toMethod({ ...options, handler }),
  }
}
