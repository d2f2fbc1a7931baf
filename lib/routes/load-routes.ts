// The whole of start-up, top to bottom: directory → route files → route paths → modules → routes.
import { readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { StartApiError } from '../errors'
import { type LoadFailure, loadError } from './load-failure'
import { loadModule } from './load-module'
import { findRouteFiles, isRouteFile } from './route-files'
import { type Route, isRouteModule, toRoute } from './route-module'
import { type RoutePath, isUnder, toOwnPath, toPath, toRoutePath, toShape } from './route-path'
import type { CaseRule } from './route-table'
import { watchLoading } from './watch-loading'

/**
 * What a bundler makes of a routes directory, e.g. `import.meta.glob('./routes/**\/*.ts')`: file
 * names to modules, or to functions that import them.
 */
export type RouteModules = Readonly<Record<string, unknown>>

export interface LoadOptions {
  /** Normalised: `''` or `/api`. */
  readonly base: string
  readonly ignore: readonly string[]
  /** By which conflicts are judged. */
  readonly caseRule: CaseRule
  /** Imports a file by its absolute path. */
  readonly load?: (file: string) => unknown
  /** An entry handler may have routes of its own: no modules are no mistake then. */
  readonly handler?: unknown
  /** Takes what would end start-up, in dev mode: the other files are served. */
  readonly onFailure?: (failure: LoadFailure) => void
  /** Takes warnings, and the file that one is about. Default: the console, with the package's name in front. */
  readonly warn?: (text: string, file?: string) => void
}

/** A file, or a bundler's module, that start-up is going to load. */
export interface RouteFile {
  readonly file: string
  /**
   * Whether its name or its text promises an API route: if it exports none, that is a mistake. Of a
   * bundler's modules outside the base only the export tells whether they are routes or pages.
   */
  readonly promised: boolean
  readonly load: () => unknown
}

/**
 * First half, synchronous: everything that names alone decide.
 *
 * @throws StartApiError for an unusable directory, unusable names, or conflicting names
 */
export function findRoutes(routes: string | RouteModules, options: LoadOptions): RouteFile[] {
  const files =
    typeof routes === 'string' ? fromDirectory(routes, options) : fromModules(routes, options)
  const paths: ServedFile[] = []
  const failures: LoadFailure[] = []
  for (const { file } of files.filter(({ promised }) => promised)) {
    try {
      paths.push({ file, ...toRoutePath(file, options.base) })
    } catch (error) {
      failures.push({ file, error })
    }
  }
  rejectFailures(failures, options)
  // Those that failed by name are left out, too.
  const rejected = rejectConflicts(paths, options)
  for (const { file } of failures) rejected.add(file)
  return files.filter(({ file }) => !rejected.has(file))
}

/**
 * Second half: imports the files and reads their exports.
 *
 * @throws StartApiError that lists every file that failed
 */
export async function loadRoutes(
  files: readonly RouteFile[],
  options: LoadOptions,
): Promise<Route[]> {
  const { base } = options
  const routes: Route[] = []
  const failures: LoadFailure[] = []
  // One after the other, in order of name: side effects of modules come in a stable order (hazard 221).
  for (const { file, promised, load } of files) {
    try {
      const module = await watchLoading(file, load)
      if (isRouteModule(module)) routes.push(toRoute(file, toRoutePath(file, base), module))
      else if (promised) warnNoRoute(file, options)
    } catch (error) {
      failures.push({ file, error, ...(promised && { path: toRoutePath(file, base) }) })
    }
  }
  rejectFailures(failures, options)
  // Again, now that the bundler's pages are told from its routes.
  const rejected = rejectConflicts(routes, options)
  return routes.filter(({ file }) => !rejected.has(file))
}

function rejectFailures(failures: readonly LoadFailure[], { onFailure }: LoadOptions): void {
  if (failures.length === 0) return
  if (onFailure === undefined) throw loadError(failures)
  failures.forEach(onFailure)
}

function fromDirectory(directory: string, options: LoadOptions): RouteFile[] {
  const { base, ignore, load = loadModule } = options
  const files: RouteFile[] = []
  const isBase = isBaseDirectory(directory, base)
  for (const file of findRouteFiles(directory, ignore)) {
    const path = join(directory, file)
    if (isUnderBase(file, base) || namesApiExport(path)) {
      files.push({ file, promised: true, load: () => load(path) })
    } else if (isBase) warnNoRoute(file, options)
  }
  if (files.length === 0) warnEmpty(directory, options)
  return files
}

/** `startApi('./routes/api')`: here, too, a file without the export is a mistake and no page. */
export function isBaseDirectory(directory: string, base: string): boolean {
  return base !== '' && directory.replaceAll(sep, '/').endsWith(base)
}

function isUnderBase(file: string, base: string): boolean {
  return base !== '' && isUnder(toOwnPath(file), base)
}

/** Page routes live in the same directory and must not run here: their text has no API export. */
function namesApiExport(path: string): boolean {
  try {
    return /\bAPIRoute\b/.test(readFileSync(path, 'utf8'))
  } catch {
    // Loading it fails likewise, and is reported together with the other files' failures.
    return true
  }
}

function fromModules(modules: RouteModules, options: LoadOptions): RouteFile[] {
  const { base, ignore, handler } = options
  const keys = Object.keys(modules)
  const names = keys.map((key) => key.replaceAll('\\', '/').replace(/^(?:\.{0,2}\/)+/, ''))
  const root = sharedRoutesFolder(names)
  const files = keys
    .map((key, index): RouteFile => {
      const module = modules[key]
      const file = names[index]!.slice(root.length)
      const eager = typeof module !== 'function' || isRouteModule(module)
      return {
        file,
        promised: isUnderBase(file, base) || isRouteModule(module),
        load: eager ? () => module : () => (module as () => unknown)(),
      }
    })
    .filter(({ file }) => isRouteFile(file, ignore))
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
  if (files.length === 0 && handler === undefined) warnEmpty('The object of modules', options)
  return files
}

/** `src/routes/` where every name begins with it, or `''`. */
function sharedRoutesFolder(names: readonly string[]): string {
  const match = /^(?:.*?\/)??routes\//.exec(names[0] ?? '')
  return match !== null && names.every((name) => name.startsWith(match[0])) ? match[0] : ''
}

interface ServedFile extends RoutePath {
  readonly file: string
}

/**
 * @returns the files of all conflicts, where they don't end start-up
 * @throws StartApiError that names every file of every conflict
 */
function rejectConflicts(
  files: readonly ServedFile[],
  { caseRule, onFailure }: LoadOptions,
): Set<string> {
  const byShape = new Map<string, ServedFile[]>()
  for (const file of files) {
    const shape = toShape(file.segments)
    const key = caseRule === 'insensitive' ? shape.toLowerCase() : shape
    const others = byShape.get(key)
    if (others === undefined) byShape.set(key, [file])
    else others.push(file)
  }
  const conflicts = [...byShape.values()].filter((group) => group.length > 1)
  if (conflicts.length > 0 && onFailure === undefined) throw conflictError(conflicts)
  for (const group of conflicts) {
    const error = conflictError([group])
    for (const { file, path, segments } of group) {
      onFailure!({ file, error, path: { path, segments } })
    }
  }
  return new Set(conflicts.flat().map(({ file }) => file))
}

function conflictError(conflicts: readonly (readonly ServedFile[])[]): StartApiError {
  return new StartApiError(
    'ERR_START_API_CONFLICT',
    `Several route files answer the same URLs. Keep one file of each line:\n${conflicts.map(toConflictLine).join('\n')}`,
    { files: conflicts.flat().map(({ file }) => file) },
  )
}

function toConflictLine(group: readonly ServedFile[]): string {
  const paths = new Set(group.map(({ path }) => path))
  if (paths.size === 1) return `  ${group[0]!.path}: ${group.map(({ file }) => file).join(', ')}`
  const names = group.map(({ file, path }) => `${file} (${path})`).join(', ')
  if (new Set(group.map(({ segments }) => toShape(segments))).size === 1) {
    return `  same path but for the names of params: ${names}`
  }
  return `  same path but for upper and lower case: ${names} (or set \`caseSensitive: true\`)`
}

function warnNoRoute(file: string, { base, warn = warnOnConsole }: LoadOptions): void {
  warn(
    `${file} exports no \`APIRoute\`, so ${toPath(file, base)} is not served. Export it by that name, or begin the file's name with "-" if it is no route.`,
    file,
  )
}

function warnEmpty(where: string, { warn = warnOnConsole }: LoadOptions): void {
  warn(
    `${where} holds no API route file. Add one, e.g. api/hello.ts with \`export const APIRoute = createAPIFileRoute('/api/hello')({ GET: … })\`.`,
  )
}

function warnOnConsole(text: string): void {
  console.warn(`[start-api] ${text}`)
}
