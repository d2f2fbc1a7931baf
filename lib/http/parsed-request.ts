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
  /** formidable's. */
  fields?: unknown
  /** express-formidable's mark. */
  express_formidable?: unknown
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

/** Whether `req.body` is a `{}` that no parser of Express 4 has marked as its own. */
function isUnmarked(req: ParsedRequest): boolean {
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
  if (!isUnmarked(req)) return false
  const length = declaredLength(req)
  if (Number.isNaN(length)) {
    const syntax = toSyntax(req.headers['content-type'])
    return syntax !== 'json' && syntax !== 'form'
  }
  return length > MAX_EMPTY_BYTES
}

/**
 * The fields that formidable has left on `req.fields`, of forms and of JSON, and nothing on `req.body`. Others
 * use the name as well, for what a client asks for (`?fields[users]=name`): without `files` beside it.
 */
export function findFields(req: ParsedRequest): object | undefined {
  const { body, fields, files } = req
  if (body !== undefined && !isUnmarked(req)) return undefined
  if (!isObject(fields) || Array.isArray(fields)) return undefined
  if (toSyntax(req.headers['content-type']) === 'multipart') return fields
  const isOfFormidable = req['express_formidable'] !== undefined || isObject(files)
  // It leaves an array as an object with its indexes: what was sent can't be told.
  const isOfArray = Object.keys(fields)[0] === '0'
  return isOfFormidable && !isOfArray ? fields : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** In constant time: listing the keys of a Buffer takes one string per byte (hazard 78). */
export function isBytes(value: unknown): value is NodeJS.ArrayBufferView {
  return ArrayBuffer.isView(value)
}

/** The same bytes, whatever they are seen as. */
export function toBytes({ buffer, byteOffset, byteLength }: NodeJS.ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
