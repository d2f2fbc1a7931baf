// Per request, last stage: fetch Response → Node's res, beside what middleware in front put there.
import { isAscii } from 'node:buffer'
import { ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import { isNullBodyStatus } from '../define/null-body'
import { type PlainResponse, takePlainResponse, takeText } from '../define/text-response'
import { StartApiError, toError } from '../errors'
import type { ResponseState } from '../event/response-state'
import { mergeCookies } from '../event/set-cookie'
import { declaresBody } from './body-length'
import { isGone, isHeld, isHttp2, onceClosed } from './client-left'
import {
  type BodyReader,
  type BodyStart,
  discard,
  getReader,
  ignore,
  readStart,
  takeSource,
  toBuffer,
} from './response-body'
import { type ResponseHead, isLength, toDeclaredLength, toResponseHead } from './response-head'

/**
 * Sends a Response. Throws or rejects, with the producer stopped, if it can't: as long as nothing is
 * sent, `res` is as it was, and Express's error middleware can answer. Later the connection is to be
 * broken off.
 *
 * @param state what helpers have said; `undefined` if nothing
 */
export function sendResponse(
  res: ServerResponse,
  response: Response,
  state: ResponseState | undefined,
): void | Promise<void> {
  // The handler answered through Express's own `res`, or middleware may still write to it.
  if (hasBegun(res) || isHeld(res)) return discard(response)
  const plain = state === undefined ? takePlainResponse(response) : undefined
  if (plain !== undefined) return sendPlain(res, plain)
  let head: ResponseHead
  try {
    head = toResponseHead(response, state)
    validate(head)
  } catch (error) {
    discard(response)
    throw error
  }
  if (isGone(res)) {
    discard(response)
    return endUnheard(res, head)
  }
  const isHead = res.req?.method === 'HEAD'
  // Whatever the Response holds.
  if (isNullBodyStatus(head.status)) {
    const removed = ['transfer-encoding']
    // By the type, compression() would claim an encoding.
    if (head.status !== 205) removed.push('content-type')
    if (head.status === 204) removed.push('content-length')
    if (head.status === 205) head.headers.set('content-length', '0')
    for (const name of removed) head.headers.delete(name)
    head.removed = [...head.removed, ...removed]
    discard(response)
    return sendWhole(res, head, [])
  }
  if (response.body === null) {
    // A client would wait for content of the length that the headers declare.
    if (!isHead) head.headers.set('content-length', '0')
    return sendWhole(res, head, [])
  }
  const text = takeText(response) ?? takeSource(response)
  // An empty text is what a handler of its own has for HEAD, and the length is GET's.
  if (isHead && !text && isLength(head.headers.get('content-length'))) {
    discard(response)
    return sendWhole(res, head, [])
  }
  if (text !== undefined) {
    const body = toWire(text)
    head.headers.set('content-length', String(body.length))
    return sendWhole(res, head, [body])
  }
  return sendBody(res, getReader(response), head)
}

/** `json(value)`, for example: nothing to merge, to check or to read. */
function sendPlain(res: ServerResponse, { status, headers, text }: PlainResponse): void {
  if (!isHttp2(res)) res.statusMessage = ''
  else if (isGone(res)) return
  res.statusCode = status
  for (const [name, value] of headers) res.setHeader(name.toLowerCase(), value)
  const body = toWire(text)
  res.setHeader('content-length', String(body.length))
  if (res.req?.method === 'HEAD') res.end()
  else endWith(res, body)
}

/** Whether there is an answer already. The head of one that ended after its client had left is never sent. */
export function hasBegun(res: ServerResponse): boolean {
  return res.headersSent || res.writableEnded
}

/**
 * Ends a response whose client has left, as an Express handler that doesn't know of it would: sessions are
 * saved, and requests logged, by what middleware has put in the place of `res.end()`.
 */
function endUnheard(res: ServerResponse, head: ResponseHead): void {
  // HTTP/2's is closed by then.
  if (isHttp2(res) || hasBegun(res)) return
  res.statusCode = head.status
  res.end()
}

/** Whether nothing more can be written; trying would emit an error that nobody listens to. */
function isOver(res: ServerResponse): boolean {
  return res.writableEnded || isGone(res)
}

async function sendBody(
  res: ServerResponse,
  reader: BodyReader,
  head: ResponseHead,
): Promise<void> {
  const events = /^text\/event-stream\b/i.test(String(head.headers.get('content-type') ?? ''))
  try {
    // Reading a body takes a turn. By the next one Node has closed the connection of a client that has
    // ended its side, as `nc -N` does.
    const patience =
      res.req?.headers !== undefined && declaresBody(res.req) ? 'needed turn' : 'turn'
    const start = await readStart(reader, events ? 'tick' : patience)
    // Meanwhile another part of the application has answered, or the client left.
    if (hasBegun(res)) return stop(reader)
    if (isGone(res)) {
      stop(reader)
      return endUnheard(res, head)
    }
    if (start.phase === 'ended') {
      // A length in the headers may be another body's, as in `new Response(text, upstream)` (hazard 110).
      head.headers.set('content-length', String(start.size))
      sendWhole(res, head, start.chunks)
    } else if (res.req?.method === 'HEAD') {
      sendWhole(res, head, [])
      // Not drained: it may have no end (hazard 37).
      reader.cancel().catch(ignore)
    } else await sendStream(res, reader, start, head, events ? 'at once' : 'with bytes')
  } catch (error) {
    reader.cancel(error).catch(ignore)
    throw toError(error, 'The response stream')
  }
}

function sendWhole(
  res: ServerResponse,
  head: ResponseHead,
  chunks: readonly Buffer[] | readonly [text: string | Buffer],
): void {
  // Throws where it is none.
  toDeclaredLength(head)
  setHead(res, head)
  const body = chunks.length > 1 ? Buffer.concat(chunks as Buffer[]) : chunks[0]
  if (body === undefined || res.req?.method === 'HEAD') res.end()
  else endWith(res, body)
}

/** Node's own. */
const { end, write } = ServerResponse.prototype

/**
 * By Node's own `write()`, which calls what has been put in the place of `writeHead()`. Its `flushHeaders()`
 * writes `é` as two letters (see `toWire()`).
 */
function flushHead(res: Partial<Pick<ServerResponse, 'flushHeaders'>>): void {
  if (res instanceof ServerResponse) write.call(res, '', 'latin1')
  // HTTP/2's, or made by hand, which may lack it (hazard 239).
  else res.flushHeaders?.()
}

/**
 * Bytes up to here go out as a text: Node writes head and text at once, and bytes after the head. (Node
 * 24: 1.5 of 24 µs for a native Response of a JSON text.)
 */
const MAX_SHORT = 4096

/** What middleware has put in the place of `res.end()` gets bytes, as Express gives them. */
function endWith(res: ServerResponse, body: string | Buffer): void {
  if (res.end !== end) res.end(typeof body === 'string' ? Buffer.from(body, 'latin1') : body)
  else if (typeof body === 'string') res.end(body, 'latin1')
  else if (body.length > MAX_SHORT || !isAscii(body)) res.end(body)
  else res.end(body.toString('latin1'), 'latin1')
}

/**
 * ASCII, which has as many bytes in UTF-8 as letters, stays a text: Node writes it and the head at once,
 * in one encoding. That is to be Latin-1, in which it is the same: with UTF-8, `é` in a header that someone
 * has set would be sent as two letters.
 *
 * @returns what has as many bytes as its `length`
 */
function toWire(text: string): string | Buffer {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text)
}

/**
 * @param opening when the head goes out: an event source opens before its first event (hazard 142).
 *   Elsewhere the head waits for the first bytes, since until then a failure can still become an error
 *   page (hazard 133)
 */
async function sendStream(
  res: ServerResponse,
  reader: BodyReader,
  start: BodyStart,
  head: ResponseHead,
  opening: 'at once' | 'with bytes',
): Promise<void> {
  const declared = toDeclaredLength(head)
  let size = 0
  let begun = false
  let ended = false
  let resume = ignore
  const begin = (): void => {
    begun = true
    setHead(res, head)
  }
  /** False: the client left, or another part of the application has answered meanwhile. */
  const canWrite = () => !isOver(res) && (begun || !res.headersSent)
  // One listener for all waits: compression() hands them on and can't take them back.
  res.on('drain', () => resume())
  // Ends a pending read, and the wait for a drain that never comes (hazards 135, 136).
  onceClosed(res, () => {
    if (!ended) stop(reader)
    resume()
  })
  if (opening === 'at once') {
    begin()
    flushHead(res)
  }
  for (let index = 0; ; index++) {
    // The read that has begun is heeded when it is its turn: a promise made of it before could fail
    // unheard while the client is slow, which ends the process.
    const pending = index === start.chunks.length ? start.next : undefined
    let bytes = start.chunks[index]
    if (bytes === undefined) {
      const { done, value } = await (pending ?? reader.read())
      if (!done) bytes = toBuffer(value)
    }
    if (!canWrite()) {
      stop(reader)
      return begun ? undefined : endUnheard(res, head)
    }
    if (bytes === undefined) {
      ended = true
      break
    }
    size += bytes.byteLength
    if (declared !== undefined && size > declared) {
      throw wrongLength(declared, `at least ${size}`)
    }
    if (!begun) begin()
    // A middleware's own `write()`, or a serverless host's socket, may give nothing back: `pipe()`, too,
    // stops at `false` alone. Such a socket holds nothing, and there will be no `drain`.
    const goesOn = res.write(bytes) as boolean | undefined
    const isFull =
      goesOn === false || (goesOn === undefined && res.writableNeedDrain && res.writableLength > 0)
    // compression() holds back what is small until told otherwise (hazard 129).
    ;(res as { flush?: () => void }).flush?.()
    if (isFull) await new Promise<void>((resolve) => (resume = resolve))
  }
  if (declared !== undefined && declared !== size) throw wrongLength(declared, String(size))
  if (!begun) begin()
  res.end()
}

function stop(reader: BodyReader): void {
  reader.cancel(new DOMException('The client left.', 'AbortError')).catch(ignore)
}

/** From here on nothing may throw: an error page must not find half of our headers on `res`. */
function setHead(res: ServerResponse, head: ResponseHead): void {
  res.statusCode = head.status
  // `''` makes Node fill in the standard phrase, whatever middleware set for its own status. HTTP/2 has
  // none and warns about it (hazards 115 to 117).
  if (!isHttp2(res)) res.statusMessage = head.statusText
  // A length that middleware in front expected is not this body's.
  if (res.getHeader('content-length') !== undefined) res.removeHeader('content-length')
  for (const name of head.removed) res.removeHeader(name)
  for (const [name, value] of head.headers) {
    res.setHeader(name, name === 'vary' ? mergeVary(res.getHeader('vary'), value) : value)
  }
  if (head.cookies.length > 0) {
    const earlier = res.getHeader('set-cookie')
    res.setHeader('set-cookie', mergeCookies([earlier ?? []].flat().map(String), head.cookies))
  }
}

/** Both sides vary: a cache must heed each (hazard 120). */
function mergeVary(
  earlier: number | string | readonly string[] | undefined,
  own: string | readonly string[],
): string {
  const fields = new Map<string, string>()
  for (const field of [earlier ?? [], own].flat().join(',').split(',')) {
    const name = field.trim()
    if (name === '*') return name
    if (name !== '' && !fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), name)
  }
  return [...fields.values()].join(', ')
}

/**
 * What fetch allows and Node refuses, and what polyfills let pass (hazards 112, 113, 116), refused
 * before anything is set.
 */
function validate(head: ResponseHead): void {
  for (const [name, value] of head.headers) {
    validateHeaderName(name)
    if (typeof value === 'string') validateHeaderValue(name, value)
    else for (const item of value) validateHeaderValue(name, item)
  }
  for (const cookie of head.cookies) validateHeaderValue('set-cookie', cookie)
  // oxlint-disable-next-line no-control-regex
  if (/[^\t\x20-\x7e\x80-\xff]/.test(head.statusText)) head.statusText = ''
}

function wrongLength(declared: number, actual: string): StartApiError {
  return new StartApiError(
    'ERR_START_API_BAD_RESPONSE',
    `The Response declares a content-length of ${declared} bytes but its body has ${actual}. Leave the header out: it is set from the body.`,
  )
}
