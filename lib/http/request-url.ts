// Per request: what the request line and the Host header say, judged as Express's guards judge it.
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { StartApiError } from '../errors'

/** What Express and Connect add to Node's request. Nothing else of theirs is read. */
export interface HostRequest extends IncomingMessage {
  originalUrl?: string
  baseUrl?: string
  /** Express: after its `trust proxy` setting. */
  protocol?: string
  app?: { settings?: Record<string, unknown> }
}

/** `http://host` before a path, the request line's absolute form; anything odder is not ours. */
const ABSOLUTE_FORM = /^https?:\/\/(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?=\/)/i

/**
 * The raw pathname below the mount path, as guards in front saw it, or `undefined` for a target that
 * they and WHATWG URLs read differently: such a request reaches no handler (hazards 6 to 31).
 */
export function toPathname(req: HostRequest): string | undefined {
  const url = req.url ?? '/'
  const originalUrl = req.originalUrl ?? url
  const pathname = pathOf(url)
  if (pathname === undefined) return undefined
  if (originalUrl !== url) {
    const original = pathOf(originalUrl)
    if (original === undefined || DOT_SEGMENT.test(original)) return undefined
    if (isSplitByConnect(req, url, originalUrl)) return undefined
  }
  return pathname
}

function pathOf(url: string): string | undefined {
  let target = url
  if (!target.startsWith('/')) {
    const origin = ABSOLUTE_FORM.exec(target)
    if (origin === null) return undefined
    target = target.slice(origin[0].length)
    // Express reads this form with the legacy parser, which turns backslashes into slashes and
    // escapes what that parser finds unwise: only plain characters read the same here.
    if (!/^[\w\-.~!$&()*+,;=:@/%]*(?:\?|$)/.test(target)) return undefined
  }
  const end = target.indexOf('?')
  const path = end === -1 ? target : target.slice(0, end)
  // Express cuts the path at `#` and trims white space; a path that holds either has two readings.
  return /[#\s]/.test(path) ? undefined : path
}

const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/** Connect's mount `/api` also takes `/api.json` and hands it on as `/.json` (hazard 31). */
function isSplitByConnect(req: HostRequest, url: string, originalUrl: string): boolean {
  return (
    req.baseUrl === undefined &&
    url.startsWith('/.') &&
    originalUrl.endsWith(url.slice(1)) &&
    !originalUrl.endsWith(url)
  )
}

/**
 * The request's path and query as the client sent them. Two things are escaped because a WHATWG URL
 * would change their meaning: a backslash in the path, which it reads as a slash (hazard 10), and
 * bytes above ASCII, which it would encode a second time (hazard 26).
 */
export function toWireTarget(req: HostRequest): string {
  const target = (req.originalUrl ?? req.url ?? '/').replace(ABSOLUTE_FORM, '')
  if (!/[\\\x80-\uffff]/.test(target)) return target
  const end = target.indexOf('?')
  const path = end === -1 ? target : target.slice(0, end)
  return (path.replaceAll('\\', '%5C') + target.slice(path.length)).replace(
    /[\x80-\uffff]/g,
    (character) =>
      character <= '\xff'
        ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
        : encodeURIComponent(character),
  )
}

/** Protocol and host of `request.url`. */
export interface Origin {
  readonly protocol: string
  readonly host: string
}

/** HTTP/1.0 clients may send no Host header at all (hazard 15). */
const NO_HOST = 'localhost'

const HOST = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i

/**
 * The origin that Express's `trust proxy` yields.
 *
 * @throws StartApiError with status 400 for a Host that could shift the path of a URL (hazard 13)
 */
export function toOrigin(req: HostRequest): Origin {
  const host = hostOf(req)
  const protocol = protocolOf(req)
  if (!HOST.test(host) || !isParsable(protocol, host)) {
    throw new StartApiError('ERR_START_API_BAD_HOST', 'The Host header is not a host name.', {
      status: 400,
    })
  }
  return { protocol, host }
}

function protocolOf(req: HostRequest): string {
  const own = (req.socket as TLSSocket | undefined)?.encrypted === true ? 'https' : 'http'
  const protocol = req.protocol?.toLowerCase()
  // A trusted proxy may still forward a client's nonsense.
  return protocol === 'http' || protocol === 'https' ? protocol : own
}

/**
 * Express 5's `req.host`, for both majors: Express 4's drops the port and warns. Read from the
 * settings because hop-aware trust (hazard 20) is Express's to decide.
 */
function hostOf(req: HostRequest): string {
  const own = req.headers.host ?? (req.headers[':authority'] as string | undefined) ?? NO_HOST
  const trust = req.app?.settings?.['trust proxy fn']
  if (typeof trust !== 'function') return own
  const forwarded = req.headers['x-forwarded-host']
  if (typeof forwarded !== 'string' || forwarded === '') return own
  if (trust(req.socket?.remoteAddress, 0) !== true) return own
  return forwarded.split(',', 1)[0]!.trim()
}

const parsable = new Map<string, boolean>()
const MAX_PARSABLE = 1000

/** Passes the pattern but is no host: `1.2.3.999`, port 99999. Kept, as clients name few hosts. */
function isParsable(protocol: string, host: string): boolean {
  const origin = `${protocol}://${host}`
  let known = parsable.get(origin)
  if (known === undefined) {
    if (parsable.size >= MAX_PARSABLE) parsable.clear()
    parsable.set(origin, (known = URL.canParse(origin)))
  }
  return known
}
