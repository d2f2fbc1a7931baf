// Per request: the record that helpers see, and the storage that carries it through async code.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StartApiError } from '../errors'
import { ResponseState } from './response-state'
import { StartEvent } from './start-event'

/** Node's objects of a request, as the host passed them. */
export interface NodeExchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

interface RequestEventParts {
  /** Makes the Request when it is first read: a handler that needs none pays for none. */
  readonly toRequest: () => Request
  readonly params: Record<string, string>
  /** What a handler gets as its `context`. */
  readonly handlerContext: object
  /** Absent in `api.fetch()`. */
  readonly node?: NodeExchange
  readonly runRoute: (event: RequestEvent) => Response | Promise<Response>
  readonly waitUntil: (promise: Promise<unknown>) => void
}

/** One request on its way through a route: what helpers see of it. */
export class RequestEvent {
  readonly params: Record<string, string>
  /** What a handler gets as its `context`. */
  readonly handlerContext: object
  readonly node: NodeExchange | undefined
  /** Keeps `close()` waiting for work that outlives the response. */
  readonly waitUntil: (promise: Promise<unknown>) => void
  /** In middleware that has awaited `next()`: what the rest has answered. */
  answer: Response | undefined
  readonly #parts: RequestEventParts
  #request: Request | undefined
  #replaced = false
  #response: ResponseState | undefined
  #context: Record<string, unknown> | undefined

  constructor(parts: RequestEventParts) {
    this.#parts = parts
    this.params = parts.params
    this.handlerContext = parts.handlerContext
    this.node = parts.node
    this.waitUntil = parts.waitUntil
  }

  /** What helpers say about the response to come. Made when the first one speaks. */
  get response(): ResponseState {
    return (this.#response ??= new ResponseState())
  }

  /** What helpers have said; `undefined` if nothing. */
  get said(): ResponseState | undefined {
    return this.#response
  }

  /** Values that helpers and middleware share during this request. */
  get context(): Record<string, unknown> {
    return (this.#context ??= {})
  }

  get request(): Request {
    return (this.#request ??= this.#parts.toRequest())
  }

  /** The client's Request, if anybody has read `request`. */
  get madeRequest(): Request | undefined {
    return this.#replaced ? undefined : this.#request
  }

  /** Whether `request` is another than the client's: Node's `req` no longer describes it. */
  get isReplaced(): boolean {
    return this.#replaced
  }

  /** Runs the matched route, with another request in place of the client's where one is given. */
  runRoute(request?: Request): Response | Promise<Response> {
    if (request !== undefined && request !== this.#request) {
      this.#request = request
      this.#replaced = true
    }
    return this.#parts.runRoute(this)
  }
}

/**
 * Registered, so that the CommonJS and the ESM copy of the package, or two versions of it, share one
 * storage (hazard 225).
 */
const STORAGE_KEY = Symbol.for('express-start-api.event-storage')

const shared = globalThis as { [STORAGE_KEY]?: AsyncLocalStorage<RequestEvent> }

/**
 * Makes events available to helpers from now on. Modules with helpers call it while they load: an
 * application that uses none does not pay for the storage, which on Node 20 slows every promise down
 * and on Node 24 costs 1 µs a request.
 */
export function enableEvents(): void {
  shared[STORAGE_KEY] ??= new AsyncLocalStorage()
}

/**
 * Where the real `@tanstack/react-start/server`, once an application has loaded it, keeps the requests
 * that its helpers work on.
 */
const START_KEY = Symbol.for('tanstack-start:event-storage')

const start = globalThis as { [START_KEY]?: AsyncLocalStorage<StartEvent | undefined> }

/** Runs a function, and all that it starts, with the event in reach of helpers, ours and Start's. */
export function runWithEvent<T>(event: RequestEvent, run: () => T): T {
  const storage = shared[STORAGE_KEY]
  const startStorage = start[START_KEY]
  const runInside = storage === undefined ? run : () => storage.run(event, run)
  return startStorage === undefined
    ? runInside()
    : startStorage.run(new StartEvent(event), runInside)
}

/**
 * Runs a function out of reach of Start's helpers. A whole Start server makes events of its own; given
 * one for the same Request, it would apply what helpers say, and we a second time.
 */
export function runOutsideStart<T>(run: () => T): T {
  const startStorage = start[START_KEY]
  return startStorage === undefined ? run() : startStorage.run(undefined, run)
}

/**
 * Remembers the async context of an event, for callbacks that come back from outside of it: a parser
 * calls in the context of the socket (hazard 233). Callbacks in which the event is still in reach run
 * as they are, with what others have added meanwhile: `(req, res, next) => storage.run(user, next)`.
 */
export function keepContext(event: RequestEvent): <T>(run: () => T) => T {
  const resource = new AsyncResource('express-start-api')
  return (run) => (findEvent() === event ? run() : resource.runInAsyncScope(run))
}

/** The event of the request being handled, if one is. */
export function findEvent(): RequestEvent | undefined {
  return shared[STORAGE_KEY]?.getStore()
}

/**
 * The event of the request being handled.
 *
 * @throws StartApiError outside a request; the message names the helper that was called
 */
export function currentEvent(helper: string): RequestEvent {
  const event = findEvent()
  if (event === undefined) {
    throw new StartApiError(
      'ERR_START_API_NO_REQUEST',
      `${helper}() was called outside a request. Call it in a route handler or in what the handler calls, not while a module loads. Import helpers at the top of a file, not while a request runs.`,
    )
  }
  return event
}
