// Per request: the stream of a body, made when somebody looks at it.
import { type BodySource, fromBytes, toStream } from './body-source'

/** What Node's `isDisturbed()` looks at, by which a Request tells whether its body is used. */
const IS_DISTURBED = Symbol.for('nodejs.stream.disturbed')

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>

/**
 * Most bodies are read whole, by `json()`, and never as a stream; making one that is then cancelled
 * costs a JSON POST in Express a tenth of its time (Node 24: 3 of 33 µs).
 *
 * What native code looks at is a stream's state, which Node keeps under symbols: here it finds that of
 * a genuine stream, made when it looks. Handlers only see the genuine one.
 */
export class LazyStream {
  readonly #source: BodySource
  #stream: Stream | undefined
  #isTaken = false
  #isOffered = false

  constructor(source: BodySource) {
    this.#source = source
  }

  get stream(): Stream {
    const stream = (this.#stream ??= toStream(this.#source))
    this.settle()
    return stream
  }

  /** Whether somebody has asked for the stream, and may have used it. */
  get isMade(): boolean {
    return this.#stream !== undefined
  }

  get locked(): boolean {
    return !this.#isOffered && this.#stream?.locked === true
  }

  /** Whether its source has been read, with it or without. */
  get isUsed(): boolean {
    return (
      this.#isTaken ||
      (this.#stream !== undefined && Reflect.get(this.#stream, IS_DISTURBED) === true)
    )
  }

  get [IS_DISTURBED](): boolean {
    return !this.#isOffered && this.isUsed
  }

  readAll(): Promise<Uint8Array> {
    this.#isTaken = true
    const all = this.#source.readAll()
    this.settle()
    return all
  }

  /**
   * What a native Request is made with. It would refuse a body that is used, or held by a reader, and so
   * learns that afterwards: from `settle()`, which whoever makes one later than the stream has to call.
   */
  toNative(): Stream {
    if (!isTakenForNative) return (this.#stream ??= toStream(this.#source))
    this.#isOffered = true
    return this as unknown as Stream
  }

  /** Makes the stream as used as its source is, and as locked: a second reader is told, and gets no end. */
  settle(): void {
    this.#isOffered = false
    if (this.#isTaken && this.#stream?.locked === false) void this.#stream.getReader().cancel()
  }

  static {
    Object.setPrototypeOf(this.prototype, ReadableStream.prototype)
    for (const symbol of Object.getOwnPropertySymbols(new ReadableStream({ type: 'bytes' }))) {
      Object.defineProperty(this.prototype, symbol, {
        get(this: LazyStream) {
          return Reflect.get(this.stream, symbol) as unknown
        },
      })
    }
  }
}

/** Tried, as it hangs on what no standard promises. */
function isLazyTaken(): boolean {
  try {
    const lazy = new LazyStream(fromBytes(new Uint8Array()))
    const init = { method: 'POST', body: lazy, duplex: 'half' }
    const native = new Request('http://localhost/', init as unknown as RequestInit)
    return new Request(native).body !== null && lazy.locked && native.bodyUsed
  } catch {
    return false
  }
}

/** Whether a native Request takes one. */
export const isTakenForNative = isLazyTaken()
