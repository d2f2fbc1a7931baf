// Per request: decides where the body comes from, the socket or what a parser in front made of it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { hasBody } from './body-length'
import { type BodySource, failing, fromBytes } from './body-source'
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
    if (!hasBody(req)) return { source: fromBytes(NOTHING), headers: {} }
    return { source: readBody(req, res, maxBodySize, () => takeParsed(req)), headers: {} }
  }
  return (
    rebuildBody(req) ?? { source: hasBody(req) ? failing(lost()) : fromBytes(NOTHING), headers: {} }
  )
}

/** A body that a parser has read after its Request had been made. */
interface LateBody {
  readonly body: RequestBody
  isTaken: boolean
}

const parsedLate = new WeakMap<IncomingMessage, LateBody>()

const inHands = new WeakMap<IncomingMessage, Promise<void>>()

/**
 * Lets readers wait while Express middleware has a request in its hands: a clone of the Request reads
 * ahead, and half of a form looks like a whole one.
 *
 * @returns a function for when it has given the request on
 */
export function holdBody(req: IncomingMessage): () => void {
  let release!: () => void
  inHands.set(req, new Promise((resolve) => (release = resolve)))
  return release
}

async function takeParsed(req: ParsedRequest): Promise<BodySource | undefined> {
  await inHands.get(req)
  const body = parsedLate.get(req)?.body ?? rebuildBody(req)
  if (body !== undefined) parsedLate.set(req, { body, isTaken: true })
  return body?.source
}

/**
 * Lets a Request, made while its body was unread, describe the body as a parser has left it since: a
 * form put together again has another boundary. Again after each middleware, which may have changed
 * `req.body`, until somebody reads.
 */
export function followParser(request: Request, req: ParsedRequest): void {
  const late = parsedLate.get(req)
  const body = late?.isTaken === true ? late.body : rebuildBody(req)
  if (body === undefined || request.bodyUsed) return
  if (late?.isTaken !== true) parsedLate.set(req, { body, isTaken: false })
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
