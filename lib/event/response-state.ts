// Per request: what server helpers have said about the response that is still to come.

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

  /** Whether anything was said: if not, the Response is sent as it is. */
  get isEmpty(): boolean {
    return (
      this.status === undefined &&
      this.statusText === undefined &&
      this.headers.size === 0 &&
      this.cookies.length === 0
    )
  }

  setHeader(name: string, value: string | readonly string[]): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') this.cookies = typeof value === 'string' ? [value] : [...value]
    else this.headers.set(key, value)
  }

  appendHeader(name: string, value: string): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') {
      this.cookies = [...this.cookies, value]
      return
    }
    const present = this.headers.get(key)
    this.headers.set(
      key,
      present === undefined || present === null ? value : [present, value].flat(),
    )
  }

  removeHeader(name: string): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') this.cookies = []
    else this.headers.set(key, null)
  }
}
