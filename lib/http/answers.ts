// Answers that are ours and not a handler's. They tell a client nothing about the application.
import { toNotFoundResponse } from '../define/not-found'
import { STATUS_CODES } from 'node:http'
import { isStartApiError } from '../errors'
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

/**
 * The answer to an error where no Express is there to make one. A status counts if it is ours, or that
 * of a `createError()`; other errors may hold one that is not meant for clients (hazard 157).
 */
export function failure(error: Error & Partial<Record<'status' | 'statusCode', number>>): Response {
  if (isStartApiError(error) && error.code === 'ERR_START_API_TIMEOUT') return plain(504)
  const { constructor } = error as { constructor: { __h3_error__?: boolean } }
  // oxlint-disable-next-line no-underscore-dangle -- how h3 tells its errors, across copies
  const isH3Error = constructor.__h3_error__ === true
  const status = (isH3Error ? error.statusCode : OWN.has(error.status ?? 0) && error.status) || 500
  return plain(status >= 400 && status < 500 ? status : 500)
}

function plain(status: number): Response {
  return new Response(STATUS_CODES[status] ?? 'Error', { status, headers: TEXT })
}

/** Statuses that errors of the package carry. */
const OWN = new Set([400, 413])
