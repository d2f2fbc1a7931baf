// Start-up, stage "paths": a route file's name becomes a route path. Pure text, no file system.
import { type PathSegment, toV0Segment, toV1Segment } from '../define/path-segment'
import { EXTENSION, rejectUnusableName, toRouteName, unusable } from './route-name'

/** One part of a route path between two slashes. */
export type Segment =
  | PathSegment
  /** No part of the URL: the path comes from an `index` file of v1. */
  | { readonly kind: 'index' }

/** Whose rules a file's name follows: those of Start v0, or of the releases since. */
export type Naming = 'v0' | 'v1'

export interface RoutePath {
  /** TanStack's spelling, with the base: `/api/users/$id`. */
  readonly path: string
  readonly segments: readonly Segment[]
}

/**
 * The route path of a file.
 *
 * By Start v0's rules folders and dots both separate, `index` vanishes at every position, `$name` is a
 * param, a last `$` a splat, everything else is literal. By those of v1 there are escapes, groups,
 * pathless and optional segments and affixes, too.
 *
 * @param file path relative to the routes directory, separated by `/`
 * @param base normalised `apiBaseURL`: `''` or `/api`
 * @param own what its name spells, where that is known
 * @throws StartApiError for a name that can't be served as it reads
 */
export function toRoutePath(
  file: string,
  base: string,
  naming: Naming,
  own = toOwnPath(file, naming),
): RoutePath {
  if (naming === 'v1') rejectUnusableName(file)
  const path = toPathBelow(base, own)
  const segments = toSegments(path, naming)
  rejectUnusableSegments(segments, file)
  if (naming === 'v1' && toRouteName(file).isIndex) segments.push({ kind: 'index' })
  return { path, segments }
}

/** The same path as text, even where its name can't be served. */
export function toPath(file: string, base: string, naming: Naming): string {
  return toPathBelow(base, toOwnPath(file, naming))
}

function toPathBelow(base: string, own: string): string {
  return (isUnder(own, base) ? own : base + own) || '/'
}

/** The path that a file's name spells, whatever the base. */
export function toOwnPath(file: string, naming: Naming): string {
  if (naming === 'v1') return toRouteName(file).path
  const path = `/${file.replace(EXTENSION, '').replaceAll('.', '/')}`
  // Thousands of names are nothing but their segments.
  if (!/\/(?:index)?(?:\/|$)|[^\0-\x7f]/.test(path)) return path
  return path
    .split('/')
    .filter((name) => name !== '' && name !== 'index')
    .map((name) => `/${name.normalize('NFC')}`)
    .join('')
}

/** The parts of a path in TanStack's spelling; `''` and `/` have none. */
export function toSegments(path: string, naming: Naming): Segment[] {
  const names = path.split('/').filter((name) => name !== '')
  if (naming === 'v0') return names.map((name) => withKey(toV0Segment(name)))
  const segments: Segment[] = []
  for (const [index, name] of names.entries()) {
    const segment = withKey(toV1Segment(name))
    if (segment.kind === 'splat' && segment.suffix !== undefined) {
      // What follows `{$}` is its suffix, slashes included.
      const suffix = [segment.suffix, ...names.slice(index + 1)].join('/')
      return [...segments, { ...segment, suffix }]
    }
    segments.push(segment)
  }
  return segments
}

/** Whether a path is `base` itself or below it; `/apiary` is not under `/api` (hazard 30). */
export function isUnder(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`)
}

/**
 * `apiBaseURL` as the table uses it: one leading slash, none at the end, `''` for the root.
 *
 * @throws TypeError for anything that can't be a literal path
 */
export function toBase(apiBaseURL: unknown): string {
  if (typeof apiBaseURL !== 'string') {
    throw new TypeError(
      'startApi(): option `apiBaseURL` must be a string such as "/api" or "/internal/v1".',
    )
  }
  const names = apiBaseURL.replace(/^\/+|\/+$/g, '').split('/')
  if (names.length === 1 && names[0] === '') return ''
  for (const name of names) {
    if (name === '' || name === '.' || name === '..' || /[?#$*:%\\]/.test(name)) {
      throw new TypeError(
        `startApi(): option \`apiBaseURL\` is "${apiBaseURL}", but must be a literal path such as "/api" or "/internal/v1".`,
      )
    }
  }
  return names.map((name) => `/${name.normalize('NFC')}`).join('')
}

/**
 * Two paths of the same shape answer the same URLs: `/users/$id` and `/users/$name`. Braces are in no
 * text on the wire.
 */
export function toShape(segments: readonly Segment[]): string {
  let shape = ''
  for (const segment of segments) shape += toPiece(segment)
  return shape
}

function toPiece(segment: Segment): string {
  if (segment.kind === 'static') return `/${toWireText(segment.text)}`
  if (segment.kind === 'index') return ''
  const { prefix = '', suffix = '' } = segment
  return `/${toWireText(prefix)}{${segment.kind}}${toWireText(suffix)}`
}

/**
 * Literal text of a path as browsers send it, the only spelling that matches. `%61dmin` is `admin` to
 * a decoder but not to Express's guards, so it must not be ours either (hazards 8, 193).
 */
export function toWireText(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text
  return encodeURI(text)
    .replace(/[?#]/g, encodeURIComponent)
    .replace(/%(?:5[BD]|7C)/g, decodeURIComponent)
}

function rejectUnusableSegments(segments: readonly Segment[], file: string): void {
  // A splat's value has these two names.
  const names = segments.some(({ kind }) => kind === 'splat') ? ['_splat', '*'] : []
  for (const segment of segments) {
    if (segment.kind === 'splat' && segment !== segments.at(-1)) {
      throw unusable(file, 'has a splat `$` before its end; move the `$` to the last position')
    }
    // Such names can be written with brackets, and no client asks for them (hazard 6).
    if (segment.kind === 'static' && (segment.text === '.' || segment.text === '..')) {
      throw unusable(file, `names a segment \`${segment.text}\`, which URLs can't have; rename it`)
    }
    if (segment.kind !== 'param' && segment.kind !== 'optional') continue
    // Copies of `params` by assignment would set the copy's prototype (hazard 183).
    if (segment.name === '__proto__') {
      throw unusable(file, 'names a param `__proto__`; choose another name')
    }
    if (names.includes(segment.name)) {
      throw unusable(file, `names two params \`${segment.name}\`; give each its own name`)
    }
    names.push(segment.name)
  }
}

function withKey(segment: PathSegment): PathSegment {
  return 'name' in segment ? { ...segment, name: toKey(segment.name) } : segment
}

/**
 * The text as V8 keeps it for names of properties. Part of another text, it would look it up in its
 * table for each request's `params` (Node 24: 0.35 of 10 µs).
 */
function toKey(text: string): string {
  let key = keys.get(text)
  if (key === undefined) keys.set(text, (key = Object.keys({ [text]: true })[0]!))
  return key
}

/** Thousands of routes have a few names of params. */
const keys = new Map<string, string>()
