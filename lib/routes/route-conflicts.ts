// Start-up, stage "paths": files that answer the same URLs are a mistake, whichever would win.
import { StartApiError } from '../errors'
import { groupRepeated } from './group-by'
import type { LoadFailure } from './load-failure'
import type { Dialect } from './route-module'
import { type RoutePath, toShape } from './route-path'
import type { CaseRule } from './route-table'

/** A file and the path that it claims. */
export interface Claim extends ServedFile {
  /** Asked only where it matters: it may need the file's text. */
  readonly known: {
    /** `undefined` as long as only loading the file can tell. */
    dialect(): Dialect | undefined
    /** Whether it has handlers: a layout of the same path is in nobody's way. */
    mayAnswer(): boolean
  }
}

interface ConflictOptions {
  readonly caseRule: CaseRule
  readonly onFailure?: (failure: LoadFailure) => void
}

/** Claims to the same URLs, whether or not they get in each other's way. */
export function findRivals(
  claims: readonly Claim[],
  { caseRule }: Pick<ConflictOptions, 'caseRule'>,
): Claim[][] {
  return groupRepeated(claims, ({ segments }) => {
    const shape = toShape(segments)
    return caseRule === 'insensitive' ? shape.toLowerCase() : shape
  })
}

/**
 * @returns the files of all conflicts, where those don't end start-up
 * @throws StartApiError that names every file of every conflict
 */
export function rejectConflicts(
  rivals: readonly (readonly Claim[])[],
  { onFailure }: Pick<ConflictOptions, 'onFailure'>,
): Set<string> {
  const conflicts = rivals.flatMap(toConflicts)
  return rejectGroups(conflicts, 'Several route files answer the same URLs', onFailure)
}

/**
 * Turns files away that can't be served beside each other.
 *
 * @returns them, where they don't end start-up
 * @throws StartApiError that names them all
 */
export function rejectGroups(
  groups: readonly (readonly ServedFile[])[],
  what: string,
  onFailure: ConflictOptions['onFailure'],
): Set<string> {
  if (groups.length > 0 && onFailure === undefined) throw conflictError(what, groups)
  for (const group of groups) {
    const error = conflictError(what, [group])
    for (const { file, path, segments } of group) {
      onFailure!({ file, error, path: { path, segments } })
    }
  }
  return new Set(groups.flat().map(({ file }) => file))
}

interface ServedFile extends RoutePath {
  readonly file: string
}

function conflictError(what: string, groups: readonly (readonly ServedFile[])[]): StartApiError {
  return new StartApiError(
    'ERR_START_API_CONFLICT',
    `${what}. Keep one file of each line:\n${groups.map(toLine).join('\n')}`,
    { files: groups.flat().map(({ file }) => file) },
  )
}

/** Of the files that have one shape, those that get in each other's way. */
function toConflicts(group: readonly Claim[]): (readonly Claim[])[] {
  const rivals = group.filter(({ known }) => known.mayAnswer())
  // In v1 `users.ts` and `users/index.ts` go together: a layout, and what answers its path.
  const sides = rivals.some(({ known }) => known.dialect() === 'APIRoute')
    ? [rivals]
    : [rivals.filter((claim) => !isIndex(claim)), rivals.filter(isIndex)]
  return sides.filter(({ length }) => length > 1)
}

function isIndex({ segments }: RoutePath): boolean {
  return segments.at(-1)?.kind === 'index'
}

function toLine(group: readonly ServedFile[]): string {
  const paths = new Set(group.map(({ path }) => path))
  if (paths.size === 1) return `  ${group[0]!.path}: ${group.map(({ file }) => file).join(', ')}`
  const names = group.map(({ file, path }) => `${file} (${path})`).join(', ')
  if (new Set(group.map(({ segments }) => toShape(segments))).size === 1) {
    return `  same path but for the names of params: ${names}`
  }
  return `  same path but for upper and lower case: ${names} (or set \`caseSensitive: true\`)`
}
