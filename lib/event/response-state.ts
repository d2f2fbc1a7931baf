// Per request: what server helpers have said about the response that is still to come.
import { mergeCookies } from './set-cookie'

/** The content of an answer that a helper gives by itself. */
export type AnswerBody = Uint8Array | ReadableStream | null

type Value = string | readonly string[]

/**
 * Status, headers and cookies set through helpers. They apply to whatever Response the handler
 * returns or throws, and win over its own (as in Start 1.169.5).
 */
export class ResponseState {
  status: number | undefined
  statusText: string | undefined
  /** By lower-case name; `null` removes the Response's own. Cookies are apart. */
  readonly headers = new Map<string, Value | null>()
  /** Whole `Set-Cookie` values, one for each name, domain and path. */
  cookies: readonly string[] = []
  /** Whether the Response's own headers and cookies are dropped. */
  isCleared = false
  /**
   * Set by helpers that answer by themselves (`sendRedirect`, `handleCors`): then what the handler
   * returns does not count.
   */
  answer: AnswerBody | undefined
  readonly #added = new Set<string>()
  /** By header: what middleware has been shown of the values that are added. */
  readonly #shown = new Map<string, readonly string[]>()

  /** Whether anything was said: if not, the Response is sent as it is. */
  get isEmpty(): boolean {
    return (
      this.status === undefined &&
      this.statusText === undefined &&
      this.headers.size === 0 &&
      this.cookies.length === 0 &&
      !this.isCleared
    )
  }

  /** Statuses that no final answer has are ignored, as in Start 1.169.5. */
  setStatus(status: number): void {
    if (isFinalStatus(status)) this.status = status
  }

  /** What helpers have set; `undefined` also for what they have removed. */
  getHeader(name: string): Value | undefined {
    const key = name.toLowerCase()
    if (key === 'set-cookie') return this.cookies.length === 0 ? undefined : this.cookies
    return this.headers.get(key) ?? undefined
  }

  setHeader(name: string, value: Value): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') {
      this.cookies = []
      return this.addCookies(value)
    }
    this.headers.set(key, value)
    this.#added.delete(key)
  }

  appendHeader(name: string, value: Value): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') return this.addCookies(value)
    const present = this.headers.get(key)
    if (present === undefined) this.#added.add(key)
    this.headers.set(
      key,
      present === undefined || present === null ? value : [present, value].flat(),
    )
  }

  /** Each takes the place of one of the same name, domain and path. */
  addCookies(value: Value): void {
    for (const cookie of [value].flat()) this.cookies = mergeCookies(this.cookies, [cookie])
  }

  removeHeader(name: string): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') this.cookies = []
    this.headers.set(key, null)
    this.#added.delete(key)
  }

  clear(): void {
    this.headers.clear()
    this.#added.clear()
    this.cookies = []
    this.isCleared = true
  }

  /** All that `getHeader()` gives, by lower-case name. */
  getHeaders(): Record<string, string | string[]> {
    const names = [...this.headers.keys(), 'set-cookie']
    return Object.fromEntries(
      names.flatMap((name): [string, string | string[]][] => {
        const value = this.getHeader(name)
        if (value === undefined) return []
        return [[name, typeof value === 'string' ? value : [...value]]]
      }),
    )
  }

  /** h3 and Start take the cookies out to put them back one by one: the Response's own must stay. */
  takeOutHeader(name: string): void {
    if (name.toLowerCase() === 'set-cookie') this.cookies = []
    else this.removeHeader(name)
  }

  /**
   * Has helpers win over a Response's own headers, and gives the cookies of both.
   *
   * @param own by lower-case name, without `set-cookie`; changed in place
   */
  override(own: Map<string, Value>, ownCookies: readonly string[]): readonly string[] {
    if (this.isCleared) own.clear()
    for (const [name, value] of this.headers) {
      const present = this.isAdded(name) ? own.get(name) : undefined
      if (value === null) own.delete(name)
      else if (typeof present !== 'string') own.set(name, value)
      else own.set(name, [present, ...this.toAdded(name, present)])
    }
    const keepsCookies = !this.isCleared && this.headers.get('set-cookie') !== null
    return mergeCookies(keepsCookies ? ownCookies : [], this.cookies)
  }

  /** Whether a value is added to the Response's own: a cache must heed both of two `Vary`. */
  isAdded(key: string): boolean {
    return key === 'vary' || this.#added.has(key)
  }

  /** What comes to a Response's own value, but for what that has from an earlier time. */
  toAdded(key: string, own: string): string[] {
    const values = [this.headers.get(key) ?? []].flat()
    const shown = this.#shown.get(key) ?? []
    const isThere =
      shown.every((value, index) => values[index] === value) &&
      `, ${own}, `.includes(`, ${shown.join(', ')}, `)
    return isThere ? values.slice(shown.length) : values
  }

  /** From here on, Responses may have all that is added by now. */
  noteShown(): void {
    for (const [key, value] of this.headers) {
      if (value !== null && this.isAdded(key)) this.#shown.set(key, [value].flat())
    }
  }

  /** The helper's own answer as a Response, once: status and headers are applied as to any other. */
  takeAnswer(): Response | undefined {
    if (this.answer === undefined) return undefined
    const body = this.answer
    this.answer = undefined
    return new Response(body as ConstructorParameters<typeof Response>[0])
  }
}

/** Whether a final answer can have this status. */
export function isFinalStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599
}
