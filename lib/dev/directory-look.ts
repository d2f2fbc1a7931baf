// Dev mode: the routes directory at one moment, and what is different at another.
import { join } from 'node:path'
import type { LoadOptions } from '../routes/load-routes'
import { findStart } from '../routes/load-start'
import { findRouteFiles } from '../routes/route-files'
import { statFile } from '../routes/stat-file'

/** How long a new or an empty file is left to whoever is writing it. */
export const SETTLE_MS = 100

/** File systems stamp with the time of the system's last tick, which was at most so long ago. */
const TICK_MS = 16

export interface Look {
  readonly at: number
  readonly directory: string
  /** Relative to the directory. */
  readonly files: readonly string[]
  /** What the route files hold, by path. */
  readonly routes: ReadonlyMap<string, string>
  /** What their dependencies hold, as far as they are known by then. */
  readonly dependencies: ReadonlyMap<string, string>
  /** Which `start.ts` there is, and what it holds. */
  readonly start: string
}

/** @throws StartApiError if the directory is missing or can't be read */
export function lookAt(
  directory: string,
  { ignore, base }: Pick<LoadOptions, 'ignore' | 'base'>,
  dependencies: readonly string[],
  toDigest: (path: string) => string,
): Look {
  const at = Date.now()
  const toDigests = (paths: readonly string[]) =>
    new Map(paths.map((path) => [path, toDigest(path)]))
  const files = findRouteFiles(directory, ignore)
  const routes = toDigests(files.map((file) => join(directory, file)))
  const others = dependencies.filter((path) => !routes.has(path))
  const start = findStart(directory, base)
  return {
    at,
    directory,
    files,
    routes,
    dependencies: toDigests(others),
    start: start === undefined ? 'none' : `${start} ${toDigest(start)}`,
  }
}

/** A look at what was loaded then, with the dependencies that loading has found: later ones compare digests. */
export function addDependencies(
  look: Look,
  found: readonly string[],
  toDigest: (path: string) => string,
): Look {
  const digests = found
    .filter((path) => !look.routes.has(path) && !look.dependencies.has(path))
    .map((path) => [path, toDigest(path)] as const)
    // What was changed meanwhile may have been loaded before that.
    .filter(([path]) => !isNewer(path, look.at))
  return { ...look, dependencies: new Map([...look.dependencies, ...digests]) }
}

/** Paths of files that came, went, or hold something else. */
export function findChanged(before: Look, now: Look): string[] {
  const paths = new Set([...before.routes.keys(), ...now.routes.keys()])
  const routes = [...paths].filter((path) => before.routes.get(path) !== now.routes.get(path))
  const dependencies = [...now.dependencies].filter(([path, digest]) => {
    const known = before.dependencies.get(path)
    // Loaded since, perhaps by a handler: as it is now, unless it was changed since, too.
    return known === undefined ? isNewer(path, before.at) : known !== digest
  })
  return [...routes, ...dependencies.map(([path]) => path)]
}

/** Whether files have just come, empty or not, or lost what they held: more may follow. */
export function isBeingWritten(now: Look, before: Look | undefined): boolean {
  const known = new Set(before === undefined ? now.files : before.files)
  return now.files.some((file) => {
    const stats = statFile(join(now.directory, file))
    if (stats === undefined || (stats.size > 0 && known.has(file))) return false
    return Math.abs(Date.now() - stats.mtimeMs) < SETTLE_MS
  })
}

/** By the time of the change, too: a file that takes another's name keeps the time of its content. */
function isNewer(path: string, time: number): boolean {
  const stats = statFile(path)
  return stats === undefined || Math.max(stats.mtimeMs, stats.ctimeMs) > time - TICK_MS
}
