// Per request: what the head says about the body, before a byte of it is read.
import type { IncomingMessage } from 'node:http'
import { StartApiError } from '../errors'

/** Whether the request has a body (RFC 9112, 6.3). */
export function hasBody(req: IncomingMessage): boolean {
  // HTTP/2 needs neither header to send one.
  return declaresBody(req) || (req.httpVersionMajor > 1 && req.headers['content-length'] !== '0')
}

/** Whether its head tells of one, which for HTTP/1 is to have it. */
export function declaresBody({ headers }: IncomingMessage): boolean {
  // Any coding, in any spelling, is a body (hazard 56).
  return headers['transfer-encoding'] !== undefined || toLength(headers['content-length']) > 0
}

/** Bytes, or NaN where none are declared. Digits only: `0x9` is no length (hazard 95). */
export function declaredLength(req: IncomingMessage): number {
  return toLength(req.headers['content-length'])
}

/** Bytes that a parser has read, or NaN where the head does not tell. */
export function parsedLength(req: IncomingMessage): number {
  const { headers } = req
  const isAsSent =
    headers['content-encoding'] === undefined && headers['transfer-encoding'] === undefined
  return isAsSent ? declaredLength(req) : NaN
}

function toLength(length: string | undefined): number {
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : NaN
}

/**
 * A declared length beyond the limit is answered with 413 before a handler runs. Chunked bodies, and
 * declarations that lie, are counted as they are read (hazard 94).
 */
export function rejectDeclaredLength(req: IncomingMessage, maxBodySize: number): void {
  if (maxBodySize !== Infinity && declaredLength(req) > maxBodySize) throw tooLarge(maxBodySize)
}

export function tooLarge(maxBodySize: number): StartApiError {
  return new StartApiError(
    'ERR_START_API_BODY_TOO_LARGE',
    `The request body exceeds \`maxBodySize\` (${maxBodySize} bytes). Send less, or raise the option.`,
    { status: 413 },
  )
}
