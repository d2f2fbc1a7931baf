// Per request: decides where the body comes from, the socket or what a parser in front made of it.
import type { ServerResponse } from 'node:http'
import { hasBody } from './body-length'
import { failing, fromBytes } from './body-source'
import type { ParsedRequest, RequestBody } from './parsed-request'
import { lost, readBody } from './read-body'
import { rebuildBody } from './rebuild-body'

const NOTHING = new Uint8Array()

/** @param maxBodySize bytes; a longer body makes its reader reject with status 413 */
export function toRequestBody(
  req: ParsedRequest,
  res: ServerResponse,
  maxBodySize: number,
): RequestBody {
  if (isUnread(req)) {
    return { source: hasBody(req) ? readBody(req, res, maxBodySize) : fromBytes(NOTHING), headers: {} }
  }
  return rebuildBody(req) ?? { source: hasBody(req) ? failing(lost()) : fromBytes(NOTHING), headers: {} }
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
