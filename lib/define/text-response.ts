// Responses that `json()` makes. Their text is known, so nobody has to read it back out of a stream.
// Imports nothing.

/** Registered, so that one copy of the package knows the other's Responses (hazard 225). */
const TEXT = Symbol.for('express-start-api.text')
const PLAIN = Symbol.for('express-start-api.plain')

/** A Response that is nothing but a status and a JSON text. */
export interface PlainJson {
  readonly status: number
  readonly text: string
}

interface TextBody {
  [TEXT]?: string | undefined
  [PLAIN]?(): PlainJson | undefined
}

/** A native Response of a text, which `takeText` finds again. */
export function toTextResponse(text: string, init: ResponseInit & { headers: Headers }): Response {
  return Object.assign(new Response(text, init), { [TEXT]: text })
}

/** The text of a Response's body, if it is known and still unread. It is read then. */
export function takeText(response: Response): string | undefined {
  const { [TEXT]: text } = response as TextBody
  if (text === undefined || response.bodyUsed || response.body?.locked !== false) return undefined
  void response.body.cancel()
  return text
}

/** What a Response consists of, if nobody has asked more of it than its status. It is read then. */
export function takePlainJson(response: Response): PlainJson | undefined {
  return (response as TextBody)[PLAIN]?.()
}

/**
 * A Response with a JSON text. A native one costs more than all else that a small request does here
 * (measured on Node 20 and 24: 5 to 18 µs to make, as much again to read), so it is made when
 * something is asked that only it can answer: headers, a body, a clone. From then on it answers.
 *
 * Made without `super()`, which would make it; `instanceof Response` holds by the prototype.
 */
class LazyJsonResponse implements TextBody {
  readonly #text: string
  readonly #status: number
  #native: Response | undefined
  #state: 'unread' | 'read' = 'unread'

  constructor(text: string, status: number) {
    this.#text = text
    this.#status = status
  }

  get status(): number {
    return this.#status
  }

  get ok(): boolean {
    return this.#status < 300
  }

  get [TEXT](): string {
    return this.#text
  }

  [PLAIN](): PlainJson | undefined {
    if (this.#native !== undefined || this.#state === 'read') return undefined
    this.#state = 'read'
    return { status: this.#status, text: this.#text }
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#state === 'read'
  }

  #toNative(): Response {
    if (this.#native === undefined) {
      const headers = { 'content-type': 'application/json' }
      this.#native = new Response(this.#text, { status: this.#status, headers })
      if (this.#state === 'read') void this.#native.body?.cancel()
    }
    return this.#native
  }

  // All else that a Response of this version of Node has, `console.log()`'s view of it included.
  static {
    const { prototype } = LazyJsonResponse
    Object.setPrototypeOf(prototype, Response.prototype)
    for (const key of Reflect.ownKeys(Response.prototype)) {
      if (key === 'constructor' || Object.hasOwn(prototype, key)) continue
      const descriptor = Object.getOwnPropertyDescriptor(Response.prototype, key)!
      // Getters and methods of a native object refuse any other `this`.
      const { get, value } = descriptor as TypedPropertyDescriptor<unknown>
      if (get !== undefined) {
        descriptor.get = function (this: LazyJsonResponse) {
          return get.call(this.#toNative())
        }
      } else if (typeof value === 'function') {
        descriptor.value = function (this: LazyJsonResponse, ...args: unknown[]) {
          return value.apply(this.#toNative(), args) as unknown
        }
      }
      Object.defineProperty(prototype, key, descriptor)
    }
    Reflect.deleteProperty(prototype, 'constructor')
  }
}

/** @param status one that may have a body: 200 to 599, without 204, 205 and 304 */
export function toPlainJsonResponse(text: string, status: number): Response {
  // It has all members of a Response, which the compiler can't see.
  return new LazyJsonResponse(text, status) as unknown as Response
}
