// Per request, last stage: fetch Response → Node's res, beside what middleware in front put there.
import { type ServerResponse, validateHeaderValue } from 'node:http'
import { StartApiError, toError } from '../errors'
import type { ResponseState } from '../event/response-state'
import { type ResponseHead, toResponseHead } from './response-head'

/**
 * Sends a Response. Rejects while nothing has been sent, so that Express's error middleware can
 * answer; after that a failure destroys the connection, which tells the client that the answer is
 * incomplete (hazard 132), and rejects as well.
 */
export async function sendResponse(
  res: ServerResponse,
  response: Response,
  state: ResponseState,
): Promise<void> {
  // The handler answered through Express's own `res`, or there is nobody left to answer.
  if (res.headersSent || res.writableEnded || hasClientLeft(res)) return discard(response)
  try {
    const head = toResponseHead(response, state)
    validate(head)
    if (isBodiless(res, head)) return await sendHead(res, response, head)
    await sendBody(res, response, head)
  } catch (error) {
    discard(response)
    if (res.headersSent) res.destroy()
    throw error
  }
}

/** HTTP/2's `res` has no `destroyed`, but a stream that has. */
export function hasClientLeft(res: ServerResponse & { stream?: { destroyed: boolean } }): boolean {
  return res.destroyed || res.stream?.destroyed === true
}

/** A status or method whose answer has no content: RFC 9110, 6.4.1. */
function isBodiless(res: ServerResponse, head: ResponseHead): boolean {
  // Responses made by hand may lack their request (hazard 239).
  return res.req?.method === 'HEAD' || head.status === 204 || head.status === 304
}

async function sendHead(
  res: ServerResponse,
  response: Response,
  head: ResponseHead,
): Promise<void> {
  if (head.status === 204) head.headers.delete('content-length')
  else if (
    res.req?.method === 'HEAD' &&
    response.body !== null &&
    !head.headers.has('content-length')
  ) {
    // The same headers as GET (hazard 38), if the length shows without reading a stream to its end.
    const reader = getReader(response.body)
    const body = await readKnownBody(reader)
    if (body.kind === 'known') head.headers.set('content-length', String(body.bytes.byteLength))
    void reader.cancel().catch(ignore)
  }
  writeHead(res, head)
  res.end()
  discard(response)
}

async function sendBody(
  res: ServerResponse,
  response: Response,
  head: ResponseHead,
): Promise<void> {
  const { body } = response
  if (response.bodyUsed) throw usedBody()
  if (body === null) {
    writeHead(res, head)
    res.end()
    return
  }
  const reader = getReader(body)
  const known = await readKnownBody(reader)
  const declared = head.headers.get('content-length')
  if (known.kind === 'known') {
    const length = String(known.bytes.byteLength)
    if (declared !== undefined && declared !== length) throw wrongLength(declared, length)
    head.headers.set('content-length', length)
    writeHead(res, head)
    res.end(known.bytes)
    return
  }
  await sendStream(res, reader, known.reads, head)
}

type Read = ReadableStreamReadResult<unknown>

type BodyStart =
  | { readonly kind: 'known'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly reads: readonly Promise<Read>[] }

/**
 * Bodies made of a string or of bytes give all they have within a few microtasks; their length is
 * then known and saves the client the chunked coding (hazard 108). Everything else is a stream, and
 * the reads begun here are its first.
 */
async function readKnownBody(reader: ReadableStreamDefaultReader<unknown>): Promise<BodyStart> {
  const first = reader.read()
  const begun = await settleSoon(first)
  if (begun === undefined) return { kind: 'stream', reads: [first] }
  if (begun.done) return { kind: 'known', bytes: new Uint8Array() }
  const second = reader.read()
  const next = await settleSoon(second)
  if (next?.done === true) return { kind: 'known', bytes: toBytes(begun.value) }
  return { kind: 'stream', reads: [first, second] }
}

/** Microtasks that Node 20 to 26 take to end a stream made of a string: at most 7, see the spec. */
const MICROTASKS = 12

/** The value, if the promise settles within a few microtasks; its rejection likewise. */
async function settleSoon<T>(promise: Promise<T>): Promise<T | undefined> {
  let settled: (() => T) | undefined
  promise.then(
    (value) => (settled = () => value),
    (error: unknown) =>
      (settled = () => {
        throw error
      }),
  )
  for (let turn = 0; turn < MICROTASKS; turn++) {
    await undefined
    if (settled !== undefined) return (settled as () => T)()
  }
  return undefined
}

async function sendStream(
  res: ServerResponse,
  reader: ReadableStreamDefaultReader<unknown>,
  reads: readonly Promise<Read>[],
  head: ResponseHead,
): Promise<void> {
  const closed = new Promise<'closed'>((resolve) => res.once('close', () => resolve('closed')))
  const declared = head.headers.get('content-length')
  const events = /^text\/event-stream\b/i.test(String(head.headers.get('content-type') ?? ''))
  let size = 0
  try {
    // An event source opens before its first event (hazard 142). Elsewhere the head waits for the
    // first bytes: until then a failing stream can still become an error page (hazard 133).
    if (events) {
      writeHead(res, head)
      res.flushHeaders()
    }
    for (let index = 0; ; index++) {
      const read = await Promise.race([reads[index] ?? reader.read(), closed])
      if (read === 'closed') break
      if (read.done) {
        if (declared !== undefined && Number(declared) !== size) {
          throw wrongLength(String(declared), String(size))
        }
        if (!res.headersSent) writeHead(res, head)
        res.end()
        return
      }
      const bytes = toBytes(read.value)
      size += bytes.byteLength
      if (declared !== undefined && size > Number(declared)) {
        throw wrongLength(String(declared), `at least ${size}`)
      }
      if (!res.headersSent) writeHead(res, head)
      const writable = res.write(bytes)
      // compression() holds back small chunks until told otherwise (hazard 129).
      ;(res as { flush?: () => void }).flush?.()
      // A client that leaves never drains (hazard 136).
      if (!writable) {
        const drained = new Promise<'drained'>((resolve) =>
          res.once('drain', () => resolve('drained')),
        )
        if ((await Promise.race([drained, closed])) === 'closed') break
      }
    }
    await reader.cancel(new DOMException('The client left.', 'AbortError')).catch(ignore)
  } catch (error) {
    void reader.cancel(error).catch(ignore)
    throw toError(error, 'The response stream')
  }
}

/** From here on nothing may throw: an error page must not find half of our headers on `res`. */
function writeHead(res: ServerResponse, head: ResponseHead): void {
  res.statusCode = head.status
  // HTTP/2 has no reason phrase and warns about one (hazard 117).
  if (head.statusText !== '' && res.req?.httpVersionMajor === 1) res.statusMessage = head.statusText
  // A length that middleware in front expected is not this body's.
  if (!head.headers.has('content-length')) res.removeHeader('content-length')
  for (const [name, value] of head.headers) {
    res.setHeader(name, name === 'vary' ? mergeVary(res.getHeader('vary'), value) : value)
  }
  if (head.cookies.length > 0) {
    const earlier = res.getHeader('set-cookie')
    res.setHeader('set-cookie', [...[earlier ?? []].flat().map(String), ...head.cookies])
  }
}

/** Both sides vary: a cache must heed each (hazard 120). */
function mergeVary(
  earlier: number | string | readonly string[] | undefined,
  own: string | readonly string[],
): string {
  const fields = [earlier ?? [], own]
    .flat()
    .join(',')
    .split(',')
    .map((field) => field.trim())
  const seen = new Set<string>()
  return fields
    .filter((field) => {
      const key = field.toLowerCase()
      return field !== '' && !seen.has(key) && seen.add(key)
    })
    .join(', ')
}

/** fetch allows control characters that Node refuses; refuse them before anything is set. */
function validate(head: ResponseHead): void {
  for (const [name, value] of head.headers) {
    for (const item of [value].flat()) validateHeaderValue(name, item)
  }
  for (const cookie of head.cookies) validateHeaderValue('set-cookie', cookie)
  // oxlint-disable-next-line no-control-regex
  if (/[^\t\x20-\x7e\x80-\xff]/.test(head.statusText)) head.statusText = ''
}

function getReader(body: ReadableStream<unknown>): ReadableStreamDefaultReader<unknown> {
  if (body.locked) throw usedBody()
  return body.getReader()
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (ArrayBuffer.isView(chunk))
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  throw new StartApiError(
    'ERR_START_API_BAD_RESPONSE',
    'The response stream holds a chunk that is neither bytes nor text. Enqueue Uint8Array or string.',
  )
}

function usedBody(): StartApiError {
  return new StartApiError(
    'ERR_START_API_BAD_RESPONSE',
    'The body of the Response was already read or sent. Make a new Response for each request, or return response.clone().',
  )
}

function wrongLength(declared: string | readonly string[], actual: string): StartApiError {
  return new StartApiError(
    'ERR_START_API_BAD_RESPONSE',
    `The Response declares a content-length of ${String(declared)} bytes but its body has ${actual}. Leave the header out: it is set from the body.`,
  )
}

/** Lets a producer stop; a body that is in other hands is theirs. */
function discard(response: Response): void {
  if (response.body !== null && !response.body.locked) void response.body.cancel().catch(ignore)
}

function ignore(): void {}
