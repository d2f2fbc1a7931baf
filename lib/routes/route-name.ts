// Start-up, stage "paths": what Start v1 reads in the name of a route file. Pure text, no file system.
import { StartApiError } from '../errors'

/** What a file's name says by the rules of Start v1. */
export interface RouteName {
  /** `piece`: holds a component or a loader of another file's route. `root`: `__root.tsx`. */
  readonly role: 'route' | 'piece' | 'root'
  /**
   * The file's place among the others, by which they nest: its folders and dots, with groups, pathless
   * names and last underscores. A file belongs to those whose place its own begins with.
   */
  readonly place: readonly string[]
  /** TanStack's spelling, without base: `/users/$id`; `''` for the root. */
  readonly path: string
  /** `users/index.ts`: answers the path of `users.ts`, goes before it, and belongs to it. */
  readonly isIndex: boolean
}

/** In any case: on case-insensitive file systems the search finds `USERS.TS`, too. */
export const EXTENSION = /\.[cm]?[jt]sx?$/i

const PIECES = new Set([
  'component',
  'errorComponent',
  'lazy',
  'loader',
  'notFoundComponent',
  'pendingComponent',
])

/**
 * One name between dots and slashes. Brackets take the meaning from what is in them: every convention
 * looks at `source`, and what is left is `text`.
 */
interface Part {
  readonly source: string
  readonly text: string
}

/** @param file path relative to the routes directory, separated by `/` */
export function toRouteName(file: string): RouteName {
  const parts = toParts(file)
  const isPiece = PIECES.has(parts.at(-1)?.source ?? '')
  if (isPiece) parts.pop()
  if (parts.at(-1)?.source === 'route') parts.pop()
  const isIndex = parts.at(-1)?.source === 'index'
  if (isIndex) parts.pop()
  const isRoot = parts.length === 1 && parts[0]!.source === '__root' && !isIndex
  return {
    role: isPiece ? 'piece' : isRoot ? 'root' : 'route',
    place: parts.map(toPlaceName),
    path: parts.filter(isInUrl).map(toUrlName).join(''),
    isIndex,
  }
}

/**
 * Start v1's id of a file, which `createFileRoute()` takes: groups, pathless names and the slash of an
 * index stay.
 */
export function toRouteId(file: string): string {
  const parts = toParts(file)
  const last = parts.at(-1)?.source ?? ''
  if (PIECES.has(last) || last === 'route') parts.pop()
  const isIndex = parts.at(-1)?.source === 'index'
  if (isIndex) parts.pop()
  const id = parts.map(({ text }) => `/${text}`).join('')
  return isIndex || id === '' ? `${id}/` : id
}

/**
 * @throws StartApiError for a name that Start v1 turns away, too
 */
export function rejectUnusableName(file: string): void {
  for (const [, escaped] of file.matchAll(BRACKETS)) {
    const character = /[\\?#:*<>|!$%]/.exec(escaped!)?.[0]
    if (character !== undefined) {
      throw unusable(
        file,
        `escapes \`${character}\`, which no route path can hold as text; rename it`,
      )
    }
  }
  const name = toParts(file).at(-1)
  if (name !== undefined && isGroup(name)) {
    throw unusable(
      file,
      `is called like a route group; groups are folders, so put the route into one, or name it ${name.source}/route`,
    )
  }
}

const BRACKETS = /\[(.*?)\]/g

/** Dots separate like slashes, unless they touch a bracket: `script[.]js.ts`. */
function toParts(file: string): Part[] {
  return file
    .replace(EXTENSION, '')
    .normalize('NFC')
    .split(/(?<!\[)\.(?!\])|\//)
    .map((source) => ({ source, text: source.replace(BRACKETS, '$1') }))
    .filter(({ text }) => text !== '')
}

function isInUrl(part: Part): boolean {
  return !part.source.startsWith('_') && !isGroup(part)
}

function isGroup({ source }: Part): boolean {
  return /^\(.+\)_?$/.test(source)
}

/** A last `_` only takes the file out of its parent. */
function toUrlName({ source, text }: Part): string {
  return `/${source.endsWith('_') ? text.slice(0, -1) : text}`
}

/** Not the text alone: the route `[_]auth.ts` is no layout of `_auth/me.ts`. */
function toPlaceName(part: Part): string {
  if (!isInUrl(part)) return part.text
  return part.source.endsWith('_') ? `${toUrlName(part)}/` : toUrlName(part)
}

/** The error for a file whose name can't be served as it reads. */
export function unusable(file: string, what: string): StartApiError {
  return new StartApiError('ERR_START_API_ROUTE_FILE', `${file} ${what}.`, { files: [file] })
}
