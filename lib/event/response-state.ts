// Per request: what server helpers have said about the response that is still to come.

/** The content of an answer that a helper gives by itself. */
export type AnswerBody = Uint8Array | ReadableStream | null

/**
 * Status, headers and cookies set through helpers. They apply to whatever Response the handler
 * returns or throws, and win over its own (as in Start 1.169.5).
 */
export class ResponseState {
  status: number | undefined
  statusText: string | undefined
  /** By lower-case name; `null` removes the Response's own. Without `set-cookie`. */
  readonly headers = new Map<string, string | readonly string[] | null>()
  /** Whole `Set-Cookie` values, one for each name, domain and path. */
  cookies: readonly string[] = []
  /**
   * Set by helpers that answer by themselves (`sendRedirect`, `handleCors`): then what the handler
   * returns does not count.
   */
  answer: AnswerBody | undefined

  /** Whether anything was said: if not, the Response is sent as it is. */
  get isEmpty(): boolean {
    return (
      this.status === undefined &&
      this.statusText === undefined &&
      this.headers.size === 0 &&
      this.cookies.length === 0
    )
  }

  /** What helpers have set; `undefined` also for what they have removed. */
  getHeader(name: string): string | readonly string[] | undefined {
    const key = name.toLowerCase()
    if (key === 'set-cookie') return this.cookies.length === 0 ? undefined : this.cookies
    return this.headers.get(key) ?? undefined
  }

  setHeader(name: string, value: string | readonly string[]): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') this.cookies = [value].flat()
    else this.headers.set(key, value)
  }

  appendHeader(name: string, value: string | readonly string[]): void {
    const present = this.getHeader(name)
    this.setHeader(name, present === undefined ? value : [present, value].flat())
  }

  removeHeader(name: string): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') this.cookies = []
    else this.headers.set(key, null)
  }

  /** The helper's own answer as a Response, once: status and headers are applied as to any other. */
  takeAnswer(): Response | undefined {
    if (this.answer === undefined) return undefined
    const body = this.answer
    this.answer = undefined
    return new Response(body as BodyInit | null)
  }
}
