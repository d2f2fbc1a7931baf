// Start-up, stage "paths": files that answer the same URLs are a mistake, whichever would win.
import { StartApiError } from '../errors'
import type { Dialect } from './route-module'
import { type RoutePath, toShape } from './route-path'
import type { CaseRule } from './route-table'

/** A file and the path that it claims. What needs its text is asked only where it matters. */
export interface Claim extends RoutePath {
  readonly file: string
  /** `undefined` as long as only loading the file can tell. */
  readonly dialect: () => Dialect | undefined
  /** Whether it has handlers: a layout of the same path is in nobody's way. */
  readonly mayAnswer: () => boolean
}

/** @throws StartApiError that names every file of every conflict */
export function rejectConflicts(claims: readonly Claim[], caseRule: CaseRule): void {
  const byShape = new Map<string, Claim[]>()
  for (const claim of claims) {
    const shape = toShape(claim.segments)
    const key = caseRule === 'insensitive' ? shape.toLowerCase() : shape
    const others = byShape.get(key)
    if (others === undefined) byShape.set(key, [claim])
    else others.push(claim)
  }
  const conflicts = [...byShape.values()].flatMap(toConflicts)
  if (conflicts.length === 0) return
  throw conflictError(
    'Several route files answer the same URLs',
    conflicts.map(toLine),
    conflicts.flat(),
  )
}

export function conflictError(
  what: string,
  lines: readonly string[],
  files: readonly { readonly file: string }[],
): StartApiError {
  return new StartApiError(
    'ERR_START_API_CONFLICT',
    `${what}. Keep one file of each line:\n${lines.join('\n')}`,
    { files: files.map(({ file }) => file) },
  )
}

/** Of the files that have one shape, those that get in each other's way. */
function toConflicts(group: readonly Claim[]): (readonly Claim[])[] {
  if (group.length === 1) return []
  const rivals = group.filter(({ mayAnswer }) => mayAnswer())
  // In v1 `users.ts` and `users/index.ts` go together: a layout, and what answers its path.
  const sides = rivals.some(({ dialect }) => dialect() === 'APIRoute')
    ? [rivals]
    : [rivals.filter((claim) => !isIndex(claim)), rivals.filter(isIndex)]
  return sides.filter(({ length }) => length > 1)
}

function isIndex({ segments }: RoutePath): boolean {
  return segments.at(-1)?.kind === 'index'
}

function toLine(group: readonly Claim[]): string {
  const paths = new Set(group.map(({ path }) => path))
  if (paths.size === 1) return `  ${group[0]!.path}: ${group.map(({ file }) => file).join(', ')}`
  const names = group.map(({ file, path }) => `${file} (${path})`).join(', ')
  if (new Set(group.map(({ segments }) => toShape(segments))).size === 1) {
    return `  same path but for the names of params: ${names}`
  }
  return `  same path but for upper and lower case: ${names} (or set \`caseSensitive: true\`)`
}
