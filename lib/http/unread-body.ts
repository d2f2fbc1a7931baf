// Per request: what becomes of a body that is still unread when the answer is out.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { nextTick } from '../real-timers'
import { declaresBody } from './body-length'

/** How long a closing connection waits for more of the body. nginx's `lingering_timeout`. */
const LINGER_IDLE_MS = 5000

/**
 * Called in the same tick in which a request is found to be ours. What the handler leaves unread must
 * neither cost the client the answer nor stand in the way of its next request. Node discards bodies
 * that nobody has touched; the others are left to us.
 */
export function releaseBody(req: IncomingMessage, res: ServerResponse): void {
  if (!isOnWire(req)) return
  lingerOnClose(req, res)
  if (req.readableFlowing === null && !req.readableDidRead) return
  holdFlow(req, res)
  res.once('close', () => req.resume())
}

/** Whether a body may come through HTTP/1's parser; requests made by hand may be no streams. */
function isOnWire(req: IncomingMessage): boolean {
  return declaresBody(req) && req.httpVersionMajor === 1
}

/**
 * Where a logger in front listens, all of the body is to reach whoever reads it here, or behind, too. Who
 * listens for `data` expects it to come, and after `pause()` it would not.
 *
 * @returns a function for when nobody is to read it here
 */
export function holdFlow(req: IncomingMessage, res: ServerResponse): () => void {
  if (!isOnWire(req) || req.readableFlowing !== true || req.readableDidRead) return () => {}
  req.pause()
  const onListener = (name: string | symbol): void => {
    if (name !== 'data') return
    release()
    nextTick(() => req.resume())
  }
  const release = () => req.off('newListener', onListener)
  req.on('newListener', onListener)
  res.once('close', release)
  return () => {
    release()
    req.resume()
  }
}

/**
 * A socket closed while bytes from the client are still coming resets the connection: the client gets
 * EPIPE or ECONNRESET and may lose the answer (hazards 98, 238). As RFC 9112 (9.6) asks, our side is
 * ended first and the rest of the body taken in. Node's `requestTimeout` bounds the whole of it.
 */
function lingerOnClose(req: IncomingMessage, res: ServerResponse): void {
  // Whether the connection closes is open until the head is written: `Connection: close` may be set on
  // a connection that the client would keep. Node's own listener, which comes after this one, knows.
  res.prependListener('finish', () => {
    const { socket } = req
    // Other streams than sockets, which a server takes as well, have no `destroySoon`.
    if (req.complete || socket.destroyed || typeof socket.destroySoon !== 'function') return
    const own = Object.getOwnPropertyDescriptor(socket, 'destroySoon')
    const close = socket.destroySoon.bind(socket)
    let isClosing = false
    socket.destroySoon = () => {
      isClosing = true
      socket.end()
      socket.setTimeout(LINGER_IDLE_MS, close)
      req.once('end', close)
    }
    // A connection that is kept belongs to its next request. Not a listener for `finish`: one that throws
    // would keep it from being called.
    nextTick(() => {
      if (isClosing) return
      if (own === undefined) Reflect.deleteProperty(socket, 'destroySoon')
      else Object.defineProperty(socket, 'destroySoon', own)
    })
  })
}
