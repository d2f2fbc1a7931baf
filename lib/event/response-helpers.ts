// Server helpers that speak about the response to come, and those that give it by themselves. Each takes
// an optional leading event (Start v0). What they set wins over the Response that a handler returns.
import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Readable } from 'node:stream'
import * as h3 from 'h3'
import { currentEvent } from './event-context'
import { nodeOf, presentHeaders, readEventBody, responseOf } from './h3-event'
import { toHelper } from './helper'
import { type ResponseState, isFinalStatus } from './response-state'
import { writeThrough } from './response-headers'

/**
 * Sets the status of the answer, whatever Response the handler returns or throws (Start v0 and v1).
 *
 * @param code 200 to 599; others are ignored, and `text` with them
 * @param text reason phrase; by default the code's standard one. HTTP/2 has none
 */
export const setResponseStatus = toHelper(
  'setResponseStatus',
  (event, code?: number, text?: string): void => {
    // h3 would set the present status in place of a bad one, and so overrule the Response's own.
    if (code !== undefined) {
      // JavaScript may have it as text.
      const status = Number(code)
      if (!isFinalStatus(status)) return
      event.node.res.statusCode = status
    }
    h3.setResponseStatus(event, undefined, text)
  },
)

/** The status that was set, or in middleware, after `next()`, that of the answer; else 200 (Start v0 and v1). */
export const getResponseStatus = toHelper('getResponseStatus', h3.getResponseStatus)

/** The reason phrase that was set, or `''` (Start v0). */
export const getResponseStatusText = toHelper('getResponseStatusText', h3.getResponseStatusText)

/** A header's value; several make several lines. */
type HeaderValue = string | number | readonly string[]

/** Headers by name, a `Headers`, or pairs. */
type HeaderValues =
  | Readonly<Record<string, HeaderValue | undefined>>
  | Iterable<readonly [name: string, value: string]>

function setOne(event: h3.H3Event, name: string, value: HeaderValue): void {
  validate(name, value)
  event.node.res.setHeader(name, value)
}

/** `Object.entries()` finds nothing in `Headers`, and so Start ignored them. */
function setAll(event: h3.H3Event, headers: HeaderValues): void {
  // Pairs may repeat a name, and a `Headers` gives each cookie apart.
  const grouped = new Map<string, HeaderValue>()
  for (const [name, value] of entriesOf(headers)) {
    const key = name.toLowerCase()
    const present = grouped.get(key)
    grouped.set(key, present === undefined ? value : [present, value].flat().map(String))
  }
  for (const [name, value] of grouped) setOne(event, name, value)
}

function entriesOf(headers: HeaderValues): [name: string, value: HeaderValue][] {
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return entries.filter((entry): entry is [string, HeaderValue] => entry[1] !== undefined)
}

/** Where the mistake is, an error tells more than where the answer is sent. */
function validate(name: string, value: HeaderValue): void {
  validateHeaderName(name)
  for (const item of [value].flat()) validateHeaderValue(name, item as string)
}

/** Sets a header in place of the Response's own (Start v0). */
export const setHeader = toHelper('setHeader', setOne)

/** Sets a header in place of the Response's own (Start v0 and v1). */
export const setResponseHeader = toHelper('setResponseHeader', setOne)

/** Sets several headers, from an object or `Headers` (Start v0). */
export const setHeaders = toHelper('setHeaders', setAll)

/** Sets several headers, from an object or `Headers` (Start v0 and v1). */
export const setResponseHeaders = toHelper('setResponseHeaders', setAll)

function appendOne(event: h3.H3Event, name: string, value: HeaderValue): void {
  validate(name, value)
  event.node.res.appendHeader(name, Array.isArray(value) ? value : String(value))
}

function appendAll(event: h3.H3Event, headers: HeaderValues): void {
  for (const [name, value] of entriesOf(headers)) appendOne(event, name, value)
}

/** As `appendResponseHeader` (Start v0). */
export const appendHeader = toHelper('appendHeader', appendOne)

/**
 * Adds a value to a header of the answer: to the one that helpers have set, else to the Response's own
 * (Start v0, and v1 since 1.169). A `set-cookie` replaces one of the same name, domain and path.
 */
export const appendResponseHeader = toHelper('appendResponseHeader', appendOne)

/** Adds values to several headers, as `appendResponseHeader` does to one (Start v0). */
export const appendHeaders = toHelper('appendHeaders', appendAll)

/** Adds values to several headers, as `appendResponseHeader` does to one (Start v0). */
export const appendResponseHeaders = toHelper('appendResponseHeaders', appendAll)

/** Headers of the answer so far, as `Headers` that also read like an object. */
export type ReadableResponseHeaders = Headers &
  Readonly<Record<string, string | string[] | undefined>>

/**
 * What helpers have set, for both generations: `.get('etag')` (Start v1) and `['etag']` (v0). Changes
 * to it, such as `.set()`, apply to the answer. The Response's own headers are in it in middleware,
 * after `next()`, as in Start v1.
 */
export const getResponseHeaders = toHelper(
  'getResponseHeaders',
  (event): ReadableResponseHeaders => {
    const plain = presentHeaders(event)
    const headers = writeThrough(event.node.res, plain)
    for (const [name, value] of Object.entries(plain)) {
      if (!(name in Headers.prototype)) Object.assign(headers, { [name]: value })
    }
    return headers as ReadableResponseHeaders
  },
)

/**
 * The value of a header that helpers have set, or in middleware, after `next()`, of the answer (Start v0
 * and v1).
 */
export const getResponseHeader = toHelper(
  'getResponseHeader',
  (event, name: string) => presentHeaders(event)[name.toLowerCase()],
)

/**
 * Removes a header: what helpers have set, the Response's own, and what middleware in front set on `res`
 * (Start v0 and v1).
 */
export const removeResponseHeader = toHelper('removeResponseHeader', removeOne)

/**
 * Removes the headers named, as `removeResponseHeader` does; without names, all that helpers have set
 * and all of the Response's own, cookies included (Start v0 and v1).
 */
export const clearResponseHeaders = toHelper(
  'clearResponseHeaders',
  (event, names: readonly string[] = []): void => {
    const state = responseOf(event)
    if (names.length === 0 && state !== undefined) state.clear()
    else if (names.length === 0) h3.clearResponseHeaders(event)
    else for (const name of names) removeOne(event, name)
  },
)

function removeOne(event: h3.H3Event, name: string): void {
  const state = responseOf(event)
  if (state === undefined) event.node.res.removeHeader(name)
  else state.removeHeader(name)
}

/** Sets the content type unless a helper has, or the status is 304 (Start v0). */
export const defaultContentType = toHelper('defaultContentType', h3.defaultContentType)

/** What helpers have said about the answer so far (Start v1). Its headers can be changed. */
export function getResponse(): { status?: number; statusText?: string; readonly headers: Headers } {
  const event = currentEvent('getResponse')
  const said: Partial<ResponseState> = event.said ?? {}
  return {
    ...(said.status === undefined ? {} : { status: said.status }),
    ...(said.statusText === undefined ? {} : { statusText: said.statusText }),
    headers: getResponseHeaders(),
  }
}

/** Attributes of a cookie, and how its value is written. */
export interface CookieOptions {
  /** Sent to this host and those below it. Default: to the host that set it alone. */
  domain?: string | undefined
  /** Makes the value safe to send. Default: `encodeURIComponent`. */
  encode?(value: string): string
  /** When it ends, unless `maxAge` says so. */
  expires?: Date | undefined
  /** Hides it from the page's scripts. Default: `false`. */
  httpOnly?: boolean | undefined
  /** Seconds; it counts before `expires`. Default: until the browser is closed. */
  maxAge?: number | undefined
  /** Default: `/`. */
  path?: string | undefined
  /** Which cookies Chromium drops last where there are too many. */
  priority?: 'low' | 'medium' | 'high' | undefined
  /** Whether requests from other sites carry it; `true` is `strict`. Default: the browser's. */
  sameSite?: boolean | 'lax' | 'strict' | 'none' | undefined
  /** Sent over HTTPS alone. Default: `false`. */
  secure?: boolean | undefined
  /** Kept apart for each site that embeds this one. Default: `false`. */
  partitioned?: boolean
}

/**
 * Sets a cookie; its path is `/` by default (Start v0 and v1). It replaces one of the same name,
 * domain and path. `maxAge` is in seconds.
 *
 * @throws TypeError for a name or an attribute that no cookie can have
 */
export const setCookie = toHelper(
  'setCookie',
  (event, name: string, value: string, options?: CookieOptions): void => {
    event.node.res.appendHeader('set-cookie', toSetCookie(name, value, options))
  },
)

/** Makes the browser forget a cookie; name its `domain` and `path` if it has some (Start v0 and v1). */
export const deleteCookie = toHelper(
  'deleteCookie',
  (event, name: string, options?: CookieOptions): void => {
    event.node.res.appendHeader('set-cookie', toSetCookie(name, '', { ...options, maxAge: 0 }))
  },
)

/**
 * As h3 writes it. Its merging with other cookies is passed by: it takes the commas of their values for
 * the beginning of a further cookie (hazard 118).
 */
function toSetCookie(name: string, value: string, options?: CookieOptions): string {
  // h3 lets these through, and what follows would be an attribute of its own.
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    throw new TypeError(
      `${JSON.stringify(name)} is not a valid cookie name (RFC 6265, 4.1.1). Use letters, digits, "-" and "_".`,
    )
  }
  if (`${options?.path}${options?.domain}`.includes(';')) {
    throw new TypeError('The `path` and `domain` of a cookie can hold no semicolon. Leave it out.')
  }
  let cookie = ''
  const res = {
    getHeader: () => undefined,
    setHeader: (_name: string, text: string) => (cookie = text),
  }
  h3.setCookie({ node: { res } } as unknown as h3.H3Event, name, value, options)
  return cookie
}

/** Answers with data (Start v0). Await it; what the handler returns then does not count. */
export const send = toHelper('send', h3.send)

/** Answers without a body, by default with 204 (Start v0). */
export const sendNoContent = toHelper('sendNoContent', h3.sendNoContent)

/**
 * Answers with a redirect, by default 302 (Start v0). Await it.
 *
 * @throws TypeError for a location that begins with two slashes: another site in the guise of a path
 */
export const sendRedirect = toHelper(
  'sendRedirect',
  async (event, location: string, code?: number): Promise<void> => {
    // A path made of user input must not lead elsewhere (hazard 153). Browsers read a backslash as a
    // slash, and drop tabs and line ends before they look.
    if (/^[\\/]{2}/.test(location.replace(/[\t\r\n]/g, '').trimStart())) {
      throw new TypeError(
        'sendRedirect(): the location begins with two slashes. Write the protocol of another site.',
      )
    }
    await h3.sendRedirect(event, location, code)
  },
)

/** Answers with a stream, Node's or the web's (Start v0). */
export const sendStream = toHelper(
  'sendStream',
  (event, stream: Readable | ReadableStream): Promise<void> => h3.sendStream(event, stream),
)

/** Answers with a Response (Start v0). Returning it is the same. */
export const sendWebResponse = toHelper('sendWebResponse', h3.sendWebResponse)

/**
 * Answers with an error as JSON: its status, phrase and `data`, with the stack if `debug` is on
 * (Start v0). Throwing the error leaves the answer to Express.
 */
export const sendError = toHelper('sendError', h3.sendError)

/**
 * Sends a 103 with hints, if the connection is HTTP/1.1 and nothing is sent yet (Start v0).
 *
 * @throws TypeError for a link, or another header, that HTTP does not allow
 */
export const writeEarlyHints = toHelper(
  'writeEarlyHints',
  (
    event,
    hints: string | string[] | Record<string, string | string[]>,
    callback: () => void = () => {},
  ): void => {
    const res = nodeOf(event)?.res
    const link = typeof hints === 'string' || Array.isArray(hints) ? { link: hints } : hints
    // HTTP/1.0 clients would take the 103 for the answer (hazard 148).
    // Responses made by hand may lack it (hazard 239).
    const able =
      res?.writeEarlyHints !== undefined &&
      !res.headersSent &&
      (res.req?.httpVersion ?? '1.0') !== '1.0'
    for (const [name, value] of Object.entries(link)) {
      validate(name, value)
      if (name.toLowerCase() === 'link') [value].flat().forEach(validateLink)
    }
    if (able && 'link' in link) res.writeEarlyHints(link as Record<string, string[]>, callback)
    else callback()
  },
)

/**
 * What Node takes for a link, in a pattern with one way to read each character: Node's own tries all of
 * them, which takes a client's `;x=x=x=x=x` ten times over and a quote a second to be refused (hazard 187).
 */
const LINK = /^<[^>]*>(?:\s*;\s*[^;"\s]+(?:(?<=[^;"\s]=)"[^;"\s]*")?)*$/

function validateLink(link: string): void {
  if (LINK.test(link)) return
  throw new TypeError(
    'writeEarlyHints(): a link is malformed. Write each as `</style.css>; rel=preload; as=style`, and several as an array.',
  )
}

/**
 * Sets the headers that caches read (Start v0). Returns `true`, and has answered 304, if the client's
 * copy is still good. `maxAge` is in seconds.
 */
export const handleCacheHeaders = toHelper('handleCacheHeaders', h3.handleCacheHeaders)

/** Sets the CORS headers (Start v0). Returns `true` if it has answered a preflight. */
export const handleCors = toHelper('handleCors', h3.handleCors)

/** Adds the CORS headers of an answer (Start v0). */
export const appendCorsHeaders = toHelper('appendCorsHeaders', h3.appendCorsHeaders)

/** Adds the CORS headers of a preflight's answer (Start v0). */
export const appendCorsPreflightHeaders = toHelper(
  'appendCorsPreflightHeaders',
  h3.appendCorsPreflightHeaders,
)

/** h3 would collect the whole body, since it writes without waiting: its stream is passed on instead. */
function streaming(options: h3.ProxyOptions = {}): h3.ProxyOptions {
  if (options.sendStream === false) return options
  return {
    ...options,
    async onResponse(event, response: Response) {
      await options.onResponse?.(event, response)
      if (!event.handled && response.body) await h3.sendStream(event, response.body)
    },
  }
}

/** Answers with what another server answers to this request (Start v0); status 502 if it fails. */
export const proxyRequest = toHelper(
  'proxyRequest',
  async (event, target: string, options?: h3.ProxyOptions): Promise<unknown> => {
    // h3 would send a body that can't be read as none.
    if (options?.streamRequest !== true) await readEventBody(event)
    return h3.proxyRequest(event, target, streaming(options))
  },
)

/** Answers with what `fetch(target)` gives (Start v0); throws an error with status 502 if it fails. */
export const sendProxy = toHelper(
  'sendProxy',
  (event, target: string, options?: h3.ProxyOptions): Promise<unknown> =>
    h3.sendProxy(event, target, streaming(options)),
)

/** `fetch()` with this request's headers (Start v0). */
export const fetchWithEvent = toHelper(
  'fetchWithEvent',
  (
    event,
    target: RequestInfo | URL,
    init?: RequestInit,
    options?: { fetch: typeof fetch },
  ): Promise<Response> => h3.fetchWithEvent(event, target, init, options),
)
