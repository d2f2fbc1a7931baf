// startApi(): validates, starts loading, and returns the middleware that is the whole of a request:
// req → match → Request → handler (plugins, entry handler, event) → Response → res.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServerAdapter } from '@whatwg-node/server'
import { isStartApiError, toError } from './errors'
import type { HostReq, HostRes } from './define/register'
import { INSPECT } from './express/inspect'
import { RequestEvent, enableEvents, runWithEvent } from './event/event-context'
import { failure, refuse } from './http/answers'
import { rejectDeclaredLength } from './http/body-length'
import { breakOff } from './http/break-off'
import { isOfLeaving } from './http/client-left'
import { type HostRequest, isFetchable, toHost, toPathRules, toPathname } from './http/request-url'
import { applyHelpers, withOpenHeaders } from './http/response-head'
import { createHandlerContext } from './http/handler-context'
import { type RequestMessage, observe, restoreRoute } from './http/observe'
import { findHandler, runHandler, toAnswer, toPlace } from './http/run-route'
import { isPassedOn } from './http/pass-on'
import { discard } from './http/response-body'
import { hasBegun, sendResponse } from './http/send-response'
import { shareShape } from './http/share-shape'
import { restoreParams } from './http/show-params'
import { withinTime } from './http/time-limit'
import { toRequest } from './http/to-request'
import { holdFlow, releaseBody } from './http/unread-body'
import { isPromise } from './is-promise'
import { type Settings, type StartApiOptions, readOptions } from './options'
import { openRoutes } from './open-routes'
import { nextTick } from './real-timers'
import type { RouteModules } from './routes/load-routes'
import { type Handler, type Route, type RouteInfo, toRouteInfo } from './routes/route-module'
import { isUnder, toWireText } from './routes/route-path'
import { type CaseRule, type Match, type RouteTable, toParams } from './routes/route-table'

type Next = (error?: unknown) => void

/** The middleware that `startApi()` returns. */
export interface StartApi {
  /** For Express and Connect; without `next`, as a `node:http` listener, it answers every request. */
  (req: IncomingMessage, res: ServerResponse, next?: Next): void
  /**
   * Settles when every route file is loaded. Rejects with one error that lists all files that failed;
   * if nobody listens, the process ends with that message. In dev mode such files don't reject it.
   */
  readonly ready: Promise<void>
  /** The served routes, by file name. Empty until `ready`. */
  readonly routes: readonly RouteInfo[]
  /**
   * Asks the routes without a socket, e.g. in tests. A path alone is completed to `http://localhost`.
   * Answers 404 and 405 itself; rejects with what a handler throws.
   */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>
  /** Stops watching (dev mode), waits for work that was handed to `waitUntil`, disposes of plugins. */
  close(): Promise<void>
}

/**
 * A middleware that serves the API route files of a directory.
 *
 * It returns at once and loads in the background; requests that come earlier wait. What it does not
 * serve goes to `next()` untouched.
 *
 * @param routes the routes directory, as a path (a relative one is resolved against the working
 *   directory) or a file: URL, or the modules that a bundler made of it, by file name
 * @throws TypeError for unusable arguments
 * @throws StartApiError for an unusable directory, and for files that answer the same URLs
 *
 * @example
 * ```ts
 * const app = express()
 * app.use(startApi('./routes')) // routes/api/users/$id.ts is now GET /api/users/:id
 * ```
 */
export function startApi(
  routes: string | URL | RouteModules,
  options: StartApiOptions = {},
): StartApi {
  const settings = readOptions(options)
  if (settings.handler !== undefined) enableEvents()
  const source = openRoutes(routes, settings)
  const isWrapped = settings.handler !== undefined || settings.plugins.length > 0
  const base = toWireText(settings.base)

  const adapter = createServerAdapter<AdapterContext>(
    async (request, { event }) =>
      withOpenHeaders(await (event === undefined ? answer(request) : enter(event, request))),
    { plugins: [...settings.plugins] },
  )

  function startApi(req: IncomingMessage, res: ServerResponse, next?: Next): void {
    const table = source.table(req)
    if (!isPromise(table)) {
      handle(table, req, res, next)
      return
    }
    const letFlow = holdFlow(req, res)
    const goOn =
      next &&
      ((error?: unknown) => {
        letFlow()
        next(error)
      })
    table.then(
      (loaded) => handle(loaded, req, res, goOn),
      (error: unknown) => fail(error, req, res, goOn),
    )
  }

  /** What goes to `next()` has nothing on `req` or `res` that it came without, and no listener. */
  function handle(table: RouteTable, req: HostRequest, res: ServerResponse, next?: Next): void {
    let found: Found
    try {
      if (req.app !== undefined) {
        shareShape(req)
        shareShape(res)
      }
      const isOthers = next !== undefined && settings.fallthrough && !table.mayMatch(req.url ?? '/')
      found = isOthers ? {} : find(table, req, settings)
    } catch (error) {
      return fail(error, req, res, next)
    }
    if (
      found.handler === undefined &&
      next !== undefined &&
      (settings.fallthrough || !isBelow(base, found))
    ) {
      // Nothing is returned, whatever `next` returns: Express 5 would wait for a promise.
      next()
      return
    }
    const message = found.handler && observe(found.match.route, req, res)
    // Answered through `next` alone: Express 4 ignores a returned promise, Express 5 would report the
    // error a second time (hazards 161, 162).
    try {
      releaseBody(req, res)
      const sent = serve(found, req, res, next)
      sent?.catch((error: unknown) => fail(error, req, res, next, message))
    } catch (error) {
      fail(error, req, res, next, message)
    }
  }

  /** Waits for nothing that is there already: each promise costs a small request a tenth of its time. */
  function serve(
    found: Found,
    req: HostRequest,
    res: ServerResponse,
    next: Next | undefined,
  ): void | Promise<void> {
    const { match, handler } = found
    if (handler === undefined && !(isWrapped && isBelow(base, found) && isFetchable(req))) {
      return sendResponse(res, refuse(match?.route, req.method), undefined)
    }
    const params = handler === undefined ? {} : toParams(match)
    rejectDeclaredLength(req, settings.maxBodySize)
    const host = toHost(req)
    const deadline = settings.timeout === undefined ? undefined : new AbortController()

    function respond(added: object | undefined): void | Promise<void> {
      const event = new RequestEvent({
        toRequest: () => toRequest(req, res, host, settings.maxBodySize, deadline?.signal),
        params,
        handlerContext: added === undefined ? { req, res } : { req, res, ...added },
        node: { req, res },
        runRoute: toRun(match, handler, req),
        waitUntil,
      })
      const response = runWithEvent(event, () =>
        settings.plugins.length === 0
          ? enter(event)
          : adapter.handleRequest(event.request, { event, req, res, waitUntil: adapter.waitUntil }),
      )
      if (!isPromise(response)) return finish(response, event, match?.route, req, res, next)
      const inTime =
        deadline === undefined
          ? response
          : withinTime(response, settings.timeout!, deadline, () =>
              handler === undefined ? 'The entry handler' : toPlace(match.route, handler),
            )
      async function finishInTime(): Promise<void> {
        try {
          await finish(await inTime, event, match?.route, req, res, next)
        } catch (error) {
          restoreParams(event, req)
          throw error
        }
      }
      return finishInTime()
    }
    if (handler === undefined && settings.handler === undefined) return respond(undefined)
    // Options are typed by what the application registered; the host passes just those objects.
    const added = settings.context?.(req as HostReq, res as HostRes)
    return isPromise(added) ? added.then(respond) : respond(added)
  }

  /** `api.fetch()`: the same steps without Node's objects. */
  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const table = await source.table({ url: pathname })
    const match = table.match(pathname, settings.caseRule)
    const handler = match && findHandler(match.route, request.method)
    if (handler === undefined && !isBelow(base, { pathname, rule: settings.caseRule })) {
      return refuse(undefined, request.method)
    }
    const event = new RequestEvent({
      toRequest: () => request,
      params: handler === undefined ? {} : toParams(match!),
      handlerContext: {},
      runRoute: toRun(match, handler, request),
      waitUntil,
    })
    const response = applyHelpers(await runWithEvent(event, () => enter(event)), event.said)
    if (request.method !== 'HEAD' || response.body === null) return response
    // Nobody is going to read it, and it may have no end (hazard 37).
    discard(response)
    return new Response(null, response)
  }

  /** Start's entry handler, where there is one, decides whether and how the route runs. */
  function enter(event: RequestEvent, request?: Request): Response | Promise<Response> {
    const { handler } = settings
    if (handler === undefined) return event.runRoute(request)
    return toAnswer(
      () => handler({ request: request ?? event.request }),
      () => 'The entry handler (option `handler`)',
      event,
    )
  }

  function waitUntil(promise: Promise<unknown>): void {
    adapter.waitUntil(promise.then(() => undefined))
  }

  async function close(): Promise<void> {
    await source.close()
    await adapter.dispose()
  }

  return Object.defineProperties(startApi, {
    // The build renames the inner of two functions of one name; traces show it.
    name: { value: 'startApi' },
    ready: { value: source.ready, enumerable: true },
    routes: { get: () => (source.loaded?.routes ?? []).map(toRouteInfo), enumerable: true },
    fetch: {
      value: async (input: Request | URL | string, init?: RequestInit) => {
        const target = typeof input === 'string' ? new URL(input, 'http://localhost') : input
        return adapter.fetch(
          init === undefined && target instanceof URL
            ? new Request(target)
            : new Request(target, init),
        )
      },
      enumerable: true,
    },
    close: { value: close, enumerable: true },
    [INSPECT]: {
      value: (method: string, pathname: string) => {
        const route = source.loaded?.match(pathname, settings.caseRule)?.route
        return route && findHandler(route, method) && route.file
      },
    },
  }) as StartApi
}

/** Sends a Response, unless it says that what is mounted behind us shall answer. */
function finish(
  response: Response,
  event: RequestEvent,
  route: Route | undefined,
  req: HostRequest,
  res: ServerResponse,
  next: Next | undefined,
): void | Promise<void> {
  if (next === undefined || !isPassedOn(response)) {
    return sendResponse(res, response, event.said)
  }
  discard(response)
  restoreParams(event, req)
  if (route !== undefined) restoreRoute(req, route)
  // In a turn of its own: what `next` throws is not the route's failure.
  nextTick(next)
}

/** What plugins see beside the request; `event` is ours. */
interface AdapterContext {
  readonly event?: RequestEvent
  readonly req?: IncomingMessage
  readonly res?: ServerResponse
}

/** What the table says of a request. Without a pathname it is one that no route may see. */
type Found = {
  readonly pathname?: string
  readonly rule?: CaseRule
} & (
  | { readonly match: Match; readonly handler: Handler }
  | { readonly match?: Match | undefined; readonly handler?: undefined }
)

function find(table: RouteTable, req: HostRequest, settings: Settings): Found {
  const pathname = toPathname(req)
  if (pathname === undefined) return {}
  const { caseSensitive, strict } = toPathRules(req)
  const rule: CaseRule = (settings.caseSensitive ?? caseSensitive) ? 'sensitive' : 'insensitive'
  // A guard's exact path would not cover the path with a slash, so neither may ours (hazard 34).
  const match =
    strict && pathname.length > 1 && pathname.endsWith('/')
      ? undefined
      : table.match(pathname, rule)
  const handler = match && findHandler(match.route, req.method ?? 'GET')
  return handler === undefined
    ? { match, pathname, rule }
    : { match: match!, handler, pathname, rule }
}

/** Runs the handler, or, where there is none, refuses. */
function toRun(
  match: Match | undefined,
  handler: Handler | undefined,
  asked: { readonly method?: string },
) {
  return (event: RequestEvent): Response | Promise<Response> =>
    match === undefined || handler === undefined
      ? refuse(match?.route, asked.method)
      : runHandler(match.route, handler, createHandlerContext(event), event)
}

/** Whether a request is below `apiBaseURL`. Asked only where what no file serves is answered here. */
function isBelow(base: string, { pathname, rule }: Found): boolean {
  if (pathname === undefined) return false
  return rule === 'insensitive'
    ? isUnder(pathname.toLowerCase(), base.toLowerCase())
    : isUnder(pathname, base)
}

/**
 * Express answers while it can. Once an answer has begun, the client can only be shown that something
 * is missing (hazard 164).
 */
function fail(
  thrown: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  next?: Next,
  message?: RequestMessage,
): void {
  const error = toError(thrown, 'A route')
  if (message !== undefined) message.error = error
  // Answered through Express's own `res`: what such a handler returns is no answer (hazard 122).
  if (hasBegun(res) && isBadResult(error)) return
  if (isOfLeaving(error, req, res)) return
  if (res.headersSent) {
    if (!res.writableEnded) breakOff(res)
    console.error(`[start-api] ${req.method} failed after its answer had begun:`, error)
    return
  }
  if (next !== undefined) return next(error)
  // Statuses beyond those of a client's mistakes are the application's affair (hazard 157).
  const answer = failure(error)
  if (answer.status >= 500) console.error('[start-api]', error)
  Promise.resolve(sendResponse(res, answer, undefined)).catch(() => breakOff(res))
}

function isBadResult(error: Error): boolean {
  return isStartApiError(error) && error.code === 'ERR_START_API_BAD_RESULT'
}
