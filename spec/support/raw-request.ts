// Bytes in, bytes out: for what HTTP clients won't send or won't show.
import type { RequestListener } from 'node:http'
import { type Socket, connect } from 'node:net'

export interface RawAnswer {
  readonly statusLine: string
  readonly status: number
  /** Header lines as they came. */
  readonly lines: readonly string[]
  /** By lower-case name; repeated ones in an array. */
  readonly headers: Readonly<Record<string, string | string[]>>
  /** Bytes after the head, undecoded. */
  readonly body: string
}

/** Sends bytes and reads until the server closes: the request should say `Connection: close`. */
export async function rawRequest(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = await open(port)
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  return parseAnswer((await readAll(socket)).toString('latin1'))
}

/** A request line and headers, ended; `Host` and `Connection: close` are added where missing. */
export function rawHead(requestLine: string, headers: readonly string[] = []): string {
  const has = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`))
  const more = [
    ...(has('host') ? [] : ['Host: localhost']),
    ...(has('connection') ? [] : ['Connection: close']),
  ]
  return `${[requestLine, ...headers, ...more].join('\r\n')}\r\n\r\n`
}

/** GET with a request target byte for byte. */
export function rawGet(
  port: number,
  target: string,
  headers?: readonly string[],
): Promise<RawAnswer> {
  return rawRequest(port, rawHead(`GET ${target} HTTP/1.1`, headers))
}

/**
 * A target with bytes that Node's own parser refuses by now, for a listener in `unescapeBytes()`: other
 * versions, lenient parsers and cloud platforms let them through.
 */
export function escapeBytes(target: string): string {
  return target.replace(
    /[^\x21-\x7e]/g,
    (byte) => `!x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** A listener whose requests come with the bytes that `escapeBytes()` wrote down. */
export function unescapeBytes(listener: RequestListener): RequestListener {
  return (req, res) => {
    req.url = req.url!.replace(/!x([\da-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    listener(req, res)
  }
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}

export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer)
  } catch {
    // A reset ends the answer where it was.
  }
  return Buffer.concat(chunks)
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end === -1 ? text.length : end).split('\r\n')
  const headers: Record<string, string | string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const present = headers[name]
    headers[name] = present === undefined ? value : [present, value].flat()
  }
  return {
    statusLine,
    status: Number(statusLine.split(' ')[1]),
    lines,
    headers,
    body: end === -1 ? '' : text.slice(end + 4),
  }
}
