// Per request: what the request line and the Host header say, judged as Express's guards judge it.
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { type RequestHost, firstForwarded, toRequestHost } from '../request-host'

/** What Express and Connect add to Node's request. Nothing else of theirs is read. */
export interface HostRequest extends IncomingMessage {
  originalUrl?: string
  /** Express: what mounts have stripped. */
  baseUrl?: string
  /** Express: after its `trust proxy` setting. */
  protocol?: string
  /** Express: the matched route. */
  route?: unknown
  app?: HostApp
}

interface HostApp {
  settings?: Readonly<Record<string, unknown>>
  /** The app that this one is mounted in. */
  parent?: HostApp
  /** Express 5's. Express 4 has a getter of that name that throws. */
  router?: HostRouter
  /** Express 4's, made by `lazyrouter`. */
  _router?: HostRouter
  lazyrouter?: unknown
}

interface HostRouter {
  caseSensitive?: unknown
  strict?: unknown
  stack?: readonly HostLayer[]
}

interface HostLayer {
  readonly handle?: HostRouter
  /** Of `app.all()` and the like, which may hold a Router, too. */
  readonly route?: HostRouter
}

/** Whether two spellings are one path. */
export interface PathRules {
  readonly caseSensitive: boolean
  /** A path with a slash at its end is another path. */
  readonly strict: boolean
}

/**
 * The rules of the guards in front (hazards 12, 34). A guard that distinguishes what we don't would
 * be passed by, so one app or Router around us that distinguishes is enough. Outside Express nothing
 * tells how guards compare: case counts, as in Start v0.
 */
export function toPathRules({ app }: HostRequest): PathRules {
  if (app?.settings === undefined) return { caseSensitive: true, strict: false }
  let caseSensitive = false
  let strict = false
  for (let host: HostApp | undefined = app; host !== undefined; host = host.parent) {
    // oxlint-disable-next-line no-underscore-dangle -- Express 4's only name for it
    const routers = toRouterRules(host.lazyrouter === undefined ? host.router : host._router)
    caseSensitive ||= routers.caseSensitive || host.settings?.['case sensitive routing'] === true
    strict ||= routers.strict || host.settings?.['strict routing'] === true
  }
  return { caseSensitive, strict }
}

interface RouterRules extends PathRules {
  /** Layers of the router when it was looked through. */
  readonly size: number
}

/** A look through every layer costs more than all else here; layers are mounted before requests come. */
const known = new WeakMap<HostRouter, RouterRules>()

/** `express.Router({ caseSensitive, strict })`, at any depth, which no setting of the app shows. */
function toRouterRules(router: HostRouter | undefined): PathRules {
  const size = router?.stack?.length
  if (router === undefined || size === undefined) return { caseSensitive: false, strict: false }
  let rules = known.get(router)
  if (rules?.size !== size) {
    const caseSensitive = isSetIn(router, 'caseSensitive', 0)
    known.set(router, (rules = { caseSensitive, strict: isSetIn(router, 'strict', 0), size }))
  }
  return rules
}

/** A Router may be mounted in itself. */
const MAX_NESTED_ROUTERS = 10

function isSetIn(router: HostRouter, option: 'caseSensitive' | 'strict', depth: number): boolean {
  if (router.stack === undefined || depth > MAX_NESTED_ROUTERS) return false
  return (
    router[option] === true ||
    router.stack.some(({ handle, route }) =>
      [handle, route].some((inner) => inner !== undefined && isSetIn(inner, option, depth + 1)),
    )
  )
}

/** `http://host` before a path, the request line's absolute form; anything odder is not ours. */
const ABSOLUTE_FORM = /^https?:\/\/(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?=\/)/i

function toOriginForm(url: string): string {
  return url.startsWith('/') ? url : url.replace(ABSOLUTE_FORM, '')
}

/**
 * The raw pathname below the mount path, as guards in front saw it, or `undefined` for a target that
 * they and WHATWG URLs read differently: such a request reaches no handler (hazards 6 to 31).
 */
export function toPathname(req: Pick<HostRequest, 'url' | 'originalUrl'>): string | undefined {
  const url = req.url ?? '/'
  const { originalUrl } = req
  // Without a host that knows the absolute form, guards are written by hand and look at `req.url`.
  if (originalUrl === undefined && !url.startsWith('/')) return undefined
  const pathname = pathOf(url)
  if (pathname === undefined || originalUrl === undefined || originalUrl === url) return pathname
  // What a mount stripped counts as well: `request.url` is made of it.
  const original = pathOf(originalUrl)
  if (original === undefined || DOT_SEGMENT.test(original)) return undefined
  return isSplitElsewhere(pathname, original) ? undefined : pathname
}

/**
 * Targets that Express and Connect read with Node's legacy parser (see `fastparse` in parseurl). It
 * escapes some characters, turns backslashes into slashes and takes `//user@` for an authority. Their
 * mounts then strip a prefix by the length of what was read off what was sent: with `app.use('/:tenant',
 * …)`, `/{/x/api/admin?#` arrives as `/api/admin`, past every guard on `/:tenant/api/admin`.
 */
const READ_BY_LEGACY_PARSER = /^[^/]|[\t\n\f\r #\xa0\ufeff]/

/** Paths that the legacy parser leaves as they are. */
const PLAIN_PATH = /^\/(?!\/)[\w\-.~!$&()*+,;=:@/%]*$/

function pathOf(url: string): string | undefined {
  const target = toOriginForm(url)
  const end = target.indexOf('?')
  const path = end === -1 ? target : target.slice(0, end)
  if (READ_BY_LEGACY_PARSER.test(url)) return PLAIN_PATH.test(path) ? path : undefined
  // Node gives bytes. More is a path that someone decoded: its letters may fold to ASCII.
  return /[^\0-\xff]/.test(path) ? undefined : path
}

/**
 * Whether a fetch Request says what the request line says: a URL would resolve dot segments (hazard 6),
 * and some methods are forbidden in it (hazard 41).
 */
export function isFetchable({ originalUrl, url = '/', method = 'GET' }: HostRequest): boolean {
  const path = pathOf(originalUrl ?? url)
  return path !== undefined && !DOT_SEGMENT.test(path) && !isForbiddenMethod(method)
}

/**
 * Whether the path has an escape of a character that needs none (RFC 3986, 2.3). Handlers that decode
 * before they match, as a built Start application does, read another path than guards in front (hazard 193).
 */
export function hasNeedlessEscape({ originalUrl, url = '/' }: HostRequest): boolean {
  return NEEDLESS_ESCAPE.test(pathOf(originalUrl ?? url) ?? '')
}

const NEEDLESS_ESCAPE = /%(?:2[de]|3\d|[46][1-9a-f]|[57][\da]|5f|7e)/i

/**
 * Methods that no fetch Request can have, or not as they are spelled: it reads `get` as GET, as guards
 * that look at `req.method` do not. HTTP/2 lets them come.
 */
export function isForbiddenMethod(method: string): boolean {
  if (/^(?:CONNECT|TRACE|TRACK)$/i.test(method)) return true
  return /^(?:DELETE|GET|HEAD|OPTIONS|POST|PUT)$/i.test(method) && method !== method.toUpperCase()
}

const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/**
 * Whether a mount cut the path at another place than before one slash. Express 4's takes one with it:
 * `/v1//api/admin` arrives as `/api/admin`, past a guard on `/v1/api/admin`. Connect's `/api` also
 * takes `/api.json` and hands it on as `/.json`, as do Express's mounts by a pattern (hazard 31).
 */
function isSplitElsewhere(pathname: string, original: string): boolean {
  if (pathname.startsWith('/.') && original.endsWith(pathname.slice(1))) {
    return !original.endsWith(pathname)
  }
  return original.endsWith(`/${pathname}`)
}

/**
 * The request's path and query as the client sent them. Two things are escaped because a WHATWG URL
 * would change their meaning: a backslash in the path, which it reads as a slash (hazard 10), and
 * bytes above ASCII, which it would encode a second time (hazard 26).
 */
export function toWireTarget(req: HostRequest): string {
  const target = toOriginForm(req.originalUrl ?? req.url ?? '/')
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

/** HTTP/1.0 clients may send no Host header at all (hazard 15). */
const NO_HOST = 'localhost'

/**
 * The host that Express's `trust proxy` yields.
 *
 * @throws StartApiError with status 400 for a host that is none
 */
export function toHost(req: HostRequest): RequestHost {
  return toRequestHost(hostOf(req))
}

/** The protocol that Express's `trust proxy` yields. */
export function toProtocol(req: HostRequest): 'http' | 'https' {
  const socket = req.socket as TLSSocket | undefined
  const own = socket?.encrypted === true ? 'https' : 'http'
  // Express's getter needs a socket, which requests made by hand may lack (hazard 239).
  const protocol = socket === undefined ? undefined : req.protocol?.toLowerCase()
  // A trusted proxy may still forward a client's nonsense.
  return protocol === 'http' || protocol === 'https' ? protocol : own
}

/**
 * Express 5's `req.host`, for both majors: Express 4's drops the port and warns. Read from the
 * settings because hop-aware trust (hazard 20) is Express's to decide.
 */
function hostOf(req: HostRequest): string {
  const { headers } = req
  const own = headers.host ?? (headers[':authority'] as string | undefined) ?? NO_HOST
  const trust = req.app?.settings?.['trust proxy fn']
  if (typeof trust !== 'function') return own
  const forwarded = headers['x-forwarded-host']
  if (typeof forwarded !== 'string' || forwarded === '') return own
  if (trust(req.socket?.remoteAddress, 0) !== true) return own
  return firstForwarded(forwarded)
}
