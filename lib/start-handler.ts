// startHandler(): any fetch handler as a middleware. It is startApi() without routes, whose entry handler
// answers every request.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HandlerData } from './define/register'
import { describe } from './errors'
import { currentEvent, runOutsideStart } from './event/event-context'
import { passOn } from './http/pass-on'
import { isResponse, toAnswer } from './http/run-route'
import { type HostRequest, hasNeedlessEscape, isFetchable, toPathname } from './http/request-url'
import { isPromise } from './is-promise'
import { type StartHandlerOptions, readHandlerOptions } from './options'
import { startApi } from './start-api'
import { unwrapDefault } from './unwrap-default'

/** An object with a `fetch` method: a server's entry, or an application of another framework. */
export interface FetchEntry {
  fetch(request: Request, ...rest: never[]): Response | Promise<Response>
}

/** A module of such an entry, as `import()` gives it. */
export interface FetchModule {
  readonly default: FetchEntry | FetchHandler | { readonly default: FetchEntry | FetchHandler }
}

/**
 * A fetch handler. It is called with the Request, and with Node's `req` and `res` and what the option
 * `context` adds. It may give an entry instead, once: `() => import('./dist/server/server.js')`.
 */
export type FetchHandler = {
  // A method: handlers declare a second parameter of their own, or none.
  call(
    request: Request,
    context: HandlerData,
  ): Response | FetchEntry | FetchModule | Promise<Response | FetchEntry | FetchModule>
}['call']

/** What `startHandler()` mounts. */
export type Mountable =
  FetchHandler | FetchEntry | FetchModule | Promise<FetchHandler | FetchEntry | FetchModule>

/** The middleware that `startHandler()` returns. */
export interface StartHandler {
  /** For Express and Connect; without `next`, as a `node:http` listener, it answers every request. */
  (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): void
  /**
   * Settles when a promised entry is there; at once for others. Rejects where the promise does, or
   * holds nothing to mount; if nobody listens, the process ends with that message.
   */
  readonly ready: Promise<void>
  /** Waits for work that plugins handed to `waitUntil`, and disposes of them. */
  close(): Promise<void>
}

/**
 * A middleware that hands every request to a fetch handler: the built server entry of a Start
 * application, Hono, Auth.js, better-auth, tRPC's `fetchRequestHandler`, GraphQL Yoga.
 *
 * Request and Response go the way of routes: behind body parsers, with the whole original URL below a
 * mount path, with `request.signal`, streams, HEAD and Express's error middleware. Helpers of
 * `express-start-api/server` work in the handler. Requests that no fetch Request can stand for (dot
 * segments in the path, TRACE) go to `next()`, as do paths with an escape that none needs (`/%61dmin`):
 * a handler may read it as the letter, and guards in front have not.
 *
 * @param handler a function of a Request, an object with `fetch`, a module that has one of them as its
 *   default export, a promise of one, or a function that imports one when the first request comes
 * @throws TypeError for what is none of them, and for unusable options
 *
 * @example
 * ```ts
 * app.use(startHandler(() => import('./dist/server/server.js')))
 * ```
 */
export function startHandler(handler: Mountable, options: StartHandlerOptions = {}): StartHandler {
  const { passesOn, ...settings } = readHandlerOptions(options)
  let entry: FetchFunction | undefined
  const loading = isPromise(handler) ? handler.then(toEntry) : undefined
  if (loading === undefined) entry = toEntry(handler)

  function call(fetch: FetchFunction, request: Request, context: object): unknown {
    const result = runOutsideStart(() => fetch(request, context))
    return isPromise(result) ? result.then(heed) : heed(result)

    /** What is no Response may be an entry that the handler has imported: it answers from now on. */
    function heed(result: unknown): unknown {
      const imported = isResponse(result) ? undefined : findFetch(result)
      if (imported === undefined) return result
      entry = imported
      return runOutsideStart(() => imported(request, context))
    }
  }

  const api = startApi(
    {},
    {
      ...settings,
      apiBaseURL: '/',
      fallthrough: false,
      handler: ({ request }) => {
        const event = currentEvent('startHandler')
        const { handlerContext } = event
        const response = toAnswer(
          () =>
            entry === undefined
              ? loading!.then((entry) => call(entry, request, handlerContext))
              : call(entry, request, handlerContext),
          () => 'The handler given to startHandler()',
          event,
        )
        const heed = (response: Response) => (passesOn(response) ? passOn(response) : response)
        return isPromise(response) ? response.then(heed) : heed(response)
      },
    },
  )

  function startHandler(
    req: IncomingMessage,
    res: ServerResponse,
    next?: (error?: unknown) => void,
  ): void {
    if (next !== undefined && !isReadAlike(req)) next()
    else api(req, res, next)
  }

  const ready = (async () => {
    if (loading !== undefined) entry ??= await loading
  })()
  return Object.defineProperties(startHandler, {
    ready: { value: ready, enumerable: true },
    close: { value: api.close, enumerable: true },
  }) as StartHandler
}

/** Whether the handler is going to read the request line as guards in front have (hazard 6). */
function isReadAlike(req: HostRequest): boolean {
  return toPathname(req) !== undefined && isFetchable(req) && !hasNeedlessEscape(req)
}

type FetchFunction = (request: Request, context: object) => unknown

function toEntry(handler: unknown): FetchFunction {
  const fetch = findFetch(handler)
  if (fetch !== undefined) return fetch
  if (typeof handler === 'function') return handler as FetchFunction
  throw new TypeError(
    `startHandler(): the handler is ${describe(handler)}. Give it a function of a Request, an object with a \`fetch\` method, or a module that exports one as default.`,
  )
}

/** The `fetch` of an entry or of a module, or the function that a module has as its `default`. */
function findFetch(mountable: unknown): FetchFunction | undefined {
  let found: FetchFunction | undefined
  for (const layer of unwrapDefault(mountable)) {
    const { fetch } = (layer ?? {}) as { readonly fetch?: unknown }
    if (typeof fetch === 'function') return fetch.bind(layer) as FetchFunction
    if (typeof layer === 'function' && layer !== mountable) found = layer as FetchFunction
  }
  return found
}
