// Per request: tells a client that has left from one that has its answer.
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Calls back when the client leaves without its whole answer: `close` without `finish`. At once if it
 * has left already.
 *
 * @returns a function that takes the listeners away
 */
export function onceGone(req: IncomingMessage, res: ServerResponse, run: () => void): () => void {
  const onClose = () => {
    // HTTP/2's response calls itself finished whenever it closes.
    const done = req.httpVersionMajor > 1 ? res.writableEnded : res.writableFinished
    if (!done) run()
  }
  const onRequestClose = () => req.aborted && onClose()
  if (res.closed || res.destroyed || req.aborted) onClose()
  else res.once?.('close', onClose)
  // A pipelined response waits for its turn without a socket, and never hears of one closing.
  if (res.socket === null) req.once?.('close', onRequestClose)
  return () => {
    res.off('close', onClose)
    req.off('close', onRequestClose)
  }
}
