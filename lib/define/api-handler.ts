// What Start v0's `app/api.ts` is written with: the entry handler around every API route.
import { type NodeExchange, currentEvent, findEvent } from '../event/event-context'
import { refuse } from '../http/answers'
import { toPathRules } from '../http/request-url'
import { findHandler, runHandler } from '../http/run-route'
import { type Route, toRoute } from '../routes/route-module'
import { toSegments } from '../routes/route-path'
import { createRouteTable, toParams } from '../routes/route-table'
import type { APIRoute } from './api-route'

/**
 * The entry handler (Start v0): runs for every request that a route file serves. With
 * `fallthrough: false`, and where there is no `next`, also for all others below `apiBaseURL`, as in
 * Start.
 *
 * A Response that it throws is an answer; what else it throws goes to Express's error middleware.
 */
export type StartAPIHandlerCallback = (context: {
  request: Request
}) => Response | Promise<Response>

/**
 * Marks a function as the entry handler, for `startApi(dir, { handler })` (Start v0's `app/api.ts`).
 *
 * @returns the function, as it is
 *
 * @example
 * ```ts
 * export default createStartAPIHandler(async (context) => {
 *   const response = await defaultAPIFileRouteHandler(context)
 *   console.log(context.request.url, response.status)
 *   return response
 * })
 * ```
 */
export function createStartAPIHandler(callback: StartAPIHandlerCallback): StartAPIHandlerCallback {
  return callback
}

/**
 * Runs the route file that the current request matched (Start v0). Pass the request on as it is, or
 * another one in its place, which the route then sees: file and method are chosen by the request that
 * came in. Where no file serves that, it answers 404, or 405 with `Allow`.
 *
 * @throws what the route throws, but a Response is returned; StartApiError outside a request
 */
export const defaultAPIFileRouteHandler: StartAPIHandlerCallback = ({ request }) =>
  currentEvent('defaultAPIFileRouteHandler').runRoute(request)

/**
 * An entry handler over routes made with `createAPIRoute`, without files (Start v0). It answers 404
 * `Not found` for other paths and 405 with `Allow` for other methods, OPTIONS with `Allow`, and HEAD
 * by GET. Case counts. Params are decoded.
 *
 * `startApi()` asks it for paths without a file where it answers for all below `apiBaseURL`:
 * `startApi({}, { handler: defaultAPIRoutesHandler({ routes }), fallthrough: false })`. Elsewhere it
 * is a plain function of `{ request }`.
 *
 * @param options.routes routes by the path that they were made with, mount path included:
 *   `{ '/api/users/$id': createAPIRoute('/api/users/$id')({ … }) }`
 * @returns a handler that rejects with an error of status 400 for a param with a malformed escape, and
 *   with what a route throws
 * @throws TypeError for a route under another path than its own (Start v0 answers 404 there);
 *   StartApiError for a route without usable handlers
 */
export function defaultAPIRoutesHandler<const TPath extends string>(options: {
  routes: { readonly [Path in TPath]: APIRoute<Path> }
}): StartAPIHandlerCallback {
  const table = createRouteTable(Object.entries<CodeRoute>(options.routes).map(toTableRoute))
  return async ({ request }) => {
    const { pathname } = new URL(request.url)
    const event = findEvent()
    const match = isOtherPath(pathname, event?.node)
      ? undefined
      : table.match(pathname, 'sensitive')
    const handler = match && findHandler(match.route, request.method)
    if (handler === undefined) return refuse(match?.route, request.method)
    const context = event?.handlerContext ?? {}
    return runHandler(
      match!.route,
      handler,
      {
        request,
        params: toParams(match!),
        context,
        pathname,
      },
      event,
    )
  }
}

/** Where guards tell a path with a slash at its end apart, it must not pass them by (hazard 34). */
function isOtherPath(pathname: string, node: NodeExchange | undefined): boolean {
  if (node === undefined || pathname.length === 1 || !pathname.endsWith('/')) return false
  return toPathRules(node.req).strict
}

interface CodeRoute {
  readonly path: string
}

function toTableRoute([path, route]: [string, CodeRoute]): Route {
  const { path: own } = route
  if (own !== path) {
    throw new TypeError(
      `defaultAPIRoutesHandler(): the route under "${path}" was made with createAPIRoute("${own}"). Use one path for both.`,
    )
  }
  return toRoute(path, { path, segments: toSegments(path, 'v0') }, { APIRoute: route })
}
