// Start-up, stage "files": finds the route files of a directory, by name only.
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { globSync } from 'glob'
import { Minimatch } from 'minimatch'
import { StartApiError, isStartApiError } from '../errors'

const ROUTE_FILES = '**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'

/** Told of an entry of `ignore` that nothing matches. */
export type OnUnused = (entry: string) => void

/**
 * Names that are never routes, as Start and its users keep them beside routes (hazard 195). Not globs: of
 * thousands of files, asking ten globs about each would take longer than all else.
 */
const NEVER_ROUTES = /(?:^|\/)(?:-|__tests__\/|node_modules\/)|\.d\.[mc]?ts$/

/** The same, but the names read like routes: `api.test.ts` could be `/api/test`. */
const NEVER_THOUGH_LIKELY = /(?:^|\/)\.|\.(?:test|spec)\.[^/]*$/

function isNeverRoute(file: string): boolean {
  return NEVER_ROUTES.test(file) || NEVER_THOUGH_LIKELY.test(file)
}

/**
 * The route files below a directory: relative to it, separated by `/` on every system, ordered by code
 * unit so that no result depends on the file system (hazard 179). Links to files count, links to
 * folders are not followed, as in Start: they may lead in circles or out of the directory (hazard 201).
 *
 * @param ignore further names and globs, relative to the directory
 * @throws StartApiError if the directory is missing, is a file, or it or a folder in it can't be read
 */
export function findRouteFiles(
  directory: string,
  ignore: readonly string[],
  onUnused?: OnUnused,
): string[] {
  assertDirectory(directory)
  // glob enters no link, not even this one: deployments link to the current release.
  const cwd = realpathSync(directory)
  const unreadable = new Map<string, NodeJS.ErrnoException>()
  const files = globSync(ROUTE_FILES, {
    cwd,
    nodir: true,
    posix: true,
    fs: {
      readdirSync: ((path: string, options: { withFileTypes: true }) => {
        try {
          // Not entered, and not by `ignore`: asking a glob about each of thousands of files takes as
          // long as finding them. What else is not wanted is told by its name afterwards.
          return readdirSync(path, options).filter(({ name }) => name !== 'node_modules')
        } catch (error) {
          // glob passes over folders that it may not read: their routes would silently be missing.
          if (isPermissionError(error)) {
            // Stands for the files that it may hold.
            const all = `${relative(cwd, path).replaceAll(sep, '/')}/*`
            unreadable.set(all, error as NodeJS.ErrnoException)
          }
          throw error
        }
      }) as typeof readdirSync,
    },
  })
  const left = withoutIgnored([...files, ...unreadable.keys()], ignore, onUnused)
  const missing = left.find((name) => unreadable.has(name))
  if (missing !== undefined) throw directoryError(directory, unreadable.get(missing)!)
  return left.filter((file) => !isNeverRoute(file)).sort()
}

/** For tools: files whose names keep them from being routes, perhaps against what is meant. */
export function findLikelyRouteFiles(directory: string, ignore: readonly string[]): string[] {
  const files = globSync(ROUTE_FILES, {
    cwd: realpathSync(directory),
    nodir: true,
    posix: true,
    dot: true,
    ignore: '**/node_modules/**',
  })
  return withoutIgnored(files, ignore)
    .filter((file) => isNeverRoute(file) && !NEVER_ROUTES.test(file))
    .sort()
}

/** The same rules for names that come from a bundler's manifest instead of a directory. */
export function pickRouteFiles(
  names: readonly string[],
  ignore: readonly string[],
  onUnused?: OnUnused,
): string[] {
  const glob = new Minimatch(ROUTE_FILES, AS_GLOB_DOES)
  const files = names.filter((name) => glob.match(name))
  return withoutIgnored(files, ignore, onUnused)
    .filter((file) => !isNeverRoute(file))
    .sort()
}

export function isRouteFile(file: string, ignore: readonly string[]): boolean {
  return pickRouteFiles([file], ignore).length > 0
}

/** `!` and `#` are ordinary characters, and `*` stands for names that begin with a dot, too. */
const AS_GLOB_DOES = { dot: true, nonegate: true, nocomment: true }

function withoutIgnored(
  files: readonly string[],
  ignore: readonly string[],
  onUnused?: OnUnused,
): readonly string[] {
  if (ignore.length === 0) return files
  const ignored = new Set<string>()
  for (const entry of ignore) {
    // `./internal/**` and `/internal/**` are relative to the directory, too.
    const name = entry.replace(/^\.?\/+|\/+$/g, '')
    const meant = findMeant(files, name)
    // `**/*.fixture.*` says what is to be ignored should it ever be there.
    if (meant.length === 0 && name !== '' && !name.startsWith('*')) onUnused?.(entry)
    for (const file of meant) ignored.add(file)
  }
  return files.filter((file) => !ignored.has(file))
}

/** Names first: as a glob, `a[.]b.ts` is another route's file, `a.b.ts`. */
function findMeant(files: readonly string[], name: string): readonly string[] {
  const named = files.filter((file) => file === name || file.startsWith(`${name}/`))
  if (named.length > 0) return named
  const glob = new Minimatch(name, AS_GLOB_DOES)
  return files.filter((file) => glob.match(file))
}

function assertDirectory(directory: string): void {
  try {
    if (!statSync(directory).isDirectory()) {
      throw new StartApiError(
        'ERR_START_API_DIRECTORY',
        `The routes directory ${directory} is a file. Pass the directory that holds the route files.`,
      )
    }
    readdirSync(directory)
  } catch (error) {
    if (isStartApiError(error)) throw error
    throw directoryError(directory, error as NodeJS.ErrnoException)
  }
}

function directoryError(directory: string, cause: NodeJS.ErrnoException): StartApiError {
  const message =
    cause.code === 'ENOENT'
      ? `The routes directory ${directory} does not exist. Create it, or pass its absolute path: a relative one is resolved against the working directory (${process.cwd()}).`
      : isPermissionError(cause)
        ? `The routes directory ${directory} can't be read${cause.path === undefined || cause.path === directory ? '' : `, because of ${cause.path} in it`}. Give the process read permission on it and on the folders in it.`
        : `The routes directory ${directory} can't be read (${cause.code ?? cause.message}).`
  return new StartApiError('ERR_START_API_DIRECTORY', message, { cause })
}

function isPermissionError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'EACCES' || code === 'EPERM'
}
