// Per request: how a client's leaving shows, whose turn it is or not.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'

/** Whether nobody is there any more. HTTP/2's response tells by its stream alone. */
export function isGone(res: ServerResponse | Http2ServerResponse): boolean {
  if (isHttp2(res)) return res.stream.destroyed
  return res.destroyed || (isQueued(res) && res.req.socket.destroyed)
}

/** Whether the answer is out, or can't get there. */
export function isClosed(res: ServerResponse): boolean {
  return res.closed || isGone(res)
}

/** By its stream: responses made by hand may lack their request (hazard 239). */
export function isHttp2(res: ServerResponse | Http2ServerResponse): res is Http2ServerResponse {
  return 'stream' in res
}

/**
 * Calls back when the answer is out, or can't get there.
 *
 * @returns a function that takes the listeners away
 */
export function onceClosed(res: ServerResponse, callback: () => void): () => void {
  // Responses made by hand may emit nothing (hazard 239).
  res.once?.('close', callback)
  const offConnection = isQueued(res) ? onceConnectionClosed(res, callback) : undefined
  return () => {
    res.off?.('close', callback)
    offConnection?.()
  }
}

/**
 * Calls back when the client leaves without its whole answer: `close` without `finish`. At once if it
 * has left already.
 *
 * @returns a function that takes the listeners away
 */
export function onceGone(
  req: IncomingMessage,
  res: ServerResponse,
  callback: () => void,
): () => void {
  const onClose = () => {
    // HTTP/2's response calls itself finished whenever it closes.
    const done = req.httpVersionMajor > 1 ? res.writableEnded : res.writableFinished
    if (!done) callback()
  }
  if (!isClosed(res) && !req.aborted) return onceClosed(res, onClose)
  onClose()
  return () => {}
}

/**
 * Whether an error is what reads, fetches and handlers end with when the client has left: no failure of
 * the application (hazard 165).
 */
export function isOfLeaving(error: unknown, req: IncomingMessage, res: ServerResponse): boolean {
  const { name, code } = Object(error) as NodeJS.ErrnoException
  if (name !== 'AbortError' && !CODES_OF_LEAVING.has(code)) return false
  // Connection and request know of it before the response does.
  return isGone(res) || req.aborted || req.socket?.destroyed
}

const CODES_OF_LEAVING = new Set<string | undefined>([
  // Of Express's `res.sendFile()` and body parsers.
  'ECONNABORTED',
  'ECONNRESET',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_START_API_TIMEOUT',
])

/** Responses that middleware may still write to, its client having left. */
const held = new WeakSet<ServerResponse>()

/** Middleware that is called back later sets headers on `res`, which throws once that has ended. */
export function leaveToMiddleware(res: ServerResponse): void {
  held.add(res)
}

export function isHeld(res: ServerResponse): boolean {
  return held.has(res)
}

/**
 * A pipelined response has no socket before its turn. If the connection closes by then, the response
 * is not told, and its request only if there is something left to read of it.
 */
function isQueued(res: ServerResponse): boolean {
  return res.socket === null && !res.writableFinished && res.req?.socket !== undefined
}

/** One listener for all of a connection: a client may have many requests in it. */
const queued = new WeakMap<Socket, Set<() => void>>()

function onceConnectionClosed(res: ServerResponse, callback: () => void): () => void {
  const { socket } = res.req
  let callbacks = queued.get(socket)
  if (callbacks === undefined) {
    const all = (callbacks = new Set())
    queued.set(socket, all)
    // Made by hand, it may emit nothing either (hazard 239).
    socket.once?.('close', () => {
      for (const each of all) each()
    })
  }
  callbacks.add(callback)
  const off = () => void callbacks.delete(callback)
  // Its turn has come: from here on it hears by itself.
  res.once('socket', off)
  return off
}
