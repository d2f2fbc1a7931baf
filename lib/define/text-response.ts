// Responses whose text is known, so that nobody has to read it back out of a stream.
import { HOP_BY_HOP } from './hop-by-hop'
import { NativeResponse } from './native-response'
import { isNullBodyStatus } from './null-body'

/** Registered, so that one copy of the package knows the other's Responses (hazard 225). */
const TEXT = Symbol.for('express-start-api.text')
const PLAIN = Symbol.for('express-start-api.plain-response')

/** A Response that is nothing but a status, headers that can be set as they are, and a text. */
export interface PlainResponse {
  readonly status: number
  readonly headers: readonly PlainHeader[]
  readonly text: string
}

/** The name is as it was written. */
export type PlainHeader = readonly [name: string, value: string]

interface TextBody {
  [TEXT]?: string | undefined
  [PLAIN]?(): PlainResponse | undefined
}

/** A native Response of a text, which `takeText` finds again. */
export function toTextResponse(text: string, init: ResponseInit & { headers: Headers }): Response {
  return Object.assign(new NativeResponse(text, init), { [TEXT]: text })
}

/** The text of a Response's body, if it is known and still unread. It is read then. */
export function takeText(response: Response): string | undefined {
  const { [TEXT]: text } = response as TextBody
  if (text === undefined || response.bodyUsed || response.body?.locked !== false) return undefined
  void response.body.cancel()
  return text
}

/** What a Response consists of, if nobody has asked more of it than its status. It is read then. */
export function takePlainResponse(response: Response): PlainResponse | undefined {
  return (response as TextBody)[PLAIN]?.()
}

/**
 * A Response with a text. A native one costs more than all else that a small request does here
 * (measured on Node 20 and 24: 5 to 18 µs to make, as much again to read), so it is made when
 * something is asked that only it can answer: headers, a body, a clone. From then on it answers.
 *
 * Made without `super()`, which would make it; `instanceof Response` holds by the prototype.
 */
class LazyTextResponse implements TextBody {
  readonly #plain: PlainResponse
  #native: Response | undefined
  #state: 'unread' | 'read' = 'unread'

  constructor(plain: PlainResponse) {
    this.#plain = plain
  }

  get status(): number {
    return this.#plain.status
  }

  get ok(): boolean {
    return this.#plain.status < 300
  }

  get [TEXT](): string {
    return this.#plain.text
  }

  [PLAIN](): PlainResponse | undefined {
    if (this.#native !== undefined || this.#state === 'read') return undefined
    // Somebody has put members of its own on it.
    if (Object.getOwnPropertyNames(this).length > 0) return undefined
    this.#state = 'read'
    return this.#plain
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#state === 'read'
  }

  #toNative(): Response {
    if (this.#native === undefined) {
      const { status, headers, text } = this.#plain
      this.#native = new NativeResponse(text, { status, headers: headers as [string, string][] })
      if (this.#state === 'read') void this.#native.body?.cancel()
    }
    return this.#native
  }

  // All else that a Response of this version of Node has, `console.log()`'s view of it included.
  static {
    const { prototype } = LazyTextResponse
    Object.setPrototypeOf(prototype, NativeResponse.prototype)
    for (const key of Reflect.ownKeys(NativeResponse.prototype)) {
      if (key === 'constructor' || Object.hasOwn(prototype, key)) continue
      const descriptor = Object.getOwnPropertyDescriptor(NativeResponse.prototype, key)!
      // Those of a native object refuse any other `this`. Looked up in each call: tests replace them.
      const { get, value } = descriptor as TypedPropertyDescriptor<unknown>
      if (get !== undefined) {
        descriptor.get = function (this: LazyTextResponse) {
          return Reflect.get(this.#toNative(), key) as unknown
        }
      } else if (typeof value === 'function') {
        descriptor.value = function (this: LazyTextResponse, ...args: unknown[]) {
          const native = this.#toNative()
          return (Reflect.get(native, key) as typeof value).apply(native, args) as unknown
        }
      }
      Object.defineProperty(prototype, key, descriptor)
    }
    for (const key of ['status', 'ok', 'bodyUsed']) {
      Object.defineProperty(prototype, key, { enumerable: true })
    }
    Reflect.deleteProperty(prototype, 'constructor')
  }
}

/**
 * A Response with a text, if the native one of the same arguments would have nothing but what is sent as
 * it is. For all else, be it only unusual or wrong, `undefined`: the platform's own class knows it.
 *
 * @param type the content type of a Response whose headers have none
 */
export function toPlainResponse(
  text: string,
  init: ResponseInit | undefined,
  type: string,
): Response | undefined {
  if (typeof init !== 'object' && init !== undefined) return undefined
  const { status = 200, statusText = '', headers: own } = init ?? {}
  if (statusText !== '' || !isPlainStatus(status)) return undefined
  const headers = toPlainHeaders(own, type)
  // It has all members of a Response, which the compiler can't see.
  return headers && (new LazyTextResponse({ status, headers, text }) as unknown as Response)
}

function isPlainStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599 && !isNullBodyStatus(status)
}

/** `undefined`: not an object literal of names and values that neither change nor mean anything here. */
function toPlainHeaders(
  headers: ResponseInit['headers'],
  type: string,
): readonly PlainHeader[] | undefined {
  const plain: PlainHeader[] = []
  let typed = false
  if (headers !== undefined) {
    if (headers === null || Object.getPrototypeOf(headers) !== Object.prototype) return undefined
    for (const key of Reflect.ownKeys(headers)) {
      const value: unknown = Reflect.get(headers, key)
      if (typeof key !== 'string' || typeof value !== 'string') return undefined
      const name = key.toLowerCase()
      if (!PLAIN_NAME.test(name) || !PLAIN_VALUE.test(value)) return undefined
      if (HEEDED.has(name) || plain.some(([other]) => other.toLowerCase() === name))
        return undefined
      typed ||= name === 'content-type'
      plain.push([key, value])
    }
  }
  return typed ? plain : [...plain, ['content-type', type]]
}

const PLAIN_NAME = /^[a-z][a-z0-9-]*$/
/** Fetch cuts off white space at both ends. */
const PLAIN_VALUE = /^[!-~](?:[ -~]*[!-~])?$/

/** Headers that are not just set: see `toResponseHead()` and `setHead()`. */
const HEEDED = new Set([...HOP_BY_HOP, 'content-length', 'set-cookie', 'vary'])
