// What the application under trial did for each request, told by the request's own id.
import type { IncomingMessage } from 'node:http'

/** One call of a route's handler. */
export interface Call {
  readonly file: string
  readonly params: Readonly<Record<string, string>>
  /** What its Request says, where the handler looks at one. */
  readonly seen?: { readonly header: string; readonly pathname: string }
}

export interface Entry {
  readonly calls: Call[]
  /** How often a guard in front of `/api/admin` saw it. */
  guards: number
  /** `req.url` for the handler behind `startApi()`, each time. */
  readonly handedOn: string[]
  readonly errors: unknown[]
  /** `req.body` of a parser in front; absent where none has read. */
  parsed?: unknown
  /** What the handler, or the one behind `startApi()`, read. */
  read?: Buffer
}

const entries = new Map<string, Entry>()
let count = 0

/** An id for the header `x-id`. */
export function open(): string {
  const id = String(++count)
  entries.set(id, { calls: [], guards: 0, handedOn: [], errors: [] })
  return id
}

export function entryOf(req: IncomingMessage): Entry {
  return entries.get(String(req.headers['x-id'])) ?? close('none')
}

export function close(id: string): Entry {
  const entry = entries.get(id)
  entries.delete(id)
  return entry ?? { calls: [], guards: 0, handedOn: [], errors: [] }
}
