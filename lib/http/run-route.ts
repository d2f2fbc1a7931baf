// Per request: calls the handler of a route and insists on a Response. Knows no Node types.
import { type NotFound, isNotFound } from '../define/not-found'
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

/** Runs the handler of a route: see `run`. */
export function runHandler(
  route: Route,
  handler: Handler,
  context: HandlerContext,
  event?: RequestEvent,
): Response | Promise<Response> {
  return run(
    () => handler(context),
    // Named when it is needed. Reading the method off the Request would build one.
    () => `${[...route.handlers].find(([, own]) => own === handler)?.[0]} ${route.file}`,
    event,
  )
}

/**
 * Calls a function that answers. A thrown Response is an answer like a returned one; so is
 * `notFound()`, and what a helper such as `sendRedirect()` has sent.
 *
 * @param where names the function, for errors: method and file
 * @throws what it throws, as an Error; StartApiError if it gives no Response
 */
export function run(
  call: () => unknown,
  where: () => string,
  event: RequestEvent | undefined,
): Response | Promise<Response> {
  const returned = (result: unknown): Response => {
    // As in Start v0, what the handler returns is not sent then.
    const answer = event?.said?.takeAnswer()
    if (answer !== undefined) return answer
    const response = toResponse(result)
    if (response !== undefined) return response
    throw new StartApiError(
      'ERR_START_API_BAD_RESULT',
      `${where()} returned ${describe(result)}. Return a Response, e.g. json(value) or new Response(text).`,
    )
  }
  const thrown = (reason: unknown): Response => {
    const response = toResponse(reason)
    if (response !== undefined) return response
    throw toError(reason, where())
  }
  let result: unknown
  try {
    result = call()
  } catch (reason) {
    return thrown(reason)
  }
  return isPromise(result) ? Promise.resolve(result).then(returned, thrown) : returned(result)
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null | undefined)?.then === 'function'
}

function toResponse(value: unknown): Response | undefined {
  if (isResponse(value)) return value
  return isNotFound(value) ? toNotFound(value) : undefined
}

function toNotFound({ data, headers }: NotFound): Response {
  const init = { status: 404, ...(headers && { headers }) }
  return data === undefined ? new Response('Not found', init) : Response.json(data, init)
}

/** By shape: a Response of another realm or of a polyfill fails `instanceof` (hazard 213). */
function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true
  if (typeof value !== 'object' || value === null) return false
  const { status, headers, body } = value as Partial<Response>
  return typeof status === 'number' && typeof headers?.get === 'function' && body !== undefined
}
