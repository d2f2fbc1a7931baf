// Start-up's result and the request's first step: every route, and the matcher over their paths.
import { StartApiError } from '../errors'
import { type Match, createPathTree } from './path-tree'
import type { Route } from './route-module'
import { toShape, toWireText } from './route-path'

export type { Match } from './path-tree'

export type Params = Record<string, string>

export type CaseRule = 'sensitive' | 'insensitive'

export interface RouteTable {
  readonly routes: readonly Route[]
  /**
   * Whether a request target may match at all, told by its first segment: most requests of an application
   * are not ours. (Node 24: 1.6 of the 2 µs that passing one on takes.)
   */
  mayMatch(url: string): boolean
  /**
   * Finds the route of a raw pathname: from left to right static before param before optional before
   * splat, with backtracking, as TanStack does it. One trailing slash is ignored.
   */
  match(pathname: string, rule: CaseRule): Match | undefined
}

export function createRouteTable(routes: readonly Route[]): RouteTable {
  // Each rule's matcher is built when it is first asked for: an app has one of them.
  const matchers = new Map<CaseRule, Matcher>()
  const roots = toRoots(routes)
  return {
    routes,
    // The absolute form begins with a scheme.
    mayMatch: (url) =>
      roots === undefined || !url.startsWith('/') || roots.has(toFirstSegment(url).toLowerCase()),
    match(pathname, rule) {
      let matcher = matchers.get(rule)
      if (matcher === undefined) matchers.set(rule, (matcher = createMatcher(routes, rule)))
      return matcher(pathname)
    },
  }
}

/** The first segments of all routes, in lower case; `undefined` where one of them is not plain text. */
function toRoots(routes: readonly Route[]): ReadonlySet<string> | undefined {
  const roots = new Set<string>()
  for (const { segments } of routes) {
    const first = segments.find(({ kind }) => kind !== 'index')
    if (first !== undefined && first.kind !== 'static') return undefined
    roots.add(toWireText(first?.text ?? '').toLowerCase())
  }
  return roots
}

/** Cut where `toPathname()` cuts: what it reads otherwise, or refuses, begins with no text of a route. */
function toFirstSegment(url: string): string {
  const slash = url.indexOf('/', 1)
  const segment = url.slice(1, slash === -1 ? undefined : slash)
  const query = segment.indexOf('?')
  return query === -1 ? segment : segment.slice(0, query)
}

type Matcher = (pathname: string) => Match | undefined

function createMatcher(routes: readonly Route[], rule: CaseRule): Matcher {
  const fold = rule === 'sensitive' ? (text: string) => text : (text: string) => text.toLowerCase()
  const tree = createPathTree(routes, fold)

  function search(path: string, folded: string): Match | undefined {
    if (UNROUTABLE.test(path) && path !== '/') return undefined
    const names = toNames(path)
    return tree.find(names, folded === path ? names : toNames(folded))
  }

  // What a path of literal text leads to is known beforehand, and found without splitting it: its index
  // file, or whatever ranks first. `{-$lang}/about` goes before `about`.
  const statics = new Map<string, Match | undefined>()
  for (const route of routes) {
    const { segments } = route
    if (!segments.every(({ kind }) => kind === 'static' || kind === 'index')) continue
    const path = fold(toShape(segments)) || '/'
    if (segments.at(-1)?.kind === 'index') statics.set(path, { route, values: [] })
    else if (!statics.has(path)) statics.set(path, search(path, path))
  }

  return (pathname) => {
    // One slash, not two: `//` is not `/` (hazard 7).
    const slashed = pathname.length > 1 && pathname.endsWith('/') && !pathname.endsWith('//')
    const path = slashed ? pathname.slice(0, -1) : pathname
    const folded = fold(path)
    return statics.get(folded) ?? search(path, folded)
  }
}

/** Split by hand, which takes half the time for paths of a few segments. */
function toNames(path: string): string[] {
  const names: string[] = []
  if (path === '/') return names
  let start = 1
  for (let end = path.indexOf('/', start); end !== -1; end = path.indexOf('/', start)) {
    names.push(path.slice(start, end))
    start = end + 1
  }
  names.push(path.slice(start))
  return names
}

/**
 * The decoded params of a match: without a prototype; a splat is under `_splat` and `*`.
 *
 * @throws StartApiError with status 400 if an escape does not decode
 */
export function toParams({ route, values }: Match): Params {
  const params = Object.create(null) as Params
  let index = 0
  for (const segment of route.segments) {
    if (segment.kind === 'static' || segment.kind === 'index') continue
    const raw = values[index++]
    // An optional one that is missing, or whose affixes are all that is there.
    if (raw === undefined || (raw === '' && segment.kind === 'optional')) continue
    const value = decodeParam(raw)
    // Start gives the splat both names, and its users read either.
    if (segment.kind === 'splat') params['_splat'] = params['*'] = value
    else params[segment.name] = value
  }
  return params
}

/**
 * Decodes once (hazard 9). Bytes that the client sent unescaped arrive as Latin-1: they are read as
 * the UTF-8 that they are (hazard 26).
 */
function decodeParam(raw: string): string {
  if (!MAY_BE_ENCODED.test(raw)) return raw
  try {
    return decodeURIComponent(escapeRawBytes(raw))
  } catch (cause) {
    throw new StartApiError(
      'ERR_START_API_BAD_PARAM',
      'A URL parameter holds a malformed escape sequence. Encode it with encodeURIComponent().',
      { status: 400, cause },
    )
  }
}

/** What may not stand for itself. Asked this way round, as V8 notes down each match (Node 24: 1 µs of 45). */
const MAY_BE_ENCODED = /[^\w.~-]/

function escapeRawBytes(raw: string): string {
  return raw.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`)
}

/**
 * Segments that other layers drop or resolve: empty ones (hazard 7) and dot segments in any spelling
 * (hazard 6). A path with one reaches no handler, since guards in front saw another path.
 */
const UNROUTABLE = /\/(?:\.|%2e){0,2}(?:\/|$)/i
