// Per request: the object that a handler receives.
import type { RequestEvent } from '../event/event-context'
import type { HandlerContext } from '../routes/route-module'

/**
 * The context of a handler. Its `request` and `pathname` are made when they are read, and survive
 * `{ ...context }`, which evaluates own properties only.
 */
export function createHandlerContext(event: RequestEvent): HandlerContext {
  return new LazyContext(event) as LazyContext & HandlerContext
}

/**
 * The getters are shared by all instances: V8 makes a hidden class for each new pair of them, which
 * for getters in an object literal is one a request. Those outlive the young generation, and collecting
 * them took a quarter of a small request's time.
 */
class LazyContext {
  readonly #event: RequestEvent
  readonly params: Record<string, string>
  readonly context: object

  constructor(event: RequestEvent) {
    this.#event = event
    this.params = event.params
    this.context = event.handlerContext
    Object.defineProperty(this, 'request', LazyContext.#request)
    Object.defineProperty(this, 'pathname', LazyContext.#pathname)
  }

  static readonly #request: PropertyDescriptor = {
    enumerable: true,
    get(this: LazyContext) {
      return this.#event.request
    },
  }

  static readonly #pathname: PropertyDescriptor = {
    enumerable: true,
    get(this: LazyContext) {
      return new URL(this.#event.request.url).pathname
    },
  }
}
