// Per request: Node's req → a native fetch Request, made by @whatwg-node/server from a guarded view.
import { setMaxListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import {
  type FetchAPI,
  type NodeRequest,
  type NodeResponse,
  normalizeNodeRequest,
} from '@whatwg-node/server'
import { onceGone } from './client-left'
import { flagMalformedBody } from './malformed-body'
import { setBodyHeaders, toRequestBody } from './request-body'
import { type HostRequest, toProtocol, toWireTarget } from './request-url'

/**
 * Handlers get the platform's own classes: the adapter's ponyfills fail `instanceof`, `clone()` and
 * `fetch(request)` (hazards 59 to 63).
 */
const NATIVE = { Request, URL } as unknown as FetchAPI

/**
 * The adapter never sees `req` itself: given one, it re-writes the query from `req.query`, replaces
 * parsed bodies, writes into `req.headers` and takes `req.raw` for a container (hazards 1 to 5, 46,
 * 70 to 78). It sees a view that holds what the Request is to be made of, and nothing else.
 */
export function toRequest(
  req: HostRequest,
  res: ServerResponse,
  host: string,
  maxBodySize: number,
  deadline?: AbortSignal,
): Request {
  const target = toWireTarget(req)
  const headers = toHeaders(req)
  const { method = 'GET' } = req
  const bodied = method !== 'GET' && method !== 'HEAD'
  const body = bodied ? toRequestBody(req, res, maxBodySize) : undefined
  if (body !== undefined) setBodyHeaders(headers, body)
  const line = {
    protocol: toProtocol(req),
    originalUrl: target,
    headers: { host },
  }
  const view = {
    method,
    headers,
    // The adapter reads URL parts from `raw` and passes the same object on as the body.
    raw: body === undefined ? line : Object.assign(body.source, line),
  }
  // The adapter's types describe Node's own classes; it reads only what the view has.
  const source = toAbortSource(req, res, deadline)
  const abortSource = source as unknown as NodeResponse
  const request = normalizeNodeRequest(view as unknown as NodeRequest, NATIVE, abortSource)
  source.request = request
  // It lives as long as the request: listeners of a handler's twenty sub-requests are no leak, which
  // Node warns of beyond ten (hazard 227).
  setMaxListeners(0, request.signal)
  return flagMalformedBody(withExactUrl(request, target))
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
function toHeaders(req: HostRequest): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    // HTTP/2's pseudo-headers begin with a colon (hazard 51).
    if (value === undefined || name.startsWith(':') || OF_CONNECTION.has(name)) continue
    if (Array.isArray(value)) for (const item of value) headers.append(name, item)
    // Middleware in front may have put in what is no string.
    else headers.append(name, String(value))
  }
  const authority = req.headers[':authority']
  if (typeof authority === 'string' && !headers.has('host')) headers.set('host', authority)
  return headers
}

interface AbortSource {
  /**
   * Node collects a Request of which only the signal is still in use, as in an event stream, and its
   * signal then stays silent: the listener for the client's leaving has to hold it.
   */
  request?: Request
  /** What the adapter aborts with; its own reason if absent. */
  readonly errored?: unknown
  once(event: string, abort: () => void): void
  removeListener(): void
}

/**
 * Tells the adapter when the client has left, `close` without `finish`, or time is up. Given `res`, it
 * would keep listeners on it and redefine `req.aborted` (hazards 69, 228).
 */
function toAbortSource(req: HostRequest, res: ServerResponse, deadline?: AbortSignal): AbortSource {
  const source: AbortSource = {
    get errored(): unknown {
      return deadline?.reason
    },
    once(event: string, abort: () => void) {
      if (event !== 'close') return
      if (deadline?.aborted) return abort()
      deadline?.addEventListener('abort', abort, { once: true })
      onceGone(req, res, () => {
        abort()
        source.request = undefined
      })
    },
    removeListener() {},
  }
  return source
}

/**
 * WHATWG URLs escape some characters that clients send as they are (`'`, `"`, `{`, `|`): a signature
 * over the URL would no longer match (hazard 3). The property shadows the getter only then.
 */
function withExactUrl(request: Request, target: string): Request {
  if (/^[\w\-.~!$&()*+,;=:@/%?[\]]*$/.test(target)) return request
  const { origin } = new URL(request.url)
  if (request.url !== origin + target) {
    Object.defineProperty(request, 'url', { value: origin + target, configurable: true })
  }
  return request
}
