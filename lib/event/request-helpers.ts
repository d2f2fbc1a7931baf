// Server helpers that read the request. Each takes an optional leading event (Start v0).
import * as h3 from 'h3'
import { readForm } from '../malformed-body'
import { firstForwarded, toRequestHost } from '../request-host'
import { currentEvent } from './event-context'
import { nodeOf, readEventBody, shownEvent } from './h3-event'
import { type EventLike, type Helper, type Rest, toHelper } from './helper'
import { type Schema, toValidate } from './schema'

/**
 * The event of the current request (Start v0). Its `node.req` and `node.res` are Express's own;
 * in `api.fetch()` they are stand-ins. Helpers that are given it work on its request.
 */
export function getEvent(): h3.H3Event {
  return shownEvent(currentEvent('getEvent'))
}

/** A value that this request's code keeps under a key (Start v0). */
export const getContext = toHelper(
  'getContext',
  (event, key: string): unknown => event.context[key],
)

/** Keeps a value for the rest of this request (Start v0). */
export const setContext = toHelper('setContext', (event, key: string, value: unknown): void => {
  event.context[key] = value
})

/** The fetch Request, the same that handlers get (Start v0). */
export const getWebRequest = toHelper('getWebRequest', h3.toWebRequest)

/** The fetch Request, the same that handlers get (Start v1). */
export function getRequest(): Request {
  return currentEvent('getRequest').request
}

/** The fetch Request of an event (Start v0). */
export const toWebRequest = toHelper('toWebRequest', h3.toWebRequest)

/** Request headers by lower-case name, as `Headers` that also read like an object. */
export type ReadableHeaders = Headers & h3.RequestHeaders

/**
 * All request headers, for both generations: `getRequestHeaders().get('accept')` (Start v1) and
 * `getRequestHeaders()['accept']` (v0). It is a copy. A header named like a method of `Headers`
 * (`get`, `keys`) is had through `get()` alone.
 */
export const getRequestHeaders = toHelper('getRequestHeaders', (event): ReadableHeaders => {
  const plain = h3.getRequestHeaders(event)
  const headers = new Headers()
  for (const [name, value] of Object.entries(plain)) {
    // HTTP/2's pseudo-headers are no header names.
    if (value === undefined || name.startsWith(':')) continue
    headers.append(name, value)
    // Any client could replace the methods else.
    if (!(name in Headers.prototype)) Object.assign(headers, { [name]: value })
  }
  return headers as ReadableHeaders
})

/** All request headers by lower-case name; repeated ones are joined by `, ` (Start v0). */
export const getHeaders = toHelper('getHeaders', h3.getHeaders)

/** One request header, whatever its case; `undefined` if absent (Start v0 and v1). */
export const getRequestHeader = toHelper('getRequestHeader', h3.getRequestHeader)

/** The same as `getRequestHeader` (Start v0). */
export const getHeader = toHelper('getHeader', h3.getHeader)

/**
 * The host of `request.url`, with its port (Start v0 and v1): as Express's `trust proxy` sees it.
 * `xForwardedHost: true` takes `X-Forwarded-Host` first, which clients can set unless a proxy does.
 *
 * @throws StartApiError with status 400 for an `X-Forwarded-Host` that counts and is no host
 */
export const getRequestHost = toHelper('getRequestHost', toHost)

/**
 * `http` or `https` (Start v0 and v1), as Express's `trust proxy` sees it. With `xForwardedProto: true`
 * the header counts from anybody, as in Start by default: there a client can choose it (hazard 19).
 */
export const getRequestProtocol = toHelper('getRequestProtocol', toProtocol)

/** The URL of the request, a new object each time (Start v0). Options as for host and protocol. */
export const getRequestURL = toHelper('getRequestURL', toUrl)

/** The same as `getRequestURL` (Start v1). */
export const getRequestUrl = toHelper('getRequestUrl', toUrl)

interface UrlOptions {
  xForwardedHost?: boolean
  xForwardedProto?: boolean
}

function toUrl(event: h3.H3Event, options?: UrlOptions): URL {
  const origin = `${toProtocol(event, options)}://${toHost(event, options)}`
  // `//path` alone would be read as a host.
  return new URL(origin + event.path)
}

function toHost(
  event: h3.H3Event,
  { xForwardedHost }: Pick<UrlOptions, 'xForwardedHost'> = {},
): string {
  const forwarded = xForwardedHost === true && h3.getRequestHeader(event, 'x-forwarded-host')
  return forwarded
    ? toRequestHost(firstForwarded(forwarded)).name
    : (event.web?.url ?? h3.getRequestURL(event)).host
}

/** h3 knows no list of proxies and no capital letters, and no `http` in front of https. */
function toProtocol(
  event: h3.H3Event,
  { xForwardedProto }: Pick<UrlOptions, 'xForwardedProto'> = {},
): 'http' | 'https' {
  const forwarded = xForwardedProto === true && h3.getRequestHeader(event, 'x-forwarded-proto')
  const first = forwarded ? firstForwarded(forwarded).toLowerCase() : undefined
  return first === 'http' || first === 'https'
    ? first
    : h3.getRequestProtocol(event, { xForwardedProto: false })
}

/**
 * The client's address, or `undefined` (Start v0 and v1): Express's `req.ip`, else the socket's.
 * `xForwardedFor: true` takes the first address in `X-Forwarded-For`, which clients can set; where
 * `trust proxy` is on, Express's address counts nevertheless.
 */
export const getRequestIP = toHelper(
  'getRequestIP',
  (event, options?: { xForwardedFor?: boolean }): string | undefined => {
    // Express fills `ips` only where it trusts a proxy.
    const { ips, ip } = (nodeOf(event)?.req ?? {}) as { ips?: readonly string[]; ip?: string }
    return ips !== undefined && ips.length > 0 ? ip : h3.getRequestIP(event, options)
  },
)

/**
 * A hash, in hexadecimal, of what tells clients apart (Start v0): the address, and with options the
 * method, path and user agent. `null` if nothing is known; `hash: false` gives the parts themselves.
 */
export const getRequestFingerprint = toHelper('getRequestFingerprint', h3.getRequestFingerprint)

/** Whether the request has this method, or one of these (Start v0). */
export const isMethod = toHelper('isMethod', h3.isMethod)

/** Throws an error with status 405 unless the request has this method, or one of these (Start v0). */
export const assertMethod = toHelper('assertMethod', h3.assertMethod)

/** Whether the request is a browser's CORS preflight (Start v0). */
export const isPreflightRequest = toHelper('isPreflightRequest', h3.isPreflightRequest)

/** The query by key; repeated keys give arrays (Start v0). */
export const getQuery = toHelper('getQuery', h3.getQuery) as {
  <T = Record<string, unknown>>(): T
  <T = Record<string, unknown>>(event: EventLike): T
}

/** How input is checked: a function of h3's kind, or a schema (Standard Schema, as zod's). */
export type Validation<T> = h3.ValidateFunction<T> | Schema<T>

interface Validated {
  <T>(validation: Validation<T>): Promise<T>
  <T>(event: EventLike, validation: Validation<T>): Promise<T>
}

/** The query once it is checked (Start v0 and v1). Throws an error with status 400 if it fails. */
export const getValidatedQuery = toHelper(
  'getValidatedQuery',
  (event, validation: Validation<unknown>) => h3.getValidatedQuery(event, toValidate(validation)),
) as Validated

/** The params of the matched route (Start v0, where it is empty in API routes). */
export const getRouterParams = toHelper('getRouterParams', h3.getRouterParams)

/** One param of the matched route (Start v0). */
export const getRouterParam = toHelper('getRouterParam', h3.getRouterParam)

/** The params once they are checked (Start v0). Throws an error with status 400 if they fail. */
export const getValidatedRouterParams = toHelper(
  'getValidatedRouterParams',
  (event, validation: Validation<unknown>, options?: { decode?: boolean }) =>
    h3.getValidatedRouterParams(event, toValidate(validation), options),
) as {
  <T>(validation: Validation<T>, options?: { decode?: boolean }): Promise<T>
  <T>(event: EventLike, validation: Validation<T>, options?: { decode?: boolean }): Promise<T>
}

/**
 * The body as text, or as a Buffer with `false` for the encoding (Start v0); `undefined` if there is
 * none. Throws an error with status 405 unless the method is POST, PUT, PATCH or DELETE. It can be
 * called again, before or after `readBody()`, but not after `request.json()`.
 */
export const readRawBody = toHelper(
  'readRawBody',
  async (event, encoding?: h3.Encoding): Promise<string | Buffer | undefined> => {
    const body = await h3.readRawBody(event, encoding)
    return body === undefined || body.length === 0 ? undefined : body
  },
) as {
  (encoding: false): Promise<Buffer | undefined>
  (encoding?: Exclude<h3.Encoding, false>): Promise<string | undefined>
  (event: EventLike, encoding: false): Promise<Buffer | undefined>
  (event: EventLike, encoding?: Exclude<h3.Encoding, false>): Promise<string | undefined>
}

/**
 * The body by its content type: JSON, a form (repeated keys give arrays) or text; `undefined` if empty
 * (Start v0). Throws an error with status 400 for `application/json` that is none, or with `strict`
 * for any that is none.
 */
export const readBody = toHelper('readBody', h3.readBody) as {
  // oxlint-disable-next-line typescript/no-explicit-any -- as h3 and `Request.json()` type it
  <T = any>(options?: { strict?: boolean }): Promise<T>
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  <T = any>(event: EventLike, options?: { strict?: boolean }): Promise<T>
}

/** The body once it is checked (Start v0). Throws an error with status 400 if it fails. */
export const readValidatedBody = toHelper(
  'readValidatedBody',
  (event, validation: Validation<unknown>) => h3.readValidatedBody(event, toValidate(validation)),
) as Validated

/** The form that was sent, with files (Start v0). Throws an error with status 400 if the body is none. */
export const readFormData = toHelper('readFormData', async (event): Promise<FormData> => {
  const body = await readEventBody(event)
  const headers = { 'content-type': h3.getRequestHeader(event, 'content-type') ?? '' }
  const source = body === undefined ? h3.toWebRequest(event) : new Response(body, { headers })
  return readForm(source, () => source.formData())
})

/** The parts of a multipart form, each with its bytes; `undefined` for other bodies (Start v0). */
export const readMultipartFormData = toHelper('readMultipartFormData', h3.readMultipartFormData)

/** The body as a stream; `undefined` unless the method has one (Start v0). */
export const getRequestWebStream = toHelper('getRequestWebStream', h3.getRequestWebStream)

/** The cookies of the request by name (Start v0). Those set meanwhile are not among them. */
export const parseCookies = toHelper('parseCookies', toCookies)

/** The cookies of the request by name (Start v1). Those set meanwhile are not among them. */
export const getCookies = toHelper('getCookies', toCookies)

/** Without a prototype: the names are the client's (hazard 247). */
function toCookies(event: h3.H3Event): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, h3.parseCookies(event))
}

/** One cookie of the request (Start v0 and v1). */
export const getCookie = toHelper('getCookie', h3.getCookie)

/** The request headers that a proxy passes on (Start v0). */
export const getProxyRequestHeaders: Helper<
  Rest<typeof h3.getProxyRequestHeaders>,
  Record<string, string>
> = toHelper('getProxyRequestHeaders', h3.getProxyRequestHeaders)
