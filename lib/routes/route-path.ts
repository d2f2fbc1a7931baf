// Start-up, stage "paths": a route file's name becomes a route path. Pure text, no file system.
import { StartApiError } from '../errors'

/** One part of a route path between two slashes. */
export type Segment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'splat' }

export interface RoutePath {
  /** TanStack's spelling, with the base: `/api/users/$id`. */
  readonly path: string
  readonly segments: readonly Segment[]
}

/** In any case: on case-insensitive file systems the search finds `USERS.TS`, too. */
const EXTENSION = /\.[cm]?[jt]sx?$/i

/**
 * The route path of a file by Start v0's rules: folders and dots both separate, `index` vanishes at
 * every position, `$name` is a param, a last `$` a splat, everything else is literal.
 *
 * @param file path relative to the routes directory, separated by `/`
 * @param base normalised `apiBaseURL`: `''` or `/api`
 * @throws StartApiError for a name that can't be served as it reads
 */
export function toRoutePath(file: string, base: string): RoutePath {
  const path = toPath(file, base)
  const segments = toSegments(path)
  rejectUnusableSegments(segments, file)
  return { path, segments }
}

/** The same path as text, even where its name can't be served. */
export function toPath(file: string, base: string): string {
  const own = toOwnPath(file)
  return (isUnder(own, base) ? own : base + own) || '/'
}

/** The parts of a path in TanStack's spelling; `''` and `/` have none. */
export function toSegments(path: string): Segment[] {
  const names = path.split('/').filter((name) => name !== '')
  return names.map(toSegment)
}

/** The path that a file's name spells, whatever the base. */
export function toOwnPath(file: string): string {
  return file
    .replace(EXTENSION, '')
    .split(/[/.]/)
    .filter((name) => name !== '' && name !== 'index')
    .map((name) => `/${name.normalize('NFC')}`)
    .join('')
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

/** Two paths of the same shape answer the same URLs: `/users/$id` and `/users/$name`. */
export function toShape(segments: readonly Segment[]): string {
  return segments
    .map((segment) =>
      segment.kind === 'static'
        ? `/${toWireText(segment.text)}`
        : segment.kind === 'param'
          ? '/$*'
          : '/$',
    )
    .join('')
}

/**
 * Literal text of a path as browsers send it, the only spelling that matches. `%61dmin` is `admin` to
 * a decoder but not to Express's guards, so it must not be ours either (hazards 8, 193).
 */
export function toWireText(text: string): string {
  return encodeURI(text)
    .replace(/[?#]/g, encodeURIComponent)
    .replace(/%(?:5[BD]|7C)/g, decodeURIComponent)
}

function toSegment(name: string): Segment {
  if (name === '$') return { kind: 'splat' }
  if (name.startsWith('$')) return { kind: 'param', name: name.slice(1) }
  return { kind: 'static', text: name }
}

function rejectUnusableSegments(segments: readonly Segment[], file: string): void {
  // A splat's value has these two names.
  const names = new Set(segments.some(({ kind }) => kind === 'splat') ? ['_splat', '*'] : [])
  segments.forEach((segment, index) => {
    if (segment.kind === 'splat' && index !== segments.length - 1) {
      throw unusable(file, 'has a splat `$` before its end; move the `$` to the last position')
    }
    if (segment.kind !== 'param') return
    // Copies of `params` by assignment would set the copy's prototype (hazard 183).
    if (segment.name === '__proto__') {
      throw unusable(file, 'names a param `__proto__`; choose another name')
    }
    if (names.has(segment.name)) {
      throw unusable(file, `names two params \`${segment.name}\`; give each its own name`)
    }
    names.add(segment.name)
  })
}

function unusable(file: string, what: string): StartApiError {
  return new StartApiError('ERR_START_API_ROUTE_FILE', `${file} ${what}.`, { files: [file] })
}
