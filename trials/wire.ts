// HTTP/1.1 as bytes: requests in whatever pieces, and answers read by the letter of RFC 9112.
import { type Socket, connect } from 'node:net'

/** A promise that the package makes was broken. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export interface Answer {
  readonly status: number
  /** By lower-case name; repeated ones are joined by a line feed. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface Exchange {
  readonly answers: readonly Answer[]
  /** Bytes after the last whole answer. */
  readonly rest: Buffer
}

/**
 * For one connection. What hangs, hangs for ever: this is only when it is said, and long, as a machine that is
 * busy with other specs takes many times what it takes alone.
 */
const PATIENCE_MS = 30_000

/**
 * Sends pieces on one connection, a turn of the event loop between each, and reads until the server
 * closes it: either since it wants to, or since all answers are there and our side has ended.
 *
 * @param methods those of the requests in the pieces, in order
 */
export async function exchange(
  port: number,
  pieces: readonly Buffer[],
  methods: readonly string[],
): Promise<Exchange> {
  const socket = connect(port, '127.0.0.1')
  const answers: Answer[] = []
  let rest: Buffer = Buffer.alloc(0)
  let failure: unknown
  const take = (isOver: boolean): void => {
    for (let read; (read = readAnswer(rest, methods[answers.length] ?? 'none', isOver));) {
      rest = rest.subarray(read.size)
      if (read.answer.status >= 200) answers.push(read.answer)
    }
    if (answers.length === methods.length) socket.end()
  }
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    try {
      take(false)
    } catch (error) {
      failure ??= error
      socket.destroy()
    }
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  // A reset is a way to close.
  socket.on('error', () => {})
  const timer = setTimeout(() => {
    const { length } = answers
    const missing =
      length === methods.length
        ? 'the end of the connection'
        : `answer ${length + 1} of ${methods.length}`
    failure ??= new Violation(`${missing} never came`)
    socket.destroy()
  }, PATIENCE_MS)
  await writeAll(socket, pieces)
  await closed
  clearTimeout(timer)
  if (failure === undefined && rest.byteLength > 0) take(true)
  if (failure !== undefined) throw failure
  return { answers, rest }
}

async function writeAll(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    socket.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d) [\t\x20-\x7e\x80-\xff]*$/
const FIELD_LINE = /^([\w!#$%&'*+\-.^`|~]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/

/**
 * @param isOver whether the connection is closed: what has no length ends there
 * @returns `undefined` while the answer is incomplete
 * @throws Violation for what is no HTTP
 */
export function readAnswer(
  bytes: Buffer,
  method: string,
  isOver: boolean,
): { readonly answer: Answer; readonly size: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(STATUS_LINE.exec(statusLine)?.[1])
  if (Number.isNaN(status)) throw new Violation(`status line ${JSON.stringify(statusLine)}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? []
    if (name === undefined) throw new Violation(`header line ${JSON.stringify(line)}`)
    const earlier = headers.get(name.toLowerCase())
    headers.set(name.toLowerCase(), earlier === undefined ? value! : `${earlier}\n${value!}`)
  }
  const body = readBody(bytes.subarray(end + 4), status, method, headers, isOver)
  return body && { answer: { status, headers, body: body.content }, size: end + 4 + body.size }
}

type Body = { readonly content: Buffer; readonly size: number }

const NONE: Body = { content: Buffer.alloc(0), size: 0 }

/** RFC 9112, 6.3. */
function readBody(
  bytes: Buffer,
  status: number,
  method: string,
  headers: ReadonlyMap<string, string>,
  isOver: boolean,
): Body | undefined {
  const length = headers.get('content-length')
  const coding = headers.get('transfer-encoding')
  if (length !== undefined && !/^\d+$/.test(length)) throw new Violation(`length ${length}`)
  if (coding !== undefined && coding !== 'chunked') throw new Violation(`coding ${coding}`)
  if (length !== undefined && coding !== undefined) throw new Violation('length beside a coding')
  if (status < 200 || status === 204) {
    if (length ?? coding) throw new Violation(`a body is announced for a ${status}`)
    return NONE
  }
  if (status === 304 || method === 'HEAD') return NONE
  if (coding !== undefined) return readChunks(bytes)
  if (length === undefined) {
    if (headers.get('connection') !== 'close') throw new Violation('a body without an end')
    return isOver ? { content: bytes, size: bytes.byteLength } : undefined
  }
  const size = Number(length)
  return bytes.byteLength < size ? undefined : { content: bytes.subarray(0, size), size }
}

function readChunks(bytes: Buffer): Body | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return undefined
    const line = bytes.toString('latin1', at, end)
    if (!/^[\da-f]+$/i.test(line)) throw new Violation(`chunk size ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    const next = end + 2 + size + 2
    if (bytes.byteLength < next) return undefined
    if (bytes.toString('latin1', next - 2, next) !== '\r\n')
      throw new Violation('chunk without end')
    if (size === 0) return { content: Buffer.concat(chunks), size: next }
    chunks.push(bytes.subarray(end + 2, next - 2))
    at = next
  }
}
