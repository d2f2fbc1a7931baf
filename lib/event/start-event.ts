// Per request, where an application has loaded the real `@tanstack/react-start/server`: the request as
// its helpers want it, read off Start's sources.
import type { IncomingMessage } from 'node:http'
import { type HeaderStore, writeThrough } from './response-headers'
import type { ResponseState } from './response-state'

/** What is known of the request here. */
interface Source {
  readonly request: Request
  readonly response: ResponseState
  readonly said: ResponseState | undefined
  readonly node: { readonly req: IncomingMessage & { readonly ip?: string } } | undefined
}

/**
 * What Start keeps in its storage: from `start-server-core` 1.169.41 on the event itself, with
 * `responseState`; from 1.142 up to there an event of h3 2 under `h3Event`.
 */
export class StartEvent {
  readonly #source: Source
  readonly responseState: StartResponseState
  readonly h3Event: H3V2Event

  constructor(source: Source) {
    this.#source = source
    this.responseState = new StartResponseState(source)
    this.h3Event = new H3V2Event(this)
  }

  get request(): Request {
    const { request, node } = this.#source
    // Start reads the client's address off the Request.
    if (node !== undefined && !('ip' in request)) {
      const value = node.req.ip ?? node.req.socket?.remoteAddress
      Object.defineProperty(request, 'ip', { value, configurable: true })
    }
    return request
  }

  get requestUrl(): URL {
    return new URL(this.#source.request.url)
  }
}

/** The members of h3's event that Start's helpers use. */
class H3V2Event {
  readonly #event: StartEvent
  /** Its sessions are not ours: h3 2 keeps others than h3 1. */
  readonly context: Record<string, unknown> = {}

  constructor(event: StartEvent) {
    this.#event = event
  }

  get req(): Request {
    return this.#event.request
  }

  get url(): URL {
    return this.#event.requestUrl
  }

  get res(): StartResponseState {
    return this.#event.responseState
  }
}

/** What Start's helpers write to and read. Nothing is kept here, so theirs and ours see each other's. */
class StartResponseState {
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  get status(): number | undefined {
    return this.#source.said?.status
  }

  set status(status: number | undefined) {
    if (status !== undefined) this.#source.response.setStatus(status)
  }

  get statusText(): string | undefined {
    return this.#source.said?.statusText
  }

  set statusText(text: string | undefined) {
    this.#source.response.statusText = text
  }

  get headers(): Headers {
    const state = this.#source.response
    const store: HeaderStore = {
      setHeader: (name, value) => state.setHeader(name, value),
      appendHeader: (name, value) => state.appendHeader(name, value),
      removeHeader: (name) => state.takeOutHeader(name),
    }
    return writeThrough(store, state.getHeaders())
  }

  /** Start begins with empty ones after `clearHeaders`. */
  set headers(_headers: Headers) {}

  get clearHeaders(): boolean {
    return this.#source.said?.isCleared === true
  }

  set clearHeaders(clear: boolean) {
    if (clear) this.#source.response.clear()
  }

  get setCookieBehavior(): 'merge' | 'replace' | undefined {
    return undefined
  }

  /** `'replace'`: the Response's own cookies go, those of helpers stay. */
  set setCookieBehavior(behavior: 'merge' | 'replace' | undefined) {
    if (behavior === 'replace') this.#source.response.headers.set('set-cookie', null)
  }
}
