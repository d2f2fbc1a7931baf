// Per request: the platform's Request. Where that is possible, made when something native asks for it.

export interface RequestParts {
  /** A Request is what is made, and not copied: a copy of its body would be read ahead. */
  readonly input: string | Request
  readonly method?: string | undefined
  readonly toBody?: (() => ReadableStream<Uint8Array>) | undefined
  /** Called when the native Request has been made, if that was later. */
  readonly onMade?: (() => void) | undefined
}

function toNative({ input, method, toBody }: RequestParts): Request {
  return typeof input === 'string' ? new Request(input, toInit(method, toBody)) : input
}

function toInit(
  method: string | undefined,
  toBody: RequestParts['toBody'],
): RequestInit | undefined {
  // None at all is not looked through for thirteen members (Node 24: 0.25 of 0.9 µs).
  if (method === undefined || method === 'GET') return undefined
  if (toBody === undefined) return { method }
  // Node wants `duplex` for streams, and its types don't know it.
  return Object.assign({ method, body: toBody() }, { duplex: 'half' })
}

/** Where a Request keeps its state in private members. */
class MadeAtOnce extends Request {
  // What a constructor returns gets the private members of the classes that extend it.
  constructor({ input, method, toBody }: RequestParts) {
    if (typeof input !== 'string')
      return Object.setPrototypeOf(input, new.target.prototype) as Request
    super(input, toInit(method, toBody))
  }
}

/**
 * Node 20 and 22 keep a Request's state under symbols, and take for a Request what inherits from its
 * prototype. So `clone()`, `fetch(request)`, `new Request(request)` and every method find a native one
 * here, made when they look, and a handler that only reads method, URL, headers and the body does
 * not pay for it: an AbortController, a stream and their collection (Node 20, in Express: 30 of 125 µs
 * for a JSON POST).
 */
class MadeLater {
  readonly #parts: RequestParts
  #made: Request | undefined
  #headers: Headers | undefined

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  get method(): string {
    const { method } = this.#parts
    return method !== undefined && PLAIN_METHODS.has(method) ? method : this.#make().method
  }

  /** Empty at first, unless they are those of another Request. */
  get headers(): Headers {
    const { input } = this.#parts
    return (this.#headers ??= typeof input === 'string' ? new Headers() : this.#make().headers)
  }

  #make(): Request {
    let made = this.#made
    if (made === undefined) {
      made = this.#made = toNative(this.#parts)
      this.#parts.onMade?.()
    }
    // Each time: `headers` may have been changed meanwhile.
    if (this.#headers !== undefined && this.#headers !== made.headers) {
      for (const name of [...made.headers.keys()]) made.headers.delete(name)
      for (const [name, value] of this.#headers) made.headers.append(name, value)
    }
    return made
  }

  static {
    Object.setPrototypeOf(this, Request)
    Object.setPrototypeOf(this.prototype, Request.prototype)
    makeEnumerable(this.prototype)
    for (const symbol of Object.getOwnPropertySymbols(new Request('http://localhost'))) {
      Object.defineProperty(this.prototype, symbol, {
        get(this: MadeLater) {
          return Reflect.get(this.#make(), symbol) as unknown
        },
      })
    }
  }
}

/** As the platform's members are, and those of a class are not: `for (const name in request)`. */
export function makeEnumerable(prototype: object): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') Object.defineProperty(prototype, name, { enumerable: true })
  }
}

/** Methods that the constructor neither changes nor refuses. */
const PLAIN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Tried, as it hangs on what no standard promises. */
function isLaterTaken(): boolean {
  try {
    const later = new MadeLater({ input: 'http://localhost/', method: 'PUT' }) as unknown as Request
    later.headers.set('x-probe', 'set')
    const native = new Request(later)
    return native.method === 'PUT' && native.headers.get('x-probe') === 'set'
  } catch {
    return false
  }
}

/** Whether a Request exists natively only from when something looks at it. */
export const isMadeLater = isLaterTaken()

/** What a Request of ours extends. */
export const NativeRequest = (isMadeLater ? MadeLater : MadeAtOnce) as unknown as new (
  parts: RequestParts,
) => Request
