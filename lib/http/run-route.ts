// Per request: calls the handler of a route and insists on a Response. Knows no Node types.
import { StartApiError, describe, toError } from '../errors'
import type { RequestEvent } from '../event/event-context'
import { type Handler, type HandlerContext, METHODS, type Route } from '../routes/route-module'

/**
 * The handler for a method: HEAD is served by GET where a route has no HEAD of its own
 * (RFC 9110, 9.3.2).
 */
export function findHandler(route: Route, method: string): Handler | undefined {
  return route.handlers.get(method) ?? (method === 'HEAD' ? route.handlers.get('GET') : undefined)
}

/** The `Allow` header of a route: what it answers, HEAD and OPTIONS included. */
export function toAllow(route: Route): string {
  return METHODS.filter(
    (method) => method === 'OPTIONS' || findHandler(route, method) !== undefined,
  ).join(', ')
}

/**
 * Runs a handler. A thrown Response is an answer like a returned one.
 *
 * @param event where a helper may have given an answer by itself: it counts instead of what the handler
 *   returns, as in Start v0
 * @throws what the handler throws, as an Error; StartApiError if it gives no Response
 */
export function runHandler(
  route: Route,
  handler: Handler,
  context: HandlerContext,
  event?: RequestEvent,
): Response | Promise<Response> {
  let result: unknown
  try {
    result = handler(context)
  } catch (thrown) {
    return toAnswer(thrown, route, handler)
  }
  if (!isPromise(result)) return toResponse(result, route, handler, event)
  return Promise.resolve(result).then(
    (value) => toResponse(value, route, handler, event),
    (thrown: unknown) => toAnswer(thrown, route, handler),
  )
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null | undefined)?.then === 'function'
}

function toAnswer(thrown: unknown, route: Route, handler: Handler): Response {
  if (isResponse(thrown)) return thrown
  throw toError(thrown, toPlace(route, handler))
}

/** Method and file of a handler, for errors. Reading the method off the Request would build one. */
function toPlace(route: Route, handler: Handler): string {
  const method = [...route.handlers].find(([, candidate]) => candidate === handler)?.[0] ?? ''
  return `${method} ${route.file}`
}

function toResponse(
  result: unknown,
  route: Route,
  handler: Handler,
  event?: RequestEvent,
): Response {
  const answer = event?.said?.takeAnswer()
  if (answer !== undefined) return answer
  if (isResponse(result)) return result
  throw badResult(result, toPlace(route, handler))
}

/** `where` names what gave it: method and file. */
export function badResult(result: unknown, where: string): StartApiError {
  return new StartApiError(
    'ERR_START_API_BAD_RESULT',
    `${where} returned ${describe(result)}. Return a Response, e.g. json(value) or new Response(text).`,
  )
}

/** By shape: a Response of another realm or of a polyfill fails `instanceof` (hazard 213). */
export function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true
  if (typeof value !== 'object' || value === null) return false
  const { status, headers, body } = value as Partial<Response>
  return typeof status === 'number' && typeof headers?.get === 'function' && body !== undefined
}
