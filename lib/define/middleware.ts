// What route middleware is written with: Start v1's `createMiddleware`. Imports nothing but types.
import type { AddedContext, AnyMiddleware, Assign, WithContext } from './context'
import type { HostData } from './register'

/** What the function of a middleware receives. */
export interface MiddlewareOptions<TContext> {
  /** The request as a native fetch Request. Built when first read. */
  request: Request
  /**
   * The path of `request.url`, decoded but for `%2F`, `%25` and the like, as in Start; there
   * middleware of all requests gets spaces and letters beyond ASCII encoded.
   */
  pathname: string
  /**
   * Node's `req` and `res`, what the option `context` adds, and what middleware before this one has
   * passed to `next()`; typed for the middleware that it depends on.
   */
  context: TContext
  /**
   * Runs the rest: further middleware, then the handler. To be awaited or returned, and called once.
   *
   * @param options `context` is added to the `context` of all that follows
   * @returns what the rest came to; its `response` may be changed or replaced. Rejects with the errors
   *   that the rest throws; a Response thrown there is its `response`
   */
  next: MiddlewareNext<TContext>
}

/** `next` of a middleware. */
export type MiddlewareNext<TContext> = <TAdded extends object = object>(options?: {
  context?: TAdded
}) => Promise<MiddlewareResult<TContext, TAdded>>

/** What `next()` resolves to. One object for the whole request. */
export interface MiddlewareResult<TContext, TAdded = object> {
  /** The request that the middleware was given. */
  request: Request
  /** The path of `request.url`, as the middleware was given it. */
  pathname: string
  /** With what the rest has added. */
  context: Assign<TContext, TAdded>
  /** The answer so far. */
  response: Response
}

/**
 * The function of a middleware: returns what `next()` resolved to, or a Response, which then is the
 * answer. A thrown Response is an answer, too.
 */
export type MiddlewareFunction<TContext, TAdded extends object = object> = (
  options: MiddlewareOptions<TContext>,
) =>
  | Response
  | MiddlewareResult<TContext, TAdded>
  | Promise<Response | MiddlewareResult<TContext, TAdded>>

/** A finished middleware, for the lists that take one. `TContext` is what it adds to `context`. */
export interface RequestMiddleware<TContext = object>
  extends AnyMiddleware, WithContext<TContext> {}

/** What `createMiddleware()` makes. Each call returns another middleware and leaves this one as it is. */
export interface MiddlewareBuilder<TContext = object> extends RequestMiddleware<TContext> {
  /** Middleware that runs before this one, unless it ran already. */
  middleware<const TList extends readonly AnyMiddleware[]>(
    middleware: TList,
  ): MiddlewareBuilder<Assign<TContext, AddedContext<TList>>>
  /** The function to run for each request. */
  server<TAdded extends object = object>(
    run: MiddlewareFunction<Assign<HostData, TContext>, TAdded>,
  ): RequestMiddleware<Assign<TContext, TAdded>>
}

/**
 * Middleware of server functions, which this package does not host. It can be made, so that files
 * that hold it load; a route that lists it is an error at start-up.
 */
export interface FunctionMiddlewareBuilder extends AnyMiddleware {
  middleware(middleware: readonly AnyMiddleware[]): FunctionMiddlewareBuilder
  inputValidator(validator: unknown): FunctionMiddlewareBuilder
  /** The earlier name of `inputValidator`. */
  validator(validator: unknown): FunctionMiddlewareBuilder
  client(run: (options: FunctionMiddlewareOptions) => unknown): FunctionMiddlewareBuilder
  server(run: (options: FunctionMiddlewareOptions) => unknown): FunctionMiddlewareBuilder
}

interface FunctionMiddlewareOptions {
  data: unknown
  context: object
  next(options?: object): Promise<unknown>
}

/** `createMiddleware`, where `TContext` is in `context` already. */
export interface CreateMiddleware<TContext = object> {
  (options: { type: 'function' }): FunctionMiddlewareBuilder
  (options?: { type?: 'request' }): MiddlewareBuilder<TContext>
}

/**
 * A middleware for `server.middleware` and `handlers` of routes, for the option `middleware` and for
 * `requestMiddleware` of a `start.ts`, as in Start v1.
 *
 * @param options.type `'request'`, the default; `'function'` is for server functions
 *
 * @example
 * ```ts
 * export const auth = createMiddleware().server(async ({ request, next }) => {
 *   const user = await findUser(request.headers.get('authorization'))
 *   if (user === undefined) return json({ error: 'Log in first' }, { status: 401 })
 *   return next({ context: { user } })
 * })
 * ```
 */
export function createMiddleware(options: { type: 'function' }): FunctionMiddlewareBuilder
export function createMiddleware(options?: { type?: 'request' }): MiddlewareBuilder
export function createMiddleware(
  options: { type?: 'request' | 'function' } = {},
): MiddlewareBuilder | FunctionMiddlewareBuilder {
  // What it is beyond its shape is known to the compiler only.
  return build({ type: 'request', ...options }) as unknown as MiddlewareBuilder
}

/** In the shape of Start's own, which the host reads. */
function build(options: object): object {
  const set = (name: string) => (value: unknown) => build({ ...options, [name]: value })
  return {
    options,
    middleware: set('middleware'),
    inputValidator: set('inputValidator'),
    validator: set('inputValidator'),
    client: set('client'),
    server: set('server'),
  }
}
