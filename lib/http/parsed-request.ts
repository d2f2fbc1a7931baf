// Per request: what body parsers leave on `req`, and what can be told from it.
import type { IncomingMessage } from 'node:http'
import { declaredLength } from './body-length'
import type { BodySource } from './body-source'

/** What body parsers leave on a request. */
export interface ParsedRequest extends IncomingMessage {
  body?: unknown
  /** Kept by a `verify` function, or by a cloud platform. */
  rawBody?: unknown
  /** multer's. */
  file?: unknown
  /** multer's, express-fileupload's, formidable's. */
  files?: unknown
  /** express-formidable's. */
  fields?: unknown
  /** Express 4's parsers: whether one of them has read. */
  _body?: unknown
}

/** A body for a fetch Request, and the headers that describe it where they differ from the wire's. */
export interface RequestBody {
  readonly source: BodySource
  /** `null` removes. */
  readonly headers: Readonly<Record<string, string | null>>
}

/** What the content type says of the text of a body. */
export type Syntax = 'json' | 'form' | 'multipart' | 'other' | 'unknown'

export function toSyntax(contentType = ''): Syntax {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (/[/+]json$/.test(type)) return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type === 'multipart/form-data') return 'multipart'
  // An object parsed from one of these can't be turned back into its text.
  if (/xml|ya?ml|csv|toml|cbor|msgpack|protobuf|multipart/.test(type)) return 'other'
  // Beacons and web hooks send JSON as text/plain, csp-report or nothing at all.
  return 'unknown'
}

/** More white space than any client puts into an empty object. */
const MAX_EMPTY_BYTES = 32

/** Whether `req.body` is a `{}` that may be what `isPlaceholder()` says. */
export function isUntouched(req: ParsedRequest): boolean {
  const { body } = req
  if (typeof body !== 'object' || body === null) return false
  if (Object.getPrototypeOf(body) !== Object.prototype || req['_body'] === true) return false
  return Object.keys(body).length === 0
}

/**
 * Whether `req.body` is the `{}` that Express 4's parsers put there for requests that they leave to
 * others (hazard 75), not a parsed `{}`: those of Express 4 set a mark, and the others' are short.
 */
export function isPlaceholder(req: ParsedRequest): boolean {
  if (!isUntouched(req)) return false
  const length = declaredLength(req)
  if (Number.isNaN(length)) {
    const syntax = toSyntax(req.headers['content-type'])
    return syntax !== 'json' && syntax !== 'form'
  }
  return length > MAX_EMPTY_BYTES
}

/** In constant time: listing the keys of a Buffer takes one string per byte (hazard 78). */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value)
}
