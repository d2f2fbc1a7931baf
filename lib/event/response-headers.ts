// Headers set by helpers, as `Headers` whose changes reach the answer.

/** Where headers are kept: Node's response, or what stands for one. */
export interface HeaderStore {
  setHeader(name: string, value: string): void
  appendHeader(name: string, value: string): void
  removeHeader(name: string): void
}

/** Start v1 hands its own headers out: handlers write `getResponseHeaders().set(…)`. */
export function writeThrough(
  store: HeaderStore,
  present: Readonly<Record<string, number | string | readonly string[] | undefined>>,
): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(present)) {
    for (const item of [value ?? []].flat()) headers.append(name, String(item))
  }
  return Object.defineProperties(headers, {
    set: {
      value(name: string, value: string) {
        Headers.prototype.set.call(headers, name, value)
        store.setHeader(name, value)
      },
    },
    append: {
      value(name: string, value: string) {
        Headers.prototype.append.call(headers, name, value)
        store.appendHeader(name, value)
      },
    },
    delete: {
      value(name: string) {
        Headers.prototype.delete.call(headers, name)
        store.removeHeader(name)
      },
    },
  })
}
