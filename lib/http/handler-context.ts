// Per request: the object that a handler receives.
import { StartApiError } from '../errors'
import type { RequestEvent } from '../event/event-context'
import type { HandlerContext } from '../routes/route-module'

/**
 * The context of a handler. Its `request` and `pathname` are made when they are read, and survive
 * `{ ...context }`, which evaluates own properties only.
 */
export function createHandlerContext(event: RequestEvent): HandlerContext {
  return new LazyContext(event, event.handlerContext)
}

/** A context of its own for the same request, with further members, or others. */
export function deriveContext(source: HandlerContext, own: object): HandlerContext {
  return Object.assign(new LazyContext(source, source.context), own)
}

/**
 * The getters are shared by all instances: V8 makes a hidden class for each new pair of them, which
 * for getters in an object literal is one a request. Those outlive the young generation, and collecting
 * them took a quarter of a small request's time.
 */
class LazyContext {
  readonly #source: { readonly request: Request }
  declare readonly request: Request
  declare readonly pathname: string
  readonly params: Record<string, string>
  readonly context: object

  constructor(source: Pick<HandlerContext, 'request' | 'params'>, context: object) {
    this.#source = source
    this.params = source.params
    this.context = context
    Object.defineProperty(this, 'request', LazyContext.#request)
    Object.defineProperty(this, 'pathname', LazyContext.#pathname)
  }

  /** Start's `next()`, which leaves the request to the page of the same file. */
  next(): never {
    throw new StartApiError(
      'ERR_START_API_BAD_RESULT',
      "A handler called next(), which leaves the request to its file's page, and the file has no `component`. Return a Response.",
    )
  }

  static readonly #request: PropertyDescriptor = {
    enumerable: true,
    configurable: true,
    set(this: LazyContext, value: unknown) {
      Object.defineProperty(this, 'request', { ...PLAIN, value })
    },
    get(this: LazyContext) {
      return this.#source.request
    },
  }

  static readonly #pathname: PropertyDescriptor = {
    enumerable: true,
    configurable: true,
    set(this: LazyContext, value: unknown) {
      Object.defineProperty(this, 'pathname', { ...PLAIN, value })
    },
    get(this: LazyContext) {
      return decodePath(new URL(this.#source.request.url).pathname)
    },
  }
}

/** As Start v1 decodes it: all but what would change the meaning of the path, or is in no URL as it is. */
function decodePath(pathname: string): string {
  if (!pathname.includes('%')) return pathname
  // Text, and in between what was split at.
  const parts = pathname.split(/(%25|%5C)/i)
  return parts.map((part, index) => (index % 2 === 1 ? part : decodeText(part))).join('')
}

function decodeText(text: string): string {
  try {
    // oxlint-disable-next-line no-control-regex
    return decodeURI(text).replace(/[\0-\x1f"<>`{}\x7f]/g, encodeURIComponent)
  } catch {
    return text
  }
}

const PLAIN = { enumerable: true, configurable: true, writable: true }
