// Per request, on the first helper call: the events that h3's functions work on. They read the client's
// request as the handler sees it, and what they write goes to ResponseState.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { type H3Event, createEvent } from 'h3'
import { StartApiError } from '../errors'
import { type NodeExchange, type RequestEvent, currentEvent } from './event-context'
import type { ResponseState } from './response-state'

interface Events {
  /** As users see it: Express's own `req` and `res` are in it. */
  readonly shown: H3Event
  /** As h3 works on it. */
  readonly working: H3Event
  /** The request that an entry handler put in place of the client's, if it did. */
  readonly replacement: Request | undefined
}

const events = new WeakMap<RequestEvent, Events>()
/** Registered, so that another copy of the package knows the events of this one (hazard 225). */
const WORKING = Symbol.for('express-start-api.working-event')
const OWNER = Symbol.for('express-start-api.request-event')

/** An event of ours, on either side. */
interface OwnEvent extends H3Event {
  readonly [WORKING]?: H3Event
  readonly [OWNER]?: RequestEvent
}

/** The event as users see it: `node` holds Node's own objects, where there are some. */
export function shownEvent(event: RequestEvent): H3Event {
  return eventsOf(event).shown
}

/**
 * The event that h3 is to work on: the one that belongs to the caller's event, or to the current
 * request. An event of another h3 application is taken as it is.
 *
 * @throws StartApiError outside a request, unless an event is given
 */
export function workingEvent(helper: string, given?: OwnEvent): H3Event {
  return given === undefined ? eventsOf(currentEvent(helper)).working : (given[WORKING] ?? given)
}

/** What a working event's helpers say; `undefined` for an event of another h3 application. */
export function responseOf({ [OWNER]: owner }: OwnEvent): ResponseState | undefined {
  return owner?.response
}

/** Node's own objects behind a working event; `undefined` in `api.fetch()`, and for another h3 application's. */
export function nodeOf({ [OWNER]: owner }: OwnEvent): NodeExchange | undefined {
  return owner?.node
}

/** What helpers have set, and in middleware that has awaited `next()` the headers of the answer, too. */
export function presentHeaders(
  event: OwnEvent,
): Readonly<Record<string, number | string | string[] | undefined>> {
  const { answer, said } = event[OWNER] ?? {}
  if (answer === undefined) return event.node.res.getHeaders()
  const headers = new Map<string, string | readonly string[]>(answer.headers)
  headers.delete('set-cookie')
  const ownCookies = answer.headers.getSetCookie()
  const cookies = said?.override(headers, ownCookies) ?? ownCookies
  const isMerged = (name: string) =>
    said?.isCleared === false && said.isAdded(name) && answer.headers.has(name)
  return {
    ...Object.fromEntries(
      [...headers].map(([name, value]) => [
        name,
        isMerged(name) ? [value].flat().join(', ') : copy(value),
      ]),
    ),
    ...(cookies.length > 0 && { 'set-cookie': [...cookies] }),
  }
}

/** Made anew for another request, since h3 keeps parsed bodies on them. */
function eventsOf(event: RequestEvent): Events {
  const replacement = event.isReplaced ? event.request : undefined
  let made = events.get(event)
  if (made === undefined || made.replacement !== replacement) {
    made = { ...createEvents(event), replacement }
    events.set(event, made)
  }
  return made
}

function createEvents(event: RequestEvent): { shown: H3Event; working: H3Event } {
  const { req, res } = createNode(event)
  const outer = createEvent(event.node?.req ?? req, event.node?.res ?? res)
  outer.context = event.context
  outer.context.params ??= event.params
  let read: { request: Request; body: Promise<Buffer> } | undefined
  Object.defineProperties(outer, {
    // h3 prefers these to Node's stream, which a parser in front may have read.
    web: { get: () => ({ request: event.request, url: new URL(event.request.url) }) },
    _requestBody: {
      get() {
        const { request } = event
        if (request.body === null) return undefined
        if (read?.request !== request) read = { request, body: readCopy(request) }
        return read.body
      },
    },
    waitUntil: { value: event.waitUntil },
    [OWNER]: { value: event },
  })
  // h3 keeps its own marks on the event; apart from `node`, both are one.
  const inner = Object.create(outer, { node: { value: { req, res } } }) as H3Event
  Object.defineProperty(outer, WORKING, { value: inner })
  return { shown: outer, working: inner }
}

/** The copy that h3's body helpers read; `undefined` if there is no body, or the event is another's. */
export async function readEventBody({
  _requestBody: body,
}: H3Event): Promise<BodyInit | undefined> {
  return body
}

/** A copy is read, so that `readBody()` and `request.json()` don't take the body from each other. */
async function readCopy(request: Request): Promise<Buffer> {
  if (request.bodyUsed || request.body?.locked === true) {
    throw new StartApiError(
      'ERR_START_API_BODY_CONSUMED',
      'The request body was already read through `request`. Read it either there or with helpers, or read `request.clone()`.',
    )
  }
  return Buffer.from(await request.clone().arrayBuffer())
}

interface HostRequest extends IncomingMessage {
  /** Express's: heeds `trust proxy`. */
  ip?: string
}

/** The members of Node's objects that h3 uses. */
function createNode(event: RequestEvent): { req: IncomingMessage; res: ServerResponse } {
  const { node } = event
  const nodeReq: HostRequest | undefined = node?.req
  const req = {
    get method() {
      return event.isReplaced || nodeReq === undefined ? event.request.method : nodeReq.method
    },
    /** The whole path: below a mount, Express takes the front off `req.url`. */
    get url() {
      return event.request.url.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
    },
    get headers() {
      // A body that a parser has read is made anew, and its headers with it.
      const asSent =
        !event.isReplaced && nodeReq?.httpVersionMajor === 1 && nodeReq.readableDidRead === false
      if (asSent) return nodeReq.headers
      // A Request of `api.fetch()` has its host in the URL alone.
      return { host: new URL(event.request.url).host, ...Object.fromEntries(event.request.headers) }
    },
    get connection() {
      return { encrypted: event.request.url.startsWith('https:') }
    },
    get socket() {
      return { remoteAddress: nodeReq?.ip ?? nodeReq?.socket?.remoteAddress }
    },
    on(name: string, listener: () => void) {
      nodeReq?.on(name, listener)
      return req
    },
  }
  // h3 uses these members and no others; its types ask for Node's whole classes.
  return { req: req as unknown as IncomingMessage, res: createRecorder(event) }
}

/** Takes what h3 would write to Node's response. It has no socket, and so h3 hands streams over whole. */
function createRecorder(event: RequestEvent): ServerResponse {
  const chunks: Buffer[] = []
  const isEnded = () => event.said?.answer !== undefined || event.node?.res.headersSent === true
  const recorder = {
    get statusCode() {
      return event.said?.status ?? event.answer?.status ?? 200
    },
    set statusCode(code: number) {
      event.response.setStatus(code)
    },
    get statusMessage() {
      return event.said?.statusText ?? ''
    },
    set statusMessage(text: string) {
      event.response.statusText = text
    },
    get headersSent() {
      return isEnded()
    },
    get writableEnded() {
      return isEnded()
    },
    set _data(stream: ReadableStream | Readable) {
      event.response.answer =
        stream instanceof Readable ? (Readable.toWeb(stream) as ReadableStream) : stream
    },
    getHeader: (name: string) => copy(event.said?.getHeader(name)),
    getHeaders: () => event.said?.getHeaders() ?? {},
    setHeader: (name: string, value: unknown) => {
      event.response.setHeader(name, toText(value))
      return recorder
    },
    appendHeader: (name: string, value: unknown) => {
      event.response.appendHeader(name, toText(value))
      return recorder
    },
    removeHeader: (name: string) => event.response.takeOutHeader(name),
    writeHead: (code: number) => {
      event.response.setStatus(code)
      return recorder
    },
    write: (chunk: string | Uint8Array) => {
      chunks.push(Buffer.from(chunk as string))
      return true
    },
    end: (chunk?: string | Uint8Array | null) => {
      if (chunk !== undefined && chunk !== null) recorder.write(chunk)
      event.response.answer = chunks.length === 0 ? null : Buffer.concat(chunks.splice(0))
      return recorder
    },
  }
  return recorder as unknown as ServerResponse
}

function copy(value: string | readonly string[] | undefined): string | string[] | undefined {
  return typeof value === 'object' ? [...value] : value
}

/** Numbers are welcome, as in Node. */
function toText(value: unknown): string | string[] {
  // For Node to refuse: the text "undefined" would hide a mistake (hazard 112). `null` removes.
  if (value === undefined || value === null) return value as never
  return Array.isArray(value) ? value.map(String) : String(value)
}
