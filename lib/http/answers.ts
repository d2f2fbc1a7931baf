// Answers that are ours and not a handler's. They tell a client nothing about the application.
import { toNotFoundResponse } from '../define/not-found'
import type { Route } from '../routes/route-module'
import { toAllow } from './run-route'

const TEXT = { 'content-type': 'text/plain;charset=UTF-8' }

/** The answer where no handler is: Start v0's 404 and 405, and `Allow` for OPTIONS. */
export function refuse(route: Route | undefined, method: string | undefined): Response {
  if (route === undefined) return toNotFoundResponse()
  return method === 'OPTIONS' ? allowedMethods(route) : methodNotAllowed(route)
}

/** With the `Allow` header that RFC 9110 (15.5.6) asks for. */
function methodNotAllowed(route: Route): Response {
  return new Response('Method not allowed', {
    status: 405,
    headers: { ...TEXT, allow: toAllow(route) },
  })
}

/** The answer to OPTIONS where a route has no OPTIONS handler. */
function allowedMethods(route: Route): Response {
  return new Response(null, { status: 204, headers: { allow: toAllow(route) } })
}

/** The answer where no Express is there to make one. */
export function failure(status = 500): Response {
  const text = FAILURES[status] ?? 'Internal server error'
  return new Response(text, { status: status in FAILURES ? status : 500, headers: TEXT })
}

const FAILURES: Readonly<Record<number, string>> = { 400: 'Bad request', 413: 'Payload too large' }
