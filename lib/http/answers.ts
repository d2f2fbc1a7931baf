// Answers that are ours and not a handler's. They tell a client nothing about the application.
import { STATUS_CODES } from 'node:http'
import type { Route } from '../routes/route-module'
import { toAllow } from './run-route'

const TEXT = { 'content-type': 'text/plain;charset=UTF-8' }

/** Start v0's 404. */
export function notFound(): Response {
  return new Response('Not found', { status: 404, headers: TEXT })
}

/** Start v0's 405, with the `Allow` header that RFC 9110 (15.5.6) asks for. */
export function methodNotAllowed(route: Route): Response {
  return new Response('Method not allowed', {
    status: 405,
    headers: { ...TEXT, allow: toAllow(route) },
  })
}

/** The answer to OPTIONS where a route has no OPTIONS handler. */
export function allowedMethods(route: Route): Response {
  return new Response(null, { status: 204, headers: { allow: toAllow(route) } })
}

/** The answer where no Express is there to make one. */
export function failure(status = 500): Response {
  const text = FAILURES[status] ?? 'Internal server error'
  return new Response(text, { status: status in FAILURES ? status : 500, headers: TEXT })
}

const FAILURES: Readonly<Record<number, string>> = { 400: 'Bad request', 413: 'Payload too large' }

/** The answer to an error that names the client's mistake, where no Express is there to make one. */
export function mistake(status: number): Response {
  return new Response(STATUS_CODES[status] ?? 'Bad request', { status, headers: TEXT })
}
