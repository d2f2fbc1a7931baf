// Per request: the platform's Request, with three things that it can't know: when its client leaves,
// how the URL was spelled, and that a body can be read without a stream in between.
import { setMaxListeners } from 'node:events'
import { parseJson, readForm } from '../malformed-body'
import type { BodySource } from './body-source'
import { LazyStream, isTakenForNative } from './lazy-stream'
import { NativeRequest, isMadeLater, makeEnumerable } from './native-request'
import { isFormOfTexts, rememberForm, toCopy, toForm, toText } from './whole-body'

/** Where a Request comes from. */
export interface RequestOrigin {
  /** Scheme and host as a URL has them, path and query as the client spelled them. */
  readonly url: string
  /** Absent: the body, if there is one, is that of the first argument. */
  readonly body?: BodySource | undefined
  /** Calls back, at once or later, if nobody waits for the answer any more. */
  onLeave(listener: (reason: unknown) => void): void
}

/**
 * A native Request in all that native code looks at (`new Request(request)`, `fetch(request)`); hazards
 * 59 to 63. What it has of its own was measured: a signal handed to the constructor takes three times
 * as long as all else in it (Node 20: 12 of 16 µs, Node 24: 3 of 4.5), and reading a small body through
 * a stream as long as Express takes to answer.
 */
export class ServerRequest extends NativeRequest {
  readonly #origin: RequestOrigin
  readonly #body: LazyStream | undefined
  #controller: AbortController | undefined
  #isMade = !isMadeLater
  #isWatching = false
  #leaving: { readonly reason: unknown } | undefined

  constructor(input: string | Request, method: string | undefined, origin: RequestOrigin) {
    const body = origin.body && new LazyStream(origin.body)
    super({
      input,
      method,
      toBody: body && (() => body.toNative()),
      onMade: () => {
        this.#isMade = true
        body?.settle()
        this.#watch()
      },
    })
    this.#origin = origin
    this.#body = body
    if (!isMadeLater) this.#watch()
  }

  /** WHATWG URLs escape `'`, `"`, `{` and `|`: a signature over the URL would no longer match (hazard 3). */
  override get url(): string {
    return this.#origin.url
  }

  override get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      // It lives as long as the request: listeners of a handler's twenty sub-requests are no leak,
      // which Node warns of beyond ten (hazard 227).
      setMaxListeners(0, this.#controller.signal)
      if (this.#leaving !== undefined) this.#controller.abort(this.#leaving.reason)
      else this.#watch()
    }
    return this.#controller.signal
  }

  /** Once there is a signal that has to tell: ours, or the native one for what is derived from it. */
  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    this.#origin.onLeave((reason) => this.#abort(reason))
  }

  #abort(cause: unknown): void {
    this.#leaving = { reason: cause }
    this.#controller?.abort(cause)
    // What native code has derived from this Request follows its native signal, which no controller aborts.
    const { aborted, reason } = this.signal
    const native = super.signal
    Object.defineProperties(native, { aborted: { value: aborted }, reason: { value: reason } })
    native.dispatchEvent(new Event('abort'))
  }

  override clone(): Request {
    return new ServerRequest(super.clone(), undefined, {
      url: this.#origin.url,
      onLeave: (listener) => {
        const { signal } = this
        if (signal.aborted) listener(signal.reason)
        else signal.addEventListener('abort', () => listener(signal.reason), { once: true })
      },
    })
  }

  override text(): Promise<string> {
    return this.#readAll()?.then(toText) ?? super.text()
  }

  /** Rejects with status 400 where the body is no JSON. */
  override json(): Promise<unknown> {
    return this.text().then(parseJson)
  }

  /** Rejects with status 400 where the body is no form. */
  override formData(): Promise<FormData> {
    const isOfTexts = isFormOfTexts(this.headers.get('content-type'))
    const bytes = isOfTexts ? this.#readAll() : undefined
    return bytes?.then(toForm) ?? readForm(this, () => super.formData()).then(rememberForm)
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#readAll()?.then(toCopy) ?? super.bytes()
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#readAll()?.then((bytes) => toCopy(bytes).buffer) ?? super.arrayBuffer()
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    const body = this.#body
    if (body !== undefined && isTakenForNative && !this.#isMade) return body.stream
    const native = super.body
    // Another one, once a clone has its half of it.
    return body !== undefined && (native as unknown) === body ? body.stream : native
  }

  override get bodyUsed(): boolean {
    const body = this.#body
    return body === undefined || body.isMade ? super.bodyUsed : body.isUsed
  }

  /** `undefined` if somebody reads the stream: what it has given is no longer in the source. */
  #readAll(): Promise<Uint8Array> | undefined {
    const body = this.#body
    if (body === undefined || body.locked || this.bodyUsed) return undefined
    return body.readAll()
  }

  static {
    // Classes are told apart by it.
    const constructor = { value: Request, writable: true, configurable: true }
    Object.defineProperty(this.prototype, 'constructor', constructor)
    // Node before 20.16 has no such method.
    if (!('bytes' in Request.prototype)) Reflect.deleteProperty(this.prototype, 'bytes')
    makeEnumerable(this.prototype)
  }
}
