// Headers that are not of an answer. Imports nothing.

/**
 * Headers of one hop (RFC 9110, 7.6.1): an answer passed on from `fetch()` must not repeat them, and
 * HTTP/2 forbids them (hazards 125, 126). `content-length` is Node's business and checked apart.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
