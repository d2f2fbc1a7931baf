// Per request, where an application has loaded the real `@tanstack/react-start/server`: the request as
// its helpers want it.
import type { IncomingMessage } from 'node:http'
import { writeThrough } from './response-headers'
import type { ResponseState } from './response-state'

/** What a request is known by here. */
interface Source {
  readonly request: Request
  readonly response: ResponseState
  readonly said: ResponseState | undefined
  readonly node: { readonly req: IncomingMessage & { readonly ip?: string } } | undefined
}

/** What Start keeps in its storage. */
export interface StartEvent {
  /** `start-server-core` 1.169.41 and later. */
  readonly request: Request
  readonly requestUrl: URL
  readonly responseState: StartResponseState
  /** Earlier versions with a storage in reach, from 1.143: an event of h3 2. */
  readonly h3Event: H3V2Event
}

/** What Start's helpers write to: each write is one of ours. */
interface StartResponseState {
  status: number | undefined
  statusText: string | undefined
  headers: Headers
  clearHeaders: boolean
  setCookieBehavior: 'merge' | 'replace' | undefined
}

/** The members of h3's event that Start's helpers use. */
interface H3V2Event {
  readonly req: Request
  readonly url: URL
  readonly res: Pick<StartResponseState, 'status' | 'statusText' | 'headers'>
  /** Its sessions are not ours: h3 2 keeps others than h3 1. */
  readonly context: Record<string, unknown>
}

/** Made for each request once Start's storage exists, so everything in it waits until it is read. */
export function createStartEvent(source: Source): StartEvent {
  const state: StartResponseState = {
    get status() {
      return source.said?.status
    },
    set status(status) {
      if (status !== undefined) source.response.setStatus(status)
    },
    get statusText() {
      return source.said?.statusText
    },
    set statusText(text) {
      source.response.statusText = text
    },
    // Anew each time: our own helpers may have written meanwhile.
    get headers() {
      return toHeaders(source.response)
    },
    // Start begins with empty ones after `clearHeaders`.
    set headers(_headers) {},
    get clearHeaders() {
      return source.said?.isCleared === true
    },
    set clearHeaders(clear) {
      if (clear) source.response.clear()
    },
    get setCookieBehavior() {
      return undefined
    },
    set setCookieBehavior(behavior) {
      // The Response's own cookies go, those of helpers stay.
      if (behavior === 'replace') source.response.headers.set('set-cookie', null)
    },
  }
  const context = {}
  return {
    get request() {
      return withIp(source)
    },
    get requestUrl() {
      return new URL(source.request.url)
    },
    responseState: state,
    h3Event: {
      get req() {
        return withIp(source)
      },
      get url() {
        return new URL(source.request.url)
      },
      res: state,
      context,
    },
  }
}

/** Start reads the client's address off the Request. */
function withIp({ request, node }: Source): Request {
  if (node === undefined || 'ip' in request) return request
  const ip = node.req.ip ?? node.req.socket?.remoteAddress
  return Object.defineProperty(request, 'ip', { value: ip, configurable: true })
}

function toHeaders(state: ResponseState): Headers {
  return writeThrough({
    getHeaders: () => {
      const names = [...state.headers.keys(), 'set-cookie']
      return Object.fromEntries(names.map((name) => [name, state.getHeader(name)]))
    },
    setHeader: (name, value) => state.setHeader(name, value),
    appendHeader: (name, value) => state.appendHeader(name, value),
    // Start takes the cookies out to put them back one by one: the Response's own must stay.
    removeHeader: (name) => {
      if (name.toLowerCase() === 'set-cookie') state.cookies = []
      else state.removeHeader(name)
    },
  })
}
