// Per request: one head from what the Response and the helpers say, in the order that design decides.
import { StartApiError } from '../errors'
import type { ResponseState } from '../event/response-state'

/** Status line and headers of an answer, ready to be written. */
export interface ResponseHead {
  status: number
  /** `''`: the status's standard phrase. */
  statusText: string
  /** By lower-case name, without `set-cookie`. */
  headers: Map<string, string | readonly string[]>
  cookies: readonly string[]
}

/** Headers of one hop: an answer passed on from `fetch()` must not repeat them (hazards 125, 126). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Helpers win over the Response; cookies add up, a helper's replacing one of the same name, domain
 * and path.
 *
 * @throws StartApiError for a status that HTTP has no final answer for
 */
export function toResponseHead(response: Response, state: ResponseState): ResponseHead {
  const status = state.status ?? response.status
  // Response.error() has status 0; 1xx can't be final (hazards 113, 114).
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new StartApiError(
      'ERR_START_API_BAD_RESPONSE',
      `The Response has status ${status}, which can't be sent. Use a status from 200 to 599.`,
    )
  }
  const headers: ResponseHead['headers'] = new Map()
  const cookies: string[] = []
  response.headers.forEach((value, name) => {
    const key = name.toLowerCase()
    if (key === 'set-cookie') {
      // Polyfills give all cookies in one value here; `getSetCookie` keeps them apart (hazard 118).
      if (typeof response.headers.getSetCookie !== 'function') cookies.push(value)
    } else if (!HOP_BY_HOP.has(key)) headers.set(key, value)
  })
  if (typeof response.headers.getSetCookie === 'function') {
    cookies.push(...response.headers.getSetCookie())
  }
  // fetch() has decoded the body but kept the headers of the encoded one (hazard 127).
  if (headers.has('content-encoding') && response.url) {
    headers.delete('content-encoding')
    headers.delete('content-length')
  }
  for (const [name, value] of state.headers) {
    if (value === null) headers.delete(name)
    else headers.set(name, value)
  }
  return {
    status,
    statusText: state.statusText ?? (state.status === undefined ? response.statusText : ''),
    headers,
    cookies: mergeCookies(cookies, state.cookies),
  }
}

/** The Response with the helpers' word in it, for callers that take a fetch Response. */
export function applyHelpers(response: Response, state: ResponseState): Response {
  if (state.isEmpty) return response
  const head = toResponseHead(response, state)
  const headers = new Headers()
  for (const [name, value] of head.headers) {
    for (const item of [value].flat()) headers.append(name, item)
  }
  for (const cookie of head.cookies) headers.append('set-cookie', cookie)
  const body = NULL_BODY.has(head.status) ? null : response.body
  return new Response(body, { status: head.status, statusText: head.statusText, headers })
}

/** Statuses that a fetch Response refuses a body for. */
const NULL_BODY = new Set([204, 205, 304])

/** All of the earlier cookies that no later one replaces, then the later ones. */
export function mergeCookies(earlier: readonly string[], later: readonly string[]): string[] {
  if (later.length === 0) return [...earlier]
  const replaced = new Set(later.map(toCookieKey))
  return [...earlier.filter((cookie) => !replaced.has(toCookieKey(cookie))), ...later]
}

/** What browsers tell cookies apart by (RFC 6265, 5.3). */
function toCookieKey(cookie: string): string {
  const [pair = '', ...attributes] = cookie.split(';')
  const attribute = (name: string) =>
    attributes
      .map((text) => text.trim())
      .find((text) => text.toLowerCase().startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? ''
  const name = pair.slice(0, pair.indexOf('=')).trim()
  return [name, attribute('domain').toLowerCase(), attribute('path')].join(';')
}
