// Per request: the platform's Request, with three things that it can't know: when its client leaves,
// how the URL was spelled, and that a body from a socket can be read at once.
import { setMaxListeners } from 'node:events'
import type { BodySource } from './body-source'
import { toStream } from './body-source'

/** Where a Request comes from. */
export interface RequestOrigin {
  /** The URL as the client spelled it. */
  readonly url: string
  readonly body: BodySource | undefined
  /** Calls back, at once or later, if the client leaves before its answer is complete. */
  readonly onLeave: (listener: () => void) => void
}

/**
 * A native Request in all that native code looks at (`new Request(request)`, `fetch(request)`); hazards
 * 59 to 63. What is redefined was measured: a signal handed to the constructor takes three times as
 * long as all else in it (Node 20: 12 of 16 µs, Node 24: 3 of 4.5), and reading a small body through a
 * stream as long as Express takes to answer.
 */
export class ServerRequest extends Request {
  readonly #origin: RequestOrigin | undefined
  readonly #stream: ReadableStream<Uint8Array> | undefined
  #controller: AbortController | undefined
  #left = false

  constructor(input: string | Request, init: RequestInit, origin?: RequestOrigin) {
    const stream = origin?.body === undefined ? undefined : toStream(origin.body)
    super(input, stream === undefined ? init : { ...init, body: stream, duplex: 'half' })
    this.#origin = origin
    this.#stream = stream
    origin?.onLeave(() => this.#abort())
  }

  /** WHATWG URLs escape `'`, `"`, `{` and `|`: a signature over the URL would no longer match (hazard 3). */
  override get url(): string {
    return this.#origin?.url ?? super.url
  }

  override get signal(): AbortSignal {
    if (this.#origin === undefined) return super.signal
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      // It lives as long as the request: listeners of a handler's twenty sub-requests are no leak,
      // which Node warns of beyond ten (hazard 227).
      setMaxListeners(0, this.#controller.signal)
      if (this.#left) this.#controller.abort()
    }
    return this.#controller.signal
  }

  #abort(): void {
    this.#left = true
    this.#controller?.abort()
    // Requests that native code derived from this one follow its native signal, which has no controller.
    const { aborted, reason } = this.signal
    const own = super.signal
    Object.defineProperties(own, { aborted: { value: aborted }, reason: { value: reason } })
    own.dispatchEvent(new Event('abort'))
  }

  override clone(): Request {
    return new ServerRequest(super.clone(), { signal: this.signal })
  }

  override async text(): Promise<string> {
    const bytes = this.#readAll()
    return bytes === undefined ? super.text() : toText(await bytes)
  }

  /**
   * Rejects with status 400 where the body is no JSON. The platform's own error has none, so that it
   * would count as a failure of the application, and quotes the body, which may hold secrets, into logs
   * and error pages (hazard 89).
   */
  override async json(): Promise<unknown> {
    const text = await this.text()
    try {
      return JSON.parse(text) as unknown
    } catch {
      throw withStatus400(new SyntaxError('The request body is not valid JSON.'))
    }
  }

  /** Rejects with status 400 where the body is no form. */
  override async formData(): Promise<FormData> {
    const usable = !this.bodyUsed && this.body?.locked !== true
    try {
      return await super.formData()
    } catch (error) {
      // By name: in jest, the platform's errors are of another realm.
      if (!usable || (error as Error).name !== 'TypeError') throw error
      throw withStatus400(new TypeError('The request body is not a valid form.'))
    }
  }

  /** `undefined` if somebody reads the stream: what it has given is no longer in the source. */
  #readAll(): Promise<Uint8Array> | undefined {
    const stream = this.#stream
    if (stream === undefined || stream.locked || this.bodyUsed) return undefined
    const all = this.#origin!.body!.readAll()
    void stream.cancel()
    return all
  }

  static {
    // What code tells classes by, and consoles print.
    Object.defineProperty(this.prototype, 'constructor', { value: Request })
  }
}

/** UTF-8, without a byte order mark, as `text()` reads bodies. */
function toText(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes
  const text = Buffer.from(buffer, byteOffset, byteLength).toString()
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function withStatus400(error: Error): Error {
  return Object.assign(error, { status: 400 })
}
