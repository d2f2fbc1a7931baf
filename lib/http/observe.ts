// Per request: what metrics and traces learn of a route that runs.
import { channel } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import { toExpressRoutes } from '../routes/express-route'
import type { Route } from '../routes/route-module'
import type { HostRequest } from './request-url'

/**
 * What is published on `express-start-api:request:start` and, once the response is closed,
 * `express-start-api:request:end`: one object a request.
 */
export interface RequestMessage {
  readonly req: HostRequest
  readonly res: ServerResponse
  readonly method: string
  /** As Express writes it, behind the mount path: `/v1/api/users/:id`. */
  readonly route: string
  /** Relative to the routes directory. */
  readonly file: string
  /** At the end: what the client was sent. */
  status?: number
  /** At the end: milliseconds. */
  duration?: number
  /** At the end: what the route threw. */
  error?: unknown
}

const start = channel('express-start-api:request:start')
const end = channel('express-start-api:request:end')

/** What an Express route around startApi() has set. */
const earlier = new WeakMap<HostRequest, unknown>()

/** For a request that goes on after all: who answers it behind us must not count as the route. */
export function restoreRoute(req: HostRequest, { shown }: Route): void {
  // Not ours where no file has served it.
  if (req.route === shown?.express5 || req.route === shown?.express4) req.route = earlier.get(req)
}

/**
 * Sets `req.route`, where Express leaves the matched route (hazard 240), and tells subscribers, if there
 * are any.
 */
export function observe(
  route: Route,
  req: HostRequest,
  res: ServerResponse,
): RequestMessage | undefined {
  const { express4, express5 } = (route.shown ??= toExpressRoutes(route.segments))
  const shown = req.app?.lazyrouter === undefined ? express5 : express4
  if (req.route !== undefined) earlier.set(req, req.route)
  req.route = shown
  if (!start.hasSubscribers && !end.hasSubscribers) return undefined
  const message: RequestMessage = {
    req,
    res,
    method: req.method ?? 'GET',
    route: (req.baseUrl ?? '') + shown.path,
    file: route.file,
  }
  const started = performance.now()
  res.once('close', () => {
    message.status = res.statusCode
    message.duration = performance.now() - started
    end.publish(message)
  })
  start.publish(message)
  return message
}
