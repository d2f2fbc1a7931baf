// Per request: decides where the body comes from, the socket or what a parser in front made of it.
import type { ServerResponse } from 'node:http'
import { hasBody } from './body-length'
import type { ParsedRequest, RequestBody } from './parsed-request'
import { lost, readBody } from './read-body'
import { rebuildBody } from './rebuild-body'

/** @param maxBodySize bytes; a longer body makes its reader reject with status 413 */
export function toRequestBody(
  req: ParsedRequest,
  res: ServerResponse,
  maxBodySize: number,
): RequestBody {
  if (isUnread(req)) {
    return { source: hasBody(req) ? readBody(req, res, maxBodySize) : nothing(), headers: {} }
  }
  return rebuildBody(req) ?? { source: hasBody(req) ? failing() : nothing(), headers: {} }
}

/**
 * Whether the body is still to come from the socket. `req.body` does not tell: Express 4 sets it to
 * `{}` without reading (hazard 75). Only in a request made by hand, for a test, it is all there is:
 * such a request is no stream, or one that never was on a connection.
 */
function isUnread(req: ParsedRequest): boolean {
  if (req.readableDidRead !== false) return false
  const isByHand = req.socket?.bytesRead === 0 && req.readableLength === 0
  return !isByHand || req.body === undefined
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

// oxlint-disable-next-line require-yield -- a body whose first read fails
async function* failing(): AsyncGenerator<Uint8Array> {
  throw lost()
}
