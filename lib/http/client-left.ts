// Per request: how a client's leaving shows, whose turn it is or not.
import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'

/** Whether nobody is there any more. HTTP/2's response tells by its stream alone. */
export function isGone(res: ServerResponse | Http2ServerResponse): boolean {
  if (isHttp2(res)) return res.stream.destroyed
  return res.destroyed || (isQueued(res) && res.req.socket.destroyed)
}

/** By its stream: responses made by hand may lack their request (hazard 239). */
export function isHttp2(res: ServerResponse | Http2ServerResponse): res is Http2ServerResponse {
  return (res as Partial<Http2ServerResponse>).stream !== undefined
}

/** Calls back when the answer is out, or can't get there. */
export function onceClosed(res: ServerResponse, callback: () => void): void {
  // Responses made by hand may emit nothing (hazard 239).
  res.once?.('close', callback)
  if (isQueued(res)) onceConnectionClosed(res, callback)
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

function onceConnectionClosed(res: ServerResponse, callback: () => void): void {
  const { socket } = res.req
  let callbacks = queued.get(socket)
  if (callbacks === undefined) {
    const all = (callbacks = new Set())
    queued.set(socket, all)
    socket.once('close', () => {
      for (const each of all) each()
    })
  }
  callbacks.add(callback)
  // Its turn has come: from here on it hears by itself.
  res.once('socket', () => callbacks.delete(callback))
}
