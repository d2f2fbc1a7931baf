// Start-up, stage "files": finds the route files of a directory, by name only.
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { globSync } from 'glob'
import { minimatch } from 'minimatch'
import { StartApiError } from '../errors'

const ROUTE_FILES = '**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'

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
 * @param ignore further globs, relative to the directory
 * @throws StartApiError if the directory is missing, is a file, or it or a folder in it can't be read
 */
export function findRouteFiles(directory: string, ignore: readonly string[]): string[] {
  assertDirectory(directory)
  const unreadable: NodeJS.ErrnoException[] = []
  const files = globSync(ROUTE_FILES, {
    // glob enters no link, not even this one: deployments link to the current release.
    cwd: realpathSync(directory),
    nodir: true,
    posix: true,
    ...(ignore.length > 0 && { ignore: toIgnored(ignore) }),
    fs: {
      readdirSync: ((path: string, options: { withFileTypes: true }) => {
        try {
          // Not entered, and not by `ignore`: asking a glob about each of thousands of files takes as
          // long as finding them. What else is not wanted is told by its name afterwards.
          return readdirSync(path, options).filter(({ name }) => name !== 'node_modules')
        } catch (error) {
          // glob passes over folders that it may not read: their routes would silently be missing.
          if (isPermissionError(error)) unreadable.push(error as NodeJS.ErrnoException)
          throw error
        }
      }) as typeof readdirSync,
    },
  })
  if (unreadable[0] !== undefined) throw directoryError(directory, unreadable[0])
  return files.filter((file) => !isNeverRoute(file)).sort()
}

/** For tools: files whose names keep them from being routes, perhaps against what is meant. */
export function findLikelyRouteFiles(directory: string, ignore: readonly string[]): string[] {
  const files = globSync(ROUTE_FILES, {
    cwd: realpathSync(directory),
    nodir: true,
    posix: true,
    dot: true,
    ignore: ['**/node_modules/**', ...toIgnored(ignore)],
  })
  return files.filter((file) => isNeverRoute(file) && !NEVER_ROUTES.test(file)).sort()
}

/** The same rules for names that come from a bundler's manifest instead of a directory. */
export function isRouteFile(file: string, ignore: readonly string[]): boolean {
  return (
    minimatch(file, ROUTE_FILES, AS_GLOB_DOES) &&
    !isNeverRoute(file) &&
    !toIgnored(ignore).some((pattern) => minimatch(file, pattern, AS_GLOB_DOES))
  )
}

/** How glob reads the patterns that it ignores: `!` and `#` are ordinary characters. */
const AS_GLOB_DOES = { dot: true, nonegate: true, nocomment: true }

/** `./internal/**` and `/internal/**` are relative to the directory, too. */
function toIgnored(ignore: readonly string[]): string[] {
  return ignore.map((pattern) => pattern.replace(/^\.?\/+/, ''))
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
    if (error instanceof StartApiError) throw error
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
