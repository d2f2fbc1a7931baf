// Per request: one head from what the Response and the helpers say, in the order that design decides.
import { isDeepStrictEqual } from 'node:util'
import { HOP_BY_HOP } from '../define/hop-by-hop'
import { isNullBodyStatus } from '../define/null-body'
import { isRedirect, toRedirect } from '../define/redirect'
import { takeText, toTextResponse } from '../define/text-response'
import { StartApiError } from '../errors'
import type { ResponseState } from '../event/response-state'
import { isPassedOn, passOn } from './pass-on'
import { discard } from './response-body'
import { isUndiciFrom } from './undici-version'

/** Status line and headers of an answer, ready to be written. */
export interface ResponseHead {
  status: number
  /** `''`: the status's standard phrase. */
  statusText: string
  /** By lower-case name, without `set-cookie`. */
  headers: Map<string, string | readonly string[]>
  cookies: readonly string[]
  /** Headers that a helper removed: earlier ones on `res` go as well. */
  removed: readonly string[]
}

/**
 * Helpers win over the Response; cookies add up, a helper's replacing one of the same name, domain
 * and path. The Response is only read, so one that is shared or cached stays as it is (hazard 151).
 *
 * @throws StartApiError for a status that HTTP has no final answer for
 */
export function toResponseHead(response: Response, state: ResponseState | undefined): ResponseHead {
  // Response.error() has status 0, whatever a helper says of it; 1xx can't be final (hazards 113, 114).
  const status = response.status === 0 ? 0 : (state?.status ?? response.status)
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new StartApiError(
      'ERR_START_API_BAD_RESPONSE',
      `The Response has status ${status}, which can't be sent. Use a status from 200 to 599.`,
    )
  }
  const headers: ResponseHead['headers'] = new Map()
  const joined: string[] = []
  response.headers.forEach((value, name) => {
    const key = name.toLowerCase()
    if (key === 'set-cookie') joined.push(value)
    else headers.set(key, value)
  })
  const cookies = findCookies(response.headers) ?? joined
  if (headers.has('content-encoding') && isDecoded(response)) {
    headers.delete('content-encoding')
    headers.delete('content-length')
  }
  const merged = state?.override(headers, cookies) ?? cookies
  const removed: string[] = []
  for (const [name, value] of state?.headers ?? []) if (value === null) removed.push(name)
  const ofHop = toHopHeaders(headers.get('connection'))
  for (const name of headers.keys()) if (ofHop.has(name)) headers.delete(name)
  return {
    status,
    statusText:
      state?.statusText ?? (state?.status === undefined ? (response.statusText ?? '') : ''),
    headers,
    cookies: merged,
    removed,
  }
}

/** Each cookie for itself: polyfills, and node-fetch, give all in one value elsewhere (hazard 118). */
function findCookies(
  headers: Headers & { raw?(): Record<string, string[]> },
): readonly string[] | undefined {
  if (typeof headers.getSetCookie === 'function') return headers.getSetCookie()
  // node-fetch's, with names as they were spelled.
  const named = Object.entries(headers.raw?.() ?? {})
  return named.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1]
}

/**
 * The length that the headers declare, where it is sent as it is.
 *
 * @throws StartApiError for what is none (RFC 9110, 8.6), which clients and proxies read in different ways
 */
export function toDeclaredLength({ headers }: ResponseHead): number | undefined {
  const length = headers.get('content-length')
  if (length === undefined) return undefined
  if (isLength(length)) return Number(length)
  throw new StartApiError(
    'ERR_START_API_BAD_RESPONSE',
    `The Response declares a content-length of ${JSON.stringify(length)}, which is no number of bytes. Leave the header out: it is set from the body.`,
  )
}

/** No more digits than a number holds exactly. */
export function isLength(value: string | readonly string[] | undefined): boolean {
  return typeof value === 'string' && /^\d{1,15}$/.test(value)
}

/** `connection` names further headers of its hop. */
function toHopHeaders(connection: string | readonly string[] | undefined): ReadonlySet<string> {
  if (connection === undefined) return HOP_BY_HOP
  const named = [connection].flat().join(',').toLowerCase().split(',')
  return new Set([...HOP_BY_HOP, ...named.map((name) => name.trim())])
}

const DECODED = new Set(['gzip', 'x-gzip', 'deflate', 'br'])
// Node 24.4.
if (isUndiciFrom(7, 11)) DECODED.add('zstd')

/**
 * Whether `fetch()` has decoded the body, and kept headers that describe the encoded one (hazard 127).
 * It decodes nothing if it does not know one of several codings. Responses that are not `fetch()`'s
 * have no URL.
 */
function isDecoded({ url, headers }: Response): boolean {
  const codings = (headers.get('content-encoding') ?? '').toLowerCase().split(',')
  return Boolean(url) && codings.every((coding) => DECODED.has(coding.trim()))
}

/**
 * The Response with the helpers' word in it, for callers that take a fetch Response. It may be applied
 * again, with what helpers have said since.
 */
export function applyHelpers(response: Response, state: ResponseState | undefined): Response {
  if (state === undefined || state.isEmpty) return response
  const { status, statusText, headers: own, cookies } = toResponseHead(response, state)
  const headers = new Headers()
  for (const [name, value] of own) {
    for (const item of [value].flat()) headers.append(name, item)
  }
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  const isSame =
    status === response.status &&
    statusText === response.statusText &&
    isDeepStrictEqual([...headers], [...response.headers])
  // One that was used before is an error where it is sent.
  if (isSame || response.bodyUsed || response.body?.locked === true) return response
  state.noteShown()
  return withHead(response, { status, statusText, headers })
}

function withHead(response: Response, init: ResponseInit & { headers: Headers }): Response {
  if (isNullBodyStatus(init.status ?? 200)) {
    discard(response)
    return keepMarks(response, new Response(null, init))
  }
  // A text without a type would be given one.
  const text = init.headers.has('content-type') ? takeText(response) : undefined
  return text === undefined
    ? withBodyOf(response, init)
    : keepMarks(response, toTextResponse(text, init))
}

/**
 * undici cancels the body of what `fetch()` or `clone()` gave when that is collected, whoever has the body
 * by then: it stays as long as its body does.
 */
const origins = new WeakMap<ReadableStream, Response>()

function withBodyOf(response: Response, init: ResponseInit): Response {
  const copy = new Response(response.body, init)
  if (copy.body !== null) origins.set(copy.body, response)
  return keepMarks(response, copy)
}

/**
 * What a copy must not lose: that the request is left to others, and what tells a redirect or a
 * `notFound()`.
 */
function keepMarks(response: Response, copy: Response): Response {
  // By their names alone: Node 20 keeps all of a Response under symbols.
  for (const [name, value] of Object.entries(response)) Object.assign(copy, { [name]: value })
  if (isPassedOn(response)) passOn(copy)
  return isRedirect(response) ? toRedirect(copy, response.options) : copy
}

/** Plugins write headers, which those of `fetch()` and `Response.redirect()` refuse (hazard 150). */
export function withOpenHeaders(response: Response): Response {
  try {
    // Headers without it refuse as well, if they refuse at all.
    response.headers.delete('x-start-api-probe')
    return response
  } catch {
    // Response.error() can't be copied, nor sent.
    if (response.status === 0) return response
    const open = withBodyOf(response, response)
    // Of what `fetch()` gave, and has decoded, see toResponseHead().
    return Object.defineProperty(open, 'url', { value: response.url })
  }
}
