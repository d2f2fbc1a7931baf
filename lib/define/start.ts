// What Start's `src/start.ts` is written with.
import type { AddedContext, AnyMiddleware } from './context'
import { type CreateMiddleware, createMiddleware } from './middleware'

/** Options of a Start application; of them only `requestMiddleware` means something here. */
export interface StartOptions {
  /** Middleware that runs around every route, outermost first. */
  requestMiddleware?: readonly AnyMiddleware[]
  /** For server functions, which this package does not host. */
  functionMiddleware?: readonly AnyMiddleware[]
  readonly [option: string]: unknown
}

/** A `startInstance`: made here or by `@tanstack/react-start`, told by its shape. */
export interface AnyStartInstance {
  getOptions(): object | Promise<object>
}

/** What `createStart()` makes; a `start.ts` exports it as `startInstance`. */
export interface StartInstance<
  TOptions extends StartOptions = StartOptions,
> extends AnyStartInstance {
  /** The options, made anew by each call. */
  getOptions(): Promise<TOptions>
  /** The same `createMiddleware()`, typed with what `requestMiddleware` adds to `context`. */
  createMiddleware: CreateMiddleware<
    AddedContext<TOptions extends { requestMiddleware: infer TList } ? TList : []>
  >
}

/**
 * Start's application-wide options, in a `start.ts` beside the routes directory, which `startApi()`
 * finds by itself; or passed on as its option `start`.
 *
 * @param getOptions called once, at start-up. (Start calls it for each request.)
 * @returns to be exported as `startInstance`
 *
 * @example
 * ```ts
 * // src/start.ts, beside src/routes
 * export const startInstance = createStart(() => ({ requestMiddleware: [logger] }))
 * ```
 */
export function createStart<const TOptions extends StartOptions>(
  getOptions: () => TOptions | Promise<TOptions>,
): StartInstance<TOptions> {
  // What `context` holds already is known to the compiler only.
  return { getOptions: async () => getOptions(), createMiddleware: createMiddleware as never }
}
