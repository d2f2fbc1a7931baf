// Per request: a body that a parser in front took from the socket, encoded again from what it left.
import type { IncomingMessage } from 'node:http'
import { parsedLength } from './body-length'
import { fromBytes } from './body-source'
import { toFields, toFormText } from './form-fields'
import {
  type ParsedRequest,
  type RequestBody,
  findFields,
  isBytes,
  isPlaceholder,
  toBytes,
  toSyntax,
} from './parsed-request'
import { rebuildMultipart } from './rebuild-multipart'

/** `undefined`: what the parser left does not hold the body. */
export function rebuildBody(req: ParsedRequest): RequestBody | undefined {
  const { rawBody } = req
  const body = findFields(req) ?? (isPlaceholder(req) ? undefined : req.body)
  const contentType = req.headers['content-type']
  // A middleware that still collects has only the beginning of it.
  if (req.readableEnded !== false) {
    if (isBytes(rawBody)) return known(rawBody, contentType)
    if (typeof rawBody === 'string') return known(rawBody, withUtf8(contentType))
  }
  if (isBytes(body)) return known(body, contentType)
  const syntax = toSyntax(contentType)
  if (typeof body === 'string') {
    const text = syntax === 'json' && isParsedString(body, req) ? JSON.stringify(body) : body
    return known(text, withUtf8(contentType))
  }
  if (syntax === 'multipart') {
    const fields = toFields(req, body, syntax)
    if (fields !== undefined) return rebuildMultipart(req, fields)
  }
  if (syntax === 'other' || body === undefined || !isPlain(body)) return undefined
  const fields = syntax === 'form' ? toFields(req, body, syntax) : undefined
  const text = fields === undefined ? toJson(body) : toFormText(fields)
  return text === undefined ? undefined : known(text, withUtf8(contentType))
}

/** What JSON and forms are parsed to; no stream, Map or Blob, which JSON would write as `{}`. */
function isPlain(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true
  return (
    /^\[object (?:Object|Array)\]$/.test(Object.prototype.toString.call(body)) &&
    !(Symbol.asyncIterator in body)
  )
}

/** `undefined` for what a reviver made of it, such as bigints, and for nesting beyond the stack. */
function toJson(body: unknown): string | undefined {
  try {
    return JSON.stringify(body)
  } catch {
    return undefined
  }
}

/**
 * Whether a string under a JSON type is a parsed JSON string (`strict: false`) and not the text that
 * `express.text()` read. The client's length tells; for encoded or chunked bodies the text decides.
 */
function isParsedString(body: string, req: IncomingMessage): boolean {
  const length = parsedLength(req)
  const own = Buffer.byteLength(body)
  if (length === own) return false
  // A byte order mark, 3 bytes, is dropped on the way; so is the text of other charsets re-coded.
  const sure =
    length > own &&
    length !== own + 3 &&
    !/;\s*charset=(?!"?utf-8)/i.test(req.headers['content-type']!)
  return sure || !isJson(body)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function known(
  content: string | NodeJS.ArrayBufferView,
  contentType: string | undefined,
): RequestBody {
  const bytes = typeof content === 'string' ? Buffer.from(content) : toBytes(content)
  return {
    source: fromBytes(bytes),
    headers: {
      'content-type': contentType ?? null,
      // What was parsed was inflated first: encoding and length of the wire no longer hold
      // (hazards 82, 106).
      'content-encoding': null,
      'transfer-encoding': null,
      'content-length': String(bytes.byteLength),
    },
  }
}

/** Parsers decode to JavaScript strings; rebuilt bodies are UTF-8 (hazard 83). */
function withUtf8(contentType: string | undefined): string | undefined {
  return contentType?.replace(/(;\s*charset=)("[^"]*"|[^;]*)/i, '$1utf-8')
}
