// Per request: Node's req → a fetch Request, made by @whatwg-node/server from a guarded view.
import type { ServerResponse } from 'node:http'
import { type FetchAPI, type NodeRequest, normalizeNodeRequest } from '@whatwg-node/server'
import type { RequestHost } from '../request-host'
import { onceGone } from './client-left'
import { setBodyHeaders, toRequestBody } from './request-body'
import { type HostRequest, toProtocol, toWireTarget } from './request-url'
import { type RequestOrigin, ServerRequest } from './server-request'

/**
 * The platform's classes: the adapter's own fail `instanceof`, `clone()` and `fetch(request)` (hazards
 * 59 to 63). One for all requests: V8 keeps a function that is called with `new` until a full
 * collection, and all that it refers to.
 */
const FETCH_API = {
  URL,
  /** The adapter hands on `headers` as they are: here, where the Request comes from. */
  Request: function (url: string, { method, headers }: { method: string; headers: RequestOrigin }) {
    return new ServerRequest(url, method, headers)
  },
} as unknown as FetchAPI

/**
 * The adapter makes a signal, which nobody uses, of one of two kinds. The cheaper one saves 2 µs a
 * request on Node 20, and 0.4 of 10 on Node 24.
 */
const NATIVE_SIGNALS_ARE_DEAR = Number.parseInt(process.versions.node, 10) < 22

/**
 * The adapter never sees `req` itself: given one, it re-writes the query from `req.query`, replaces
 * parsed bodies, writes into `req.headers` and takes `req.raw` for a container (hazards 1 to 5, 46,
 * 70 to 78). It sees a view that holds what the URL is to be made of, and makes a Request that
 * brings its own body and signal. Headers are filled in afterwards, which takes half the time of
 * handing them over.
 *
 * @param deadline aborts the Request's signal, too, with its own reason
 */
export function toRequest(
  req: HostRequest,
  res: ServerResponse,
  host: RequestHost,
  maxBodySize: number,
  deadline?: AbortSignal,
): Request {
  const { method = 'GET' } = req
  const target = toWireTarget(req)
  const protocol = toProtocol(req)
  const bodied = method !== 'GET' && method !== 'HEAD'
  const body = bodied ? toRequestBody(req, res, maxBodySize) : undefined
  const origin: RequestOrigin = {
    url: host[protocol] + target,
    body: body?.source,
    onLeave(listener) {
      if (deadline?.aborted) return listener(deadline.reason)
      deadline?.addEventListener('abort', () => listener(deadline.reason), { once: true })
      onceGone(req, res, () => listener(undefined))
    },
  }
  const view = {
    method,
    headers: origin,
    raw: { protocol, originalUrl: target, headers: { host: host.name } },
  }
  // The adapter's types describe Node's own classes; it reads only what the view has.
  const request = normalizeNodeRequest(
    view as unknown as NodeRequest,
    FETCH_API,
    undefined,
    NATIVE_SIGNALS_ARE_DEAR,
  )
  fillHeaders(request.headers, req)
  if (body !== undefined) setBodyHeaders(request.headers, body)
  return request
}

/**
 * Headers about the connection and not about the request: hop-by-hop ones (RFC 9110, 7.6.1) and
 * `expect`, which Node has answered. `fetch(request)` refuses a Request that has them.
 */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'expect',
])

/**
 * `req.headers`, which guards in front read and may have changed: where the client repeats a
 * single-valued header, its first value counts for both (hazard 49).
 */
function fillHeaders(headers: Headers, req: HostRequest): void {
  const own = req.headers
  for (const name of Object.keys(own)) {
    const value = own[name]
    // HTTP/2's pseudo-headers begin with a colon (hazard 51).
    if (value === undefined || name.startsWith(':') || OF_CONNECTION.has(name)) continue
    if (Array.isArray(value)) for (const item of value) headers.append(name, item)
    // Middleware in front may have put in what is no string.
    else headers.append(name, String(value))
  }
  const authority = own[':authority']
  if (typeof authority === 'string' && !headers.has('host')) headers.set('host', authority)
}
