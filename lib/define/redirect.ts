// The `redirect` helper of TanStack Router, without the router: a Response whose Location is complete.
import type { Flatten } from './context'
import { type PathSegment, toV1Segment } from './path-segment'
import type { ServerRouteParams } from './route-params'

/** Statuses that send a client elsewhere. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308

interface CommonOptions {
  /** Default: 307, which keeps method and body; 303 makes a GET of a POST. */
  statusCode?: RedirectStatus
  /** @deprecated TanStack Router's earlier name of `statusCode`, which wins. */
  code?: RedirectStatus
  /** Further headers, cookies for example. */
  headers?: ResponseInit['headers']
  /** Throws the redirect instead of returning it. Default: `false`. */
  throw?: boolean
  /** For the client's router; means nothing here. */
  replace?: boolean
  /** For the client's router; means nothing here. */
  reloadDocument?: boolean
}

interface ToOptions<TTo extends string> {
  /** A path of this site that begins with `/`; may hold what route paths of v1 do, see `params`. */
  to: TTo
  href?: never
  /**
   * The query by name, written as TanStack Router reads it: what is no string, and strings that would
   * be read as something else, as JSON. `undefined` is left out.
   */
  search?: object
  /** The part after `#`, without it. */
  hash?: string
}

interface Params<TParams> {
  /**
   * Values by name for what `to` holds of a route path: `$id`, `{-$lang}`, which is left out without
   * one, and a last `$`, whose value is `_splat`. They are escaped; slashes of `_splat` stay.
   */
  params: TParams
}

type ParamsOptions<TTo extends string> = string extends TTo
  ? Partial<Params<Readonly<Record<string, ParamValue | undefined>>>>
  : keyof ServerRouteParams<TTo> extends never
    ? Partial<Params<Readonly<Record<string, never>>>>
    : object extends ParamsOf<TTo>
      ? Partial<Params<ParamsOf<TTo>>>
      : Params<ParamsOf<TTo>>

/** The rest of a path may be empty, but has to be given. */
type ParamsOf<TTo extends string, TParams = ServerRouteParams<TTo>> = Flatten<
  {
    readonly [K in keyof TParams]:
      ParamValue | (object extends Pick<TParams, K> ? undefined : never)
  } & ('_splat' extends keyof TParams ? { readonly _splat: ParamValue } : unknown)
>

type ParamValue = string | number

interface HrefOptions {
  /** A complete `http:` or `https:` URL, or a path of this site. Never a value that a client chose. */
  href: string
  to?: never
}

/** Options of `redirect()`: either a path `to` with its `params`, `search` and `hash`, or an `href`. */
export type RedirectOptions<TTo extends string = string> = CommonOptions &
  (HrefOptions | (ToOptions<TTo> & ParamsOptions<TTo>))

/** What `redirect()` makes: a Response that Start's router knows by its `options`. */
export interface Redirect extends Response {
  /** What it was made with. */
  readonly options: RedirectOptions
}

/**
 * A redirect to return or to throw, as TanStack Router's `redirect()` in Start v1. (In Start v0 it
 * lost its Location.) Its Location is the path as given, which clients complete.
 *
 * @throws TypeError for what would lead to another site unasked: a `to` that begins with `//`, has a
 *   backslash or names a protocol, params that make such a path; for a relative `to`, a missing param
 *   and a status that is no redirect's
 *
 * @example
 * ```ts
 * throw redirect({ to: '/users/$id', params: { id }, search: { tab: 'posts' }, statusCode: 303 })
 * ```
 */
export function redirect<const TTo extends string>(
  options: RedirectOptions<TTo> & { throw: true },
): never
export function redirect<const TTo extends string>(options: RedirectOptions<TTo>): Redirect
export function redirect(options: RedirectOptions): Redirect {
  const status: number = options.statusCode ?? options.code ?? 307
  if (!STATUSES.has(status)) {
    throw bad(`the status ${status} is no redirect's; use 301, 302, 303, 307 or 308`)
  }
  const headers = new Headers(options.headers)
  headers.set('location', toLocation(options))
  const response = Object.assign(new Response(null, { status, headers }), { options })
  if (options.throw) throw response
  return response
}

const STATUSES = new Set([301, 302, 303, 307, 308])

/** Whether a value was made by `redirect()`, ours or TanStack Router's. */
export function isRedirect(value: unknown): value is Redirect {
  const { options, status } = (value ?? {}) as Partial<Redirect>
  return typeof options === 'object' && options !== null && STATUSES.has(status ?? 0)
}

/**
 * Completes what TanStack Router's own `redirect()` made: it leaves the Location of a `to` to the
 * router, and checks none (hazard 153).
 *
 * @throws TypeError as `redirect()`
 */
export function resolveRedirect(redirect: Redirect): Redirect {
  if (resolved.has(redirect)) return redirect
  const { headers, options } = redirect
  const href = headers.get('location') ?? options.href
  // The Response belongs to the one who made it: nothing is written to it.
  const own = new Headers(headers)
  own.set('location', toLocation(href ? { href } : options))
  const { status, statusText } = redirect
  return toRedirect(new Response(null, { status, statusText, headers: own }), options)
}

/** Those whose Location is complete. */
const resolved = new WeakSet<Response>()

/** Makes a redirect, as middleware knows it, of a Response with a complete Location. */
export function toRedirect(response: Response, options: RedirectOptions): Redirect {
  resolved.add(response)
  return Object.assign(response, { options })
}

function toLocation(options: RedirectOptions): string {
  // Not every caller has a compiler, and TanStack Router's own options allow more.
  const { to, href, params, search, hash }: { [option: string]: unknown } = { ...options }
  if (typeof href === 'string' && href !== '') return toSafeHref(href)
  if (typeof to !== 'string') throw bad('give either `to`, a path, or `href`, a URL')
  if (!to.startsWith('/')) throw bad('`to` must begin with `/`; a URL of another site is an `href`')
  if (/[?#]/.test(to)) {
    if (search !== undefined || hash !== undefined) {
      throw bad('`to` has a query or a hash of its own beside `search` or `hash`; use these alone')
    }
    const end = to.search(/[?#]/)
    return toSafePath(fillParams(to.slice(0, end), params)) + escapeText(to.slice(end))
  }
  return toSafePath(fillParams(to, params)) + toQuery(search) + toHash(hash)
}

function fillParams(path: string, params: unknown): string {
  if (!isObject(params ?? {})) throw bad('`params` must be an object')
  const values = (params ?? {}) as Record<string, unknown>
  const names = path.slice(1).split('/')
  const texts = names.map((name, index) => {
    const segment = toV1Segment(name)
    const isBare = segment.kind === 'splat' && segment.suffix === undefined
    if (isBare && index !== names.length - 1) throw bad('`$` in `to` must be its last segment')
    return segment.kind === 'static' ? name : fillSegment(segment, values)
  })
  return `/${texts.filter((text) => text !== undefined).join('/')}`
}

/** `undefined` for a segment that is left out, whatever stands around its value. */
function fillSegment(
  segment: Exclude<PathSegment, { kind: 'static' }>,
  values: Record<string, unknown>,
): string | undefined {
  const { kind, prefix = '', suffix = '' } = segment
  if (kind === 'splat') {
    const rest = toParam(values, '_splat' in values ? '_splat' : '*')
    return prefix + rest.split('/').map(encodeURIComponent).join('/') + suffix || undefined
  }
  if (kind === 'optional' && (ownValue(values, segment.name) ?? null) === null) return undefined
  return prefix + encodeURIComponent(toParam(values, segment.name)) + suffix
}

function toParam(values: Record<string, unknown>, name: string): string {
  const value = ownValue(values, name)
  if (typeof value === 'string') return toWellFormed(value)
  if (typeof value === 'number') return String(value)
  throw bad(`\`params\` lacks \`${name === '*' ? '_splat' : name}\`, a string or a number`)
}

function ownValue(values: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

/** A path of this site, whatever the parts that it was made of (hazard 153). */
function toSafePath(path: string): string {
  if (path.startsWith('//') || hasTricks(path)) {
    throw bad('`to` leads to another site or has a dot segment; give the path that is meant')
  }
  return escapeText(path)
}

/** Browsers take a backslash for a slash, drop tabs and line breaks, and resolve dot segments. */
function hasTricks(path: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\\\x00-\x1f\x7f]/.test(path) || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
}

function toSafeHref(href: string): string {
  if (/^https?:\/\//i.test(href) && URL.canParse(href)) return new URL(href).href
  const [path = ''] = href.split(/[?#]/, 1)
  if (!path.startsWith('/') || path.startsWith('//') || hasTricks(path)) {
    throw bad('`href` must be a complete http: or https: URL, or a path that begins with one `/`')
  }
  return escapeText(href)
}

/** Header values are bytes; what is escaped already stays. */
function escapeText(text: string): string {
  return toWellFormed(text).replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}

/** `encodeURIComponent` throws for half a character. */
function toWellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

/** The query as TanStack Router's default `stringifySearch` writes it. */
function toQuery(search: unknown): string {
  if (search === undefined) return ''
  if (!isObject(search)) throw bad('`search` must be an object')
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined) query.append(name, toQueryValue(value))
  }
  return query.size === 0 ? '' : `?${query}`
}

function toQueryValue(value: unknown): string {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  if (typeof value !== 'string') return String(value)
  try {
    // `'1'` would be read back as a number.
    JSON.parse(value)
    return JSON.stringify(value)
  } catch {
    return value
  }
}

function toHash(hash: unknown): string {
  if (hash === undefined || hash === '') return ''
  if (typeof hash !== 'string') throw bad('`hash` must be a string')
  return `#${escapeText(hash)}`
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function bad(what: string): TypeError {
  return new TypeError(`redirect(): ${what}.`)
}
