// Per request: what becomes of an answer that has begun and can't go on.
import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { isHttp2 } from './client-left'

/** Shows the client that the answer is incomplete (hazard 132). */
export function breakOff(res: ServerResponse | Http2ServerResponse): void {
  // Destroyed without a code, an HTTP/2 stream looks complete. 2: INTERNAL_ERROR.
  if (isHttp2(res)) return res.stream.close(2)
  // Pipelined, and not yet its turn: Node 24 would then send what there is, and leave the client waiting.
  if (res.socket === null) res.once('socket', (socket) => socket.destroy())
  if (isEndedByClose(res)) reset(res)
  res.destroy()
}

/** Without a length and chunks, as HTTP/1.0 has it, the end of the connection is that of the body. */
function isEndedByClose(res: ServerResponse): boolean {
  return res.headersSent && !res.chunkedEncoding && res.getHeader('content-length') === undefined
}

function reset({ socket }: ServerResponse): void {
  try {
    socket?.resetAndDestroy()
  } catch {
    // Of another kind than TCP, which can't. TLS tells an end from a cut by itself.
  }
}
