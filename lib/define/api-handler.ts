// What Start v0's `app/api.ts` is written with: the entry handler around every API route.
import { currentEvent } from '../event/event-context'
import { methodNotAllowed, notFound } from '../http/answers'
import { findHandler, runHandler } from '../http/run-route'
import { type Route, toRoute } from '../routes/route-module'
import { toSegments } from '../routes/route-path'
import { createRouteTable, toParams } from '../routes/route-table'
import type { APIRoute } from './api-route'

/** The entry handler: runs for every request that an API route serves. */
export type StartAPIHandlerCallback = (context: {
  request: Request
}) => Response | Promise<Response>

/**
 * Marks a function as the entry handler, for `startApi(dir, { handler })` (Start v0's `app/api.ts`).
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
 * Runs the route file that the current request matched. Pass the request on as it is, or another one
 * in its place: the file is chosen by the request that came in.
 */
export const defaultAPIFileRouteHandler: StartAPIHandlerCallback = ({ request }) =>
  currentEvent('defaultAPIFileRouteHandler').runRoute(request)

/**
 * An entry handler over routes made with `createAPIRoute`, without files: 404 `Not found` for other
 * paths, 405 with `Allow` for other methods.
 *
 * @param options.routes routes by their path, e.g. `{ '/api/users/$id': route }`
 * @throws StartApiError for a route without usable handlers
 */
export function defaultAPIRoutesHandler(options: {
  routes: Readonly<Record<string, APIRoute<string>>>
}): StartAPIHandlerCallback {
  const table = createRouteTable(Object.entries(options.routes).map(toTableRoute))
  return async ({ request }) => {
    const match = table.match(new URL(request.url).pathname, 'sensitive')
    if (match === undefined) return notFound()
    const handler = findHandler(match.route, request.method)
    if (handler === undefined) return methodNotAllowed(match.route)
    const { pathname } = new URL(request.url)
    return runHandler(match.route, handler, {
      request,
      params: toParams(match),
      context: {},
      pathname,
    })
  }
}

function toTableRoute([path, route]: [string, APIRoute<string>]): Route {
  return toRoute(path, { path, segments: toSegments(path) }, { APIRoute: route })
}
