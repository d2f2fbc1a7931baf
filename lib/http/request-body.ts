// Per request: decides where the body comes from, the socket or what a parser in front made of it.
import type { IncomingMessage, ServerResponse } from 'node:http'
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
    if (!hasBody(req)) return { source: nothing(), headers: {} }
    const findParsed = () => (parsedLate.get(req) ?? rebuildBody(req))?.source
    return { source: readBody(req, res, maxBodySize, findParsed), headers: {} }
  }
  return rebuildBody(req) ?? { source: hasBody(req) ? failing() : nothing(), headers: {} }
}

/** Bodies that a parser read after their Request had been made. */
const parsedLate = new WeakMap<IncomingMessage, RequestBody>()

/**
 * Lets a Request, made while its body was unread, describe the body as a parser has left it since: a
 * form put together again has another boundary. Again after each middleware, which may have changed
 * `req.body`.
 */
export function followParser(request: Request, req: ParsedRequest): void {
  const body = request.bodyUsed ? undefined : rebuildBody(req)
  if (body === undefined) return
  parsedLate.set(req, body)
  setBodyHeaders(request.headers, body)
}

export function setBodyHeaders(headers: Headers, body: RequestBody): void {
  for (const [name, value] of Object.entries(body.headers)) {
    if (value === null) headers.delete(name)
    else headers.set(name, value)
  }
}

/** Whether a parser has read the body since its Request was made, as far as is known by now. */
export function isParsedLate(req: IncomingMessage): boolean {
  return parsedLate.has(req)
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
