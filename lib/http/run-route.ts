// Per request: calls the handler of a route and insists on a Response. Knows no Node types.
import { isNotFound, toNotFoundResponse } from '../define/not-found'
import { isRedirect, resolveRedirect } from '../define/redirect'
import { StartApiError, describe, toError } from '../errors'
import type { RequestEvent } from '../event/event-context'
import { isPromise } from '../is-promise'
import { ANY, type Handler, type HandlerContext, METHODS, type Route } from '../routes/route-module'
import { isForbiddenMethod } from './request-url'

/**
 * The handler for a method: HEAD is served as GET where a route has no HEAD of its own
 * (RFC 9110, 9.3.2), and what is left by ANY.
 */
export function findHandler(route: Route, method: string): Handler | undefined {
  const own = route.handlers.get(method)
  if (own !== undefined || route.pageMethods?.has(method)) return own
  if (method === 'HEAD') return findHandler(route, 'GET')
  return isForbiddenMethod(method) ? undefined : route.handlers.get(ANY)
}

/** The `Allow` header of a route: what it answers, HEAD and OPTIONS included. */
export function toAllow(route: Route): string {
  const methods = new Set([...METHODS, ...route.handlers.keys()])
  methods.delete(ANY)
  return [...methods]
    .filter((method) => method === 'OPTIONS' || findHandler(route, method) !== undefined)
    .join(', ')
}

/**
 * Runs a handler. A thrown Response is an answer like a returned one.
 *
 * @throws what the handler throws, as an Error; StartApiError if it gives no Response
 */
export function runHandler(
  route: Route,
  handler: Handler,
  context: HandlerContext,
  event: RequestEvent | undefined,
): Response | Promise<Response> {
  return toAnswer(
    () => handler(context),
    () => toPlace(route, handler),
    event,
  )
}

/**
 * What a function of the application answers.
 *
 * @param toPlace names it in errors: method and file
 * @param event where a helper such as `sendRedirect()` may have answered: as in Start v0, what the
 *   function returns is not sent then
 */
export function toAnswer(
  run: () => unknown,
  toPlace: () => string,
  event: RequestEvent | undefined,
): Response | Promise<Response> {
  let result: unknown
  try {
    result = run()
  } catch (thrown) {
    return toThrownAnswer(thrown, toPlace)
  }
  if (!isPromise(result)) return toReturnedAnswer(result, toPlace, event)
  return Promise.resolve(result).then(
    (value) => toReturnedAnswer(value, toPlace, event),
    (thrown: unknown) => toThrownAnswer(thrown, toPlace),
  )
}

function toThrownAnswer(thrown: unknown, toPlace: () => string): Response {
  const response = findResponse(thrown)
  if (response !== undefined) return response
  throw toError(thrown, toPlace())
}

/**
 * The Response of what a handler returned.
 *
 * @throws StartApiError if there is none
 */
export function toReturnedAnswer(
  result: unknown,
  toPlace: () => string,
  event: RequestEvent | undefined,
): Response {
  const response = event?.said?.takeAnswer() ?? findResponse(result)
  if (response !== undefined) return response
  throw new StartApiError(
    'ERR_START_API_BAD_RESULT',
    `${toPlace()} returned ${describe(result)}. Return a Response, e.g. json(value) or new Response(text).`,
  )
}

/** A Response, or what stands for one: TanStack Router's own `redirect()` and `notFound()`. */
export function findResponse(value: unknown): Response | undefined {
  if (isResponse(value)) return isRedirect(value) ? resolveRedirect(value) : value
  return isNotFound(value) ? toNotFoundResponse(value) : undefined
}

/** Method and file of a handler, for errors. Reading the method off the Request would build one. */
export function toPlace(route: Route, handler: Handler): string {
  const method = [...route.handlers].find(([, candidate]) => candidate === handler)?.[0] ?? ''
  return `${method} ${route.file}`
}

/** By shape: a Response of another realm or of a polyfill fails `instanceof` (hazard 213). */
export function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true
  if (typeof value !== 'object' || value === null) return false
  const { status, headers, body } = value as Partial<Response>
  return typeof status === 'number' && typeof headers?.get === 'function' && body !== undefined
}
