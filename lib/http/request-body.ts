// Per request: the bytes of a body, from the socket or, if a parser in front took them, from what it
// made of them.
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StartApiError } from '../errors'

/** What body parsers leave on a request. */
export interface ParsedRequest extends IncomingMessage {
  body?: unknown
  /** Kept by a `verify` function, or by a cloud platform. */
  rawBody?: unknown
  file?: unknown
  files?: unknown
}

/** A body for a fetch Request, and the headers that describe it where they differ from the wire's. */
export interface RequestBody {
  readonly source: Blob | AsyncIterable<Uint8Array>
  /** `null` removes. */
  readonly headers: Readonly<Record<string, string | null>>
}

/**
 * @param maxBodySize bytes; a longer body makes its reader reject with status 413
 */
export function toRequestBody(
  req: ParsedRequest,
  res: ServerResponse,
  maxBodySize: number,
): RequestBody {
  if (isBytes(req.rawBody) || typeof req.rawBody === 'string') return known(req.rawBody, {})
  if (isUnread(req)) {
    return hasBody(req)
      ? { source: readBody(req, res, maxBodySize), headers: {} }
      : { source: new Blob(), headers: {} }
  }
  return rebuild(req) ?? { source: consumed(), headers: {} }
}

/**
 * The length that the client declared, if it exceeds the limit: answered with 413 before a handler
 * runs. Chunked bodies are counted as they are read (hazard 94).
 */
export function rejectDeclaredLength(req: IncomingMessage, maxBodySize: number): void {
  const declared = req.headers['content-length']
  if (declared !== undefined && Number(declared) > maxBodySize) throw tooLarge(maxBodySize)
}

/** Nothing was taken from the socket. `req.body` does not tell: Express 4 sets it to `{}` (hazard 75). */
function isUnread(req: ParsedRequest): boolean {
  // Requests made by hand for tests have no such flag: their `body` is all there is.
  if (req.readableDidRead === undefined) return req.body === undefined
  return !req.readableDidRead && !req.readableEnded
}

function hasBody(req: IncomingMessage): boolean {
  const { 'transfer-encoding': encoding, 'content-length': length } = req.headers
  // HTTP/2 needs neither header to send a body.
  if (req.httpVersionMajor > 1) return length !== '0'
  return encoding !== undefined || (length !== undefined && Number(length) > 0)
}

async function* readBody(
  req: IncomingMessage,
  res: ServerResponse,
  maxBodySize: number,
): AsyncGenerator<Uint8Array> {
  // Once the response is out, Node discards the body: reading it then would wait forever (hazard 64).
  if (req.readableDidRead || res.writableEnded) throw gone('was discarded after the response')
  let size = 0
  try {
    // Without the option, a reader that stops early would destroy the socket and with it the answer.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      const bytes =
        typeof chunk === 'string'
          ? Buffer.from(chunk, req.readableEncoding ?? 'utf8')
          : (chunk as Buffer)
      size += bytes.byteLength
      if (size > maxBodySize) throw tooLarge(maxBodySize)
      yield bytes
    }
  } catch (error) {
    throw error instanceof StartApiError ? error : aborted(error)
  } finally {
    // What the reader left must still leave the socket, or the next request on it starts in the
    // middle of this one (hazard 97). Node's own `requestTimeout` bounds how long that may take.
    if (!req.readableEnded && !req.destroyed) req.resume()
  }
  // A client that leaves mid-body can look like a normal end (hazards 99, 100).
  if (req.complete === false || req.aborted) throw aborted()
}

function aborted(cause?: unknown): DOMException {
  const error = new DOMException(
    'The client left before its request body was complete.',
    'AbortError',
  )
  if (cause !== undefined) Object.defineProperty(error, 'cause', { value: cause })
  return error
}

function tooLarge(maxBodySize: number): StartApiError {
  return new StartApiError(
    'ERR_START_API_BODY_TOO_LARGE',
    `The request body exceeds \`maxBodySize\` (${maxBodySize} bytes).`,
    { status: 413 },
  )
}

function gone(how: string): StartApiError {
  return new StartApiError(
    'ERR_START_API_BODY_CONSUMED',
    `The request body ${how}. Read it before the handler returns.`,
  )
}

// oxlint-disable-next-line require-yield -- a body whose first read fails
async function* consumed(): AsyncGenerator<Uint8Array> {
  throw new StartApiError(
    'ERR_START_API_BODY_CONSUMED',
    "The request body was read by a middleware in front of startApi() that did not leave it on `req.body`. Mount startApi() before that middleware, or keep the bytes in `req.rawBody` (the body parsers' `verify` option).",
  )
}

// --- bodies that a parser took -------------------------------------------------------------------

function rebuild(req: ParsedRequest): RequestBody | undefined {
  const { body } = req
  const type = (req.headers['content-type'] ?? '').toLowerCase()
  if (type.startsWith('multipart/form-data')) return rebuildMultipart(req)
  if (body === undefined) return undefined
  if (isBytes(body)) return known(body, {})
  const contentType = withUtf8(req.headers['content-type'])
  if (typeof body === 'string') {
    const text = type.includes('json') && isParsedJsonText(body, req) ? JSON.stringify(body) : body
    return known(text, contentType)
  }
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return known(toUrlEncoded(body), contentType)
  }
  // A parsed document can't be turned back into its text.
  if (type.includes('xml')) return undefined
  return known(JSON.stringify(body), contentType)
}

/**
 * Whether a string under a JSON type is a parsed JSON string (`strict: false`) and not the text that
 * `express.text()` read. The client's length tells; for encoded or chunked bodies the text decides.
 */
function isParsedJsonText(body: string, req: IncomingMessage): boolean {
  const length = Number(req.headers['content-length'] ?? NaN)
  if (req.headers['content-encoding'] === undefined && !Number.isNaN(length)) {
    return length !== Buffer.byteLength(body)
  }
  try {
    JSON.parse(body)
    return false
  } catch {
    return true
  }
}

function known(content: string | Uint8Array, headers: Record<string, string | null>): RequestBody {
  // The types exclude bytes over shared memory; Blob copies those as well.
  const source = new Blob([content as string | Uint8Array<ArrayBuffer>])
  // What was parsed was inflated first: encoding and length of the wire no longer hold (hazard 82).
  return {
    source,
    headers: {
      ...headers,
      'content-encoding': null,
      'transfer-encoding': null,
      'content-length': String(source.size),
    },
  }
}

/** Parsers decode to JavaScript strings; rebuilt bodies are UTF-8 (hazard 83). */
function withUtf8(contentType: string | undefined): Record<string, string> {
  if (contentType === undefined) return {}
  return { 'content-type': contentType.replace(/(;\s*charset=)("[^"]*"|[^;]*)/i, '$1utf-8') }
}

/** Arrays become repeated keys and nested objects bracketed ones, as qs reads them. */
function toUrlEncoded(body: unknown): string {
  const pairs = new URLSearchParams()
  const add = (key: string, value: unknown): void => {
    if (Array.isArray(value)) {
      const flat = value.every((item) => typeof item !== 'object' || item === null)
      value.forEach((item, index) => add(flat ? key : `${key}[${index}]`, item))
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) {
        add(key === '' ? name : `${key}[${name}]`, item)
      }
    } else if (value !== undefined) pairs.append(key, String(value))
  }
  add('', body)
  return pairs.toString()
}

/** What multer leaves: fields on `req.body`, files in memory or on disk. */
interface MulterFile {
  readonly fieldname: string
  readonly originalname: string
  readonly mimetype?: string
  readonly buffer?: Uint8Array
  readonly path?: string
}

function rebuildMultipart(req: ParsedRequest): RequestBody | undefined {
  const files = [req.file, ...toFileList(req.files)].filter((file) => file !== undefined)
  if (!files.every(isMulterFile)) return undefined
  if (req.body === undefined && files.length === 0) return undefined
  const boundary = `start-api-${randomUUID()}`
  return {
    source: writeMultipart(boundary, req.body, files),
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-encoding': null,
      'content-length': null,
    },
  }
}

function toFileList(files: unknown): unknown[] {
  if (Array.isArray(files)) return files
  return typeof files === 'object' && files !== null ? Object.values(files).flat() : []
}

function isMulterFile(file: unknown): file is MulterFile {
  const { fieldname, originalname, buffer, path } = file as MulterFile
  return (
    typeof fieldname === 'string' &&
    typeof originalname === 'string' &&
    (isBytes(buffer) || typeof path === 'string')
  )
}

async function* writeMultipart(
  boundary: string,
  fields: unknown,
  files: readonly MulterFile[],
): AsyncGenerator<Uint8Array> {
  const part = (name: string, more: string) =>
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${quote(name)}"${more}\r\n\r\n`,
    )
  for (const [name, value] of new URLSearchParams(toUrlEncoded(fields))) {
    yield part(name, '')
    yield Buffer.from(`${value}\r\n`)
  }
  for (const file of files) {
    const type = file.mimetype ?? 'application/octet-stream'
    yield part(file.fieldname, `; filename="${quote(file.originalname)}"\r\nContent-Type: ${type}`)
    if (file.buffer !== undefined) yield file.buffer
    else yield* createReadStream(file.path!) as AsyncIterable<Buffer>
    yield Buffer.from('\r\n')
  }
  yield Buffer.from(`--${boundary}--\r\n`)
}

/** As browsers escape names in a multipart head. */
function quote(name: string): string {
  return name.replace(/["\r\n]/g, (character) =>
    character === '"' ? '%22' : character === '\r' ? '%0D' : '%0A',
  )
}

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value)
}
