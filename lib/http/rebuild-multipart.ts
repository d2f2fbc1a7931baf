// Per request: a form that multer, express-fileupload or formidable took apart, put together again.
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { parsedLength } from './body-length'
import { fromGenerator } from './body-source'
import type { Fields } from './form-fields'
import { type ParsedRequest, type RequestBody, isBytes, toBytes } from './parsed-request'

/** A file of a form, in memory or on disk. */
interface FormFile {
  readonly field: string
  readonly name: string
  readonly type: string
  readonly content: Uint8Array | { readonly path: string }
}

/**
 * Fields come first and files after them: parsers keep them apart, so their common order is lost.
 *
 * @returns `undefined` if a file went where it can't be read from, or the parser left nothing at all
 */
export function rebuildMultipart(req: ParsedRequest, fields: Fields): RequestBody | undefined {
  const listed = [
    ...toList(req.file).map((file) => toFile(undefined, file)),
    ...toEntries(req.files).map(([field, file]) => toFile(field, file)),
  ]
  const files = listed.filter((file) => file !== undefined)
  if (files.length < listed.length) return undefined
  if (files.length === 0 && fields.length === 0 && !isParserOutput(req.body) && !isEmpty(req)) {
    return undefined
  }
  const texts = isPadded(req) ? withoutNamesOf(files, fields) : fields
  // Unguessable, so that no field can hold it (hazard 93).
  const boundary = `start-api-${randomUUID()}`
  return {
    source: fromGenerator(() => writeForm(boundary, texts, files)),
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': null,
    },
  }
}

/** multer leaves objects without a prototype; a plain `{}` is Express 4's and says nothing. */
function isParserOutput(fields: unknown): boolean {
  return typeof fields === 'object' && fields !== null && Object.getPrototypeOf(fields) === null
}

/** Whether it has no part at all: there is nothing that a parser could have lost. */
function isEmpty(req: ParsedRequest): boolean {
  for (const [, name, quoted, plain] of (req.headers['content-type'] ?? '').matchAll(PARAMETER)) {
    if (name!.toLowerCase() !== 'boundary') continue
    // Hyphens around it, and a line break at either end. Any part has two of it.
    return parsedLength(req) <= (quoted ?? plain!.trim()).length + 8
  }
  return false
}

/** All of them, one by one: the text of one may look like another. */
const PARAMETER = /;\s*([^=;\s]+)=(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g

/** express-openapi-validator writes `''` into `req.body` for each file: its schema is of texts. */
function isPadded(req: ParsedRequest): boolean {
  return 'openapi' in req
}

function withoutNamesOf(files: readonly FormFile[], fields: Fields): Fields {
  const names = new Set(files.map(({ field }) => field))
  return fields.filter(([name, value]) => value !== '' || !names.has(name))
}

function toList(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : [value].flat()
}

/** `req.files` as an array (multer's files name their field) or by field. */
function toEntries(files: unknown): [field: string | undefined, file: unknown][] {
  if (typeof files !== 'object' || files === null) return []
  if (Array.isArray(files)) return files.map((file) => [undefined, file])
  return Object.entries(files).flatMap(([field, value]) =>
    toList(value).map((file): [string, unknown] => [field, file]),
  )
}

/** What the parsers call the same things: multer, formidable 3 and 1, express-fileupload. */
interface UploadedFile {
  readonly fieldname?: unknown
  readonly originalname?: unknown
  readonly originalFilename?: unknown
  readonly name?: unknown
  readonly mimetype?: unknown
  readonly type?: unknown
  readonly path?: unknown
  readonly filepath?: unknown
  readonly tempFilePath?: unknown
  readonly buffer?: unknown
  readonly data?: unknown
}

function toFile(listedUnder: string | undefined, value: unknown): FormFile | undefined {
  const file = (value ?? {}) as UploadedFile
  const field = file.fieldname ?? listedUnder
  const name = file.originalname ?? file.originalFilename ?? file.name
  const type = file.mimetype ?? file.type
  const content = toContent(file)
  if (typeof field !== 'string' || typeof name !== 'string' || content === undefined) {
    return undefined
  }
  return {
    field,
    name,
    type: typeof type === 'string' ? type : 'application/octet-stream',
    content,
  }
}

function toContent(file: UploadedFile): FormFile['content'] | undefined {
  // express-fileupload has an empty `tempFilePath` beside `data`, or an empty `data` beside it.
  for (const path of [file.path, file.filepath, file.tempFilePath]) {
    if (typeof path === 'string' && path !== '') return { path }
  }
  for (const bytes of [file.buffer, file.data]) {
    if (isBytes(bytes)) return toBytes(bytes)
  }
  return undefined
}

async function* writeForm(
  boundary: string,
  fields: Fields,
  files: readonly FormFile[],
): AsyncGenerator<Uint8Array> {
  const part = (name: string, more: string) =>
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${toName(name)}"${more}\r\n\r\n`,
    )
  for (const [name, value] of fields) {
    yield part(name, '')
    yield Buffer.from(`${value}\r\n`)
  }
  for (const { field, name, type, content } of files) {
    yield part(field, `; filename="${toName(name)}"\r\nContent-Type: ${type}`)
    if ('path' in content) yield* createReadStream(content.path) as AsyncIterable<Buffer>
    else yield content
    yield Buffer.from('\r\n')
  }
  yield Buffer.from(`--${boundary}--\r\n`)
}

/** As browsers escape names in the head of a part. */
function toName(text: string): string {
  return fromLatin1(text).replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/**
 * busboy, below multer, reads names as Latin-1 unless told otherwise, while browsers send UTF-8:
 * `JÃ¼r.txt` was `Jür.txt`. Text that is not UTF-8 read that way stays.
 */
function fromLatin1(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[\x80-\xff]/.test(text) || /[^\x00-\xff]/.test(text)) return text
  const bytes = Buffer.from(text, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : text
}
