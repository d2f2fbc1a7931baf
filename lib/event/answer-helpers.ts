// Server helpers that answer themselves (Start v0): after one of them the handler need not return a
// Response, and one that it returns does not count.
import * as h3 from 'h3'
import { currentEvent } from './event-context'
import { type Args, toHelper, withoutEvent } from './helper'
import { h3EventOf } from './h3-event'

/** Answers with a text or bytes, under the content type given. */
export const send = toHelper<[data?: string | Uint8Array, type?: string], Promise<void>>(
  'send',
  (event, data, type) => h3.send(event, data, type),
)

/** Answers without content. @param code 204 by default */
export const sendNoContent = toHelper<[code?: number], void>('sendNoContent', h3.sendNoContent)

/** Answers with a redirect. @param code 302 by default */
export const sendRedirect = toHelper<[location: string, code?: number], Promise<void>>(
  'sendRedirect',
  h3.sendRedirect,
)

/** Answers with a stream, which is sent at the client's pace. */
export function sendStream(...args: Args<[stream: ReadableStream]>): Promise<void> {
  const [body] = withoutEvent<[ReadableStream]>(args)
  currentEvent('sendStream').response.answer = { body }
  return Promise.resolve()
}

/** Answers with a Response. */
export function sendWebResponse(...args: Args<[response: Response]>): void {
  const [response] = withoutEvent<[Response]>(args)
  const event = currentEvent('sendWebResponse')
  h3.sendWebResponse(h3EventOf(event), new Response(null, withoutBody(response)))
  event.response.answer = { body: response.body }
}

/**
 * Sets `last-modified`, `etag` and `cache-control`; if the client's copy is fresh, answers 304 and
 * returns true.
 */
export const handleCacheHeaders = toHelper<[options: h3.CacheConditions], boolean>(
  'handleCacheHeaders',
  h3.handleCacheHeaders,
)

/** Sets CORS headers; answers a preflight request, 204 by default, and returns true. */
export const handleCors = toHelper<[options: h3.H3CorsOptions], boolean>(
  'handleCors',
  h3.handleCors,
)

/** Sets the CORS headers of an answer. */
export const appendCorsHeaders = toHelper<[options: h3.H3CorsOptions], void>(
  'appendCorsHeaders',
  h3.appendCorsHeaders,
)

/** Sets the CORS headers of an answer to a preflight request. */
export const appendCorsPreflightHeaders = toHelper<[options: h3.H3CorsOptions], void>(
  'appendCorsPreflightHeaders',
  h3.appendCorsPreflightHeaders,
)

/** Whether the options allow an origin. */
export const isCorsOriginAllowed = h3.isCorsOriginAllowed

/** The request's headers that a proxy may pass on. */
export const getProxyRequestHeaders = toHelper<
  [options?: { host?: boolean }],
  Record<string, string>
>('getProxyRequestHeaders', (event, options) => h3.getProxyRequestHeaders(event, options ?? {}))

/** Passes the request on to a URL and answers with its answer, as a stream; 502 if it has none. */
export const proxyRequest = toHelper<[target: string, options?: h3.ProxyOptions], Promise<void>>(
  'proxyRequest',
  (event, target, options = {}) =>
    h3.proxyRequest(event, target, { ...options, fetch: toStreamingFetch(options.fetch) }),
)

/** Fetches a URL and answers with its answer, as a stream; 502 if it has none. */
export const sendProxy = toHelper<[target: string, options?: h3.ProxyOptions], Promise<void>>(
  'sendProxy',
  (event, target, options = {}) =>
    h3.sendProxy(event, target, { ...options, fetch: toStreamingFetch(options.fetch) }),
)

/** Fetches a URL with this request's headers. */
export const fetchWithEvent = toHelper<
  [request: Request | string | URL, init?: RequestInit],
  Promise<Response>
>('fetchWithEvent', (event, request, init) =>
  fetch(request, { ...init, headers: { ...h3.getProxyRequestHeaders(event), ...init?.headers } }),
)

/**
 * h3 copies an answer's body chunk by chunk into `res`, which here would be memory. It gets the head
 * alone; the body is handed over whole.
 */
function toStreamingFetch(own: typeof fetch = fetch): typeof fetch {
  const { response: state } = currentEvent('proxyRequest')
  return async (input, init) => {
    const response = await own(input, init)
    const end = { body: response.body }
    queueMicrotask(() => (state.answer = end))
    return new Response(null, withoutBody(response))
  }
}

function withoutBody({ status, statusText, headers }: Response): ResponseInit {
  return { status, statusText, headers }
}
