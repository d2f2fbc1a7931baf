// Per request, on the first helper call: the event that h3's own helpers work on. Their reads see the
// request as it came, their writes end in the event's ResponseState.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type H3Event, createEvent } from 'h3'
import { type RequestEvent, currentEvent, enableEvents } from './event-context'
import type { ResponseState } from './response-state'

enableEvents()

/** What helpers take for an event: h3's, or an object that holds one, as in Start v0. */
export type EventLike = H3Event | { readonly [key: string | symbol]: unknown }

const inner = new WeakMap<RequestEvent, H3Event>()
const outer = new WeakMap<RequestEvent, H3Event>()

/** The event that helpers use. */
export function h3EventOf(event: RequestEvent): H3Event {
  let h3Event = inner.get(event)
  if (h3Event === undefined) {
    h3Event = createEvent(toReadOnlyRequest(event), toRecorder(event))
    inner.set(event, withWebRequest(h3Event, event))
  }
  return h3Event
}

/** The event that users see: `node` holds Express's own `req` and `res`. */
export function getEvent(): H3Event {
  const event = currentEvent('getEvent')
  let h3Event = outer.get(event)
  if (h3Event === undefined) {
    const { req, res } = event.node ?? { req: toReadOnlyRequest(event), res: toRecorder(event) }
    h3Event = withWebRequest(createEvent(req, res), event)
    outer.set(event, h3Event)
  }
  return h3Event
}

function withWebRequest(h3Event: H3Event, event: RequestEvent): H3Event {
  h3Event.context = event.context
  let body: Promise<Buffer> | undefined
  return Object.defineProperties(h3Event, {
    // h3 reads bodies here before it looks at `req`, whose stream a parser may have read. A copy is
    // read, once, so that `request.json()` and `readBody()` do not take it from each other.
    _requestBody: {
      get() {
        if (event.request.body === null) return undefined
        return (body ??= event.request.clone().arrayBuffer().then(Buffer.from))
      },
    },
    web: { get: () => ({ request: event.request, url: new URL(event.request.url) }) },
    waitUntil: { value: event.waitUntil },
  })
}

/** Node's request without the body that a parser left, which h3 would take for the client's. */
function toReadOnlyRequest(event: RequestEvent): IncomingMessage {
  const { node, request } = event
  if (node !== undefined) {
    const { ip } = node.req as IncomingMessage & { ip?: string }
    // Express's address heeds `trust proxy`, Node's is the proxy's.
    if (ip !== undefined) event.context['clientAddress'] ??= ip
    return Object.create(node.req, {
      body: { value: undefined },
      rawBody: { value: undefined },
    }) as IncomingMessage
  }
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    url: pathname + search,
    headers: Object.fromEntries(request.headers),
    socket: {},
    // h3 reads no more than these where the event has a web request.
  } as unknown as IncomingMessage
}

/** The members of a ServerResponse that h3 writes to. */
function toRecorder({ response: state, node }: RequestEvent): ServerResponse {
  const chunks: Uint8Array[] = []
  const recorder = {
    get statusCode() {
      return state.status ?? 200
    },
    set statusCode(code: number) {
      state.status = code
    },
    get statusMessage() {
      return state.statusText ?? ''
    },
    set statusMessage(text: string) {
      state.statusText = text
    },
    get headersSent() {
      return state.answer !== undefined
    },
    get writableEnded() {
      return state.answer !== undefined
    },
    socket: node?.res.socket ?? null,
    getHeader: (name: string) => state.getHeader(name),
    getHeaders: () => headersOf(state),
    hasHeader: (name: string) => state.getHeader(name) !== undefined,
    setHeader(name: string, value: unknown) {
      state.setHeader(name, toHeaderValue(value))
      return recorder
    },
    appendHeader(name: string, value: unknown) {
      state.appendHeader(name, toHeaderValue(value))
      return recorder
    },
    removeHeader: (name: string) => state.removeHeader(name),
    writeHead(code: number) {
      state.status = code
      return recorder
    },
    write(chunk: string | Uint8Array) {
      chunks.push(Buffer.from(chunk as string))
      return true
    },
    end(chunk?: string | Uint8Array | null) {
      if (chunk !== undefined && chunk !== null) recorder.write(chunk)
      state.answer = { body: chunks.length === 0 ? null : Buffer.concat(chunks) }
      return recorder
    },
    on: () => recorder,
  }
  // h3 calls these members and no others.
  return recorder as unknown as ServerResponse
}

/** What helpers have set, by lower-case name. */
export function headersOf(state: ResponseState): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of state.headers) {
    if (value !== null) headers[name] = typeof value === 'string' ? value : [...value]
  }
  if (state.cookies.length > 0) headers['set-cookie'] = [...state.cookies]
  return headers
}

/**
 * Numbers and the like become text, as in Node. `undefined` stays what it is, for Node to refuse: the
 * text "undefined" would hide a mistake (hazard 112). `null` removes.
 */
export function toHeaderValue(value: unknown): string | string[] {
  if (value === undefined || value === null) return value as never
  return Array.isArray(value) ? value.map(String) : String(value)
}
