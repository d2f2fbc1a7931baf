// Server helpers that read the request, bodies apart.
import * as h3 from 'h3'
import { currentEvent } from './event-context'
import { type Args, toHelper, withoutEvent } from './helper'
import { h3EventOf } from './h3-event'

/** The fetch Request being handled (Start v1). */
export function getRequest(): Request {
  return currentEvent('getRequest').request
}

/** The fetch Request being handled (Start v0). */
export function getWebRequest(..._event: Args<[]>): Request {
  return currentEvent('getWebRequest').request
}

/** The fetch Request of the event (Start v0). */
export const toWebRequest = getWebRequest

/** A `Headers` that can be read like a plain object as well, by lower-case name. */
export type ReadableHeaders = Headers & Readonly<Record<string, string | undefined>>

/**
 * The request's headers, for both generations of Start: a `Headers` (v1), whose entries are also own
 * properties by lower-case name (v0), save for names that are methods of `Headers`.
 */
export function getRequestHeaders(..._event: Args<[]>): ReadableHeaders {
  return toReadableHeaders(currentEvent('getRequestHeaders').request.headers)
}

/** The request's headers as a plain object, by lower-case name; repeated ones joined by `, ` (Start v0). */
export const getHeaders = toHelper<[], Record<string, string>>('getHeaders', () =>
  Object.fromEntries(getRequest().headers),
)

/** One header of the request, in any case; `undefined` if it was not sent. */
export function getRequestHeader(...args: Args<[name: string]>): string | undefined {
  const [name] = withoutEvent<[string]>(args)
  return currentEvent('getRequestHeader').request.headers.get(name) ?? undefined
}

/** One header of the request, in any case; `undefined` if it was not sent (Start v0). */
export const getHeader = getRequestHeader

/**
 * The host of `request.url`, with its port: by default as Express's `trust proxy` sees it.
 *
 * @param options.xForwardedHost believe `X-Forwarded-Host`, whoever sent it
 */
export const getRequestHost = toHelper<[options?: { xForwardedHost?: boolean }], string>(
  'getRequestHost',
  (event, options) =>
    options?.xForwardedHost === true
      ? h3.getRequestHost(event, options)
      : new URL(getRequest().url).host,
)

/**
 * `http` or `https`: by default as Express's `trust proxy` sees it.
 *
 * @param options.xForwardedProto believe `X-Forwarded-Proto`, whoever sent it
 */
export const getRequestProtocol = toHelper<
  [options?: { xForwardedProto?: boolean }],
  'http' | 'https'
>('getRequestProtocol', (event, options) =>
  options?.xForwardedProto === true
    ? (h3.getRequestProtocol(event, options) as 'http' | 'https')
    : new URL(getRequest().url).protocol === 'https:'
      ? 'https'
      : 'http',
)

/** As `request.url`, parsed (Start v1's spelling). Options as for the host and the protocol. */
export const getRequestUrl = toHelper<
  [options?: { xForwardedHost?: boolean; xForwardedProto?: boolean }],
  URL
>('getRequestUrl', (_event, options = {}) => {
  const { pathname, search } = new URL(getRequest().url)
  return new URL(`${getRequestProtocol(options)}://${getRequestHost(options)}${pathname}${search}`)
})

/** As `request.url`, parsed (Start v0's spelling). */
export const getRequestURL = getRequestUrl

/**
 * The client's address: Express's `req.ip`, which heeds `trust proxy`, elsewhere the socket's.
 * `undefined` where there is none, as in `api.fetch()`.
 *
 * @param options.xForwardedFor believe `X-Forwarded-For`, whoever sent it
 */
export const getRequestIP = toHelper<[options?: { xForwardedFor?: boolean }], string | undefined>(
  'getRequestIP',
  h3.getRequestIP,
)

/** A hash of what tells clients apart, or `null` if nothing does (Start v0). */
export const getRequestFingerprint = toHelper<
  [options?: h3.RequestFingerprintOptions],
  Promise<string | null>
>('getRequestFingerprint', h3.getRequestFingerprint)

/** Whether the method is one of those given; `allowHead` lets HEAD pass for GET (Start v0). */
export const isMethod = toHelper<
  [expected: h3.HTTPMethod | h3.HTTPMethod[], allowHead?: boolean],
  boolean
>('isMethod', h3.isMethod)

/** Throws a 405 if the method is none of those given (Start v0). */
export const assertMethod = toHelper<
  [expected: h3.HTTPMethod | h3.HTTPMethod[], allowHead?: boolean],
  void
>('assertMethod', h3.assertMethod)

/** Whether a browser asks for CORS: OPTIONS, `Origin`, `Access-Control-Request-Method` (Start v0). */
export const isPreflightRequest = toHelper<[], boolean>('isPreflightRequest', h3.isPreflightRequest)

/** The parsed query; repeated keys become arrays (Start v0). */
export function getQuery<T extends object = Record<string, unknown>>(..._event: Args<[]>): T {
  return h3.getQuery(h3EventOf(currentEvent('getQuery'))) as T
}

/**
 * The query after a check (Start v0).
 *
 * @param validate returns the value to use, `true` for the query as it is, or `false`; a failure is a 400
 */
export function getValidatedQuery<T>(
  ...args: Args<[validate: h3.ValidateFunction<T>]>
): Promise<T> {
  const [validate] = withoutEvent<[h3.ValidateFunction<T>]>(args)
  const event = h3EventOf(currentEvent('getValidatedQuery'))
  return h3.getValidatedQuery<T>(event, validate as never) as Promise<T>
}

/** The params of the route, as in the handler's `params` (Start v0, where they were empty). */
export function getRouterParams(
  ..._args: Args<[options?: { decode?: boolean }]>
): Record<string, string> {
  return currentEvent('getRouterParams').params
}

/** One param of the route (Start v0, where it was empty). */
export function getRouterParam(
  ...args: Args<[name: string, options?: { decode?: boolean }]>
): string | undefined {
  const [name] = withoutEvent<[string, unknown?]>(args)
  return currentEvent('getRouterParam').params[name]
}

/** A value that helpers, middleware and handler of this request share; see `setContext` (Start v0). */
export function getContext(...args: Args<[key: string]>): unknown {
  const [key] = withoutEvent<[string]>(args)
  return currentEvent('getContext').context[key]
}

/** Keeps a value for the rest of this request; `getContext` finds it (Start v0). */
export function setContext(...args: Args<[key: string, value: unknown]>): void {
  const [key, value] = withoutEvent<[string, unknown]>(args)
  currentEvent('setContext').context[key] = value
}

const METHODS_OF_HEADERS = new Set(Object.getOwnPropertyNames(Headers.prototype))

export function toReadableHeaders(headers: Headers): ReadableHeaders {
  const copy = new Headers(headers)
  for (const [name, value] of copy) {
    if (METHODS_OF_HEADERS.has(name)) continue
    Object.defineProperty(copy, name, { value, enumerable: true, configurable: true })
  }
  return copy as ReadableHeaders
}
