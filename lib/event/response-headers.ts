// Headers set by helpers, as `Headers` whose changes reach the answer.
import type { ServerResponse } from 'node:http'

/** Start v1 hands its own headers out: handlers write `getResponseHeaders().set(…)`. */
export function writeThrough(res: ServerResponse): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(res.getHeaders())) {
    for (const item of [value ?? []].flat()) headers.append(name, String(item))
  }
  return Object.defineProperties(headers, {
    set: {
      value(name: string, value: string) {
        Headers.prototype.set.call(headers, name, value)
        res.setHeader(name, value)
      },
    },
    append: {
      value(name: string, value: string) {
        Headers.prototype.append.call(headers, name, value)
        res.appendHeader(name, value)
      },
    },
    delete: {
      value(name: string) {
        Headers.prototype.delete.call(headers, name)
        res.removeHeader(name)
      },
    },
  })
}
