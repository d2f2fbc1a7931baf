// The whole of start-up, top to bottom: directory → route files → route paths → modules → routes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartApiError } from '../errors'
import { loadModule } from './load-module'
import { findRouteFiles, isRouteFile } from './route-files'
import { type Route, toRoute } from './route-module'
import { type RoutePath, isUnder, toOwnPath, toRoutePath, toShape } from './route-path'
import type { CaseRule } from './route-table'

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
}

/** A route file that start-up has decided to load. */
export interface RouteFile extends RoutePath {
  readonly file: string
  readonly load: () => unknown
}

/**
 * First half, synchronous: everything that names alone decide.
 *
 * @throws StartApiError for an unusable directory, an unusable name, or conflicting names
 */
export function findRoutes(routes: string | RouteModules, options: LoadOptions): RouteFile[] {
  const candidates =
    typeof routes === 'string' ? fromDirectory(routes, options) : fromModules(routes, options)
  const files = candidates.map(({ file, load }) => ({
    file,
    load,
    ...toRoutePath(file, options.base),
  }))
  rejectConflicts(files, options.caseRule)
  return files
}

/**
 * Second half: imports the files and reads their exports.
 *
 * @throws StartApiError that lists every file that failed; its `cause` is the first failure
 */
export async function loadRoutes(files: readonly RouteFile[]): Promise<Route[]> {
  const routes: Route[] = []
  const failures: { file: string; error: unknown }[] = []
  // One after the other, in order of name: side effects of modules come in a stable order (hazard 221).
  for (const file of files) {
    try {
      const route = toRoute(file.file, file, await file.load())
      if (route === undefined) warnNoRoute(file)
      else routes.push(route)
    } catch (error) {
      failures.push({ file: file.file, error })
    }
  }
  if (failures.length > 0) throw loadError(failures)
  return routes
}

interface Candidate {
  readonly file: string
  readonly load: () => unknown
}

function fromDirectory(
  directory: string,
  { base, ignore, load = loadModule }: LoadOptions,
): Candidate[] {
  const candidates: Candidate[] = []
  for (const file of findRouteFiles(directory, ignore)) {
    const path = join(directory, file)
    if (!isApiFile(file, path, base)) continue
    candidates.push({ file, load: () => load(path) })
  }
  if (candidates.length === 0) {
    console.warn(
      `[start-api] ${directory} holds no API route file. Add one, e.g. api/hello.ts with \`export const APIRoute = createAPIFileRoute('/api/hello')({ GET: … })\`.`,
    )
  }
  return candidates
}

/** Page routes live in the same directory and must not run here: their text has no API export. */
function isApiFile(file: string, path: string, base: string): boolean {
  const underBase = base !== '' && isUnder(toOwnPath(file), base)
  return underBase || /\bAPIRoute\b/.test(readFileSync(path, 'utf8'))
}

function fromModules(modules: RouteModules, { ignore }: LoadOptions): Candidate[] {
  const keys = Object.keys(modules)
  const names = keys.map((key) => key.replaceAll('\\', '/').replace(/^\.?\//, ''))
  const root = sharedRoutesFolder(names)
  return keys
    .map((key, index): Candidate => {
      const module = modules[key]
      return {
        file: names[index]!.slice(root.length),
        load: () => (typeof module === 'function' ? (module() as unknown) : module),
      }
    })
    .filter(({ file }) => isRouteFile(file, ignore))
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
}

/** The longest `…/routes/` that every key begins with, or `''`. */
function sharedRoutesFolder(names: readonly string[]): string {
  const match = /^(?:.*?\/)?routes\//.exec(names[0] ?? '')
  return match !== null && names.every((name) => name.startsWith(match[0])) ? match[0] : ''
}

function rejectConflicts(files: readonly RouteFile[], caseRule: CaseRule): void {
  const byShape = new Map<string, RouteFile[]>()
  for (const file of files) {
    const shape = toShape(file.segments)
    const key = caseRule === 'insensitive' ? shape.toLowerCase() : shape
    const others = byShape.get(key)
    if (others === undefined) byShape.set(key, [file])
    else others.push(file)
  }
  const conflicts = [...byShape.values()].filter((group) => group.length > 1)
  if (conflicts.length === 0) return
  throw new StartApiError(
    'ERR_START_API_CONFLICT',
    `Several route files answer the same URLs. Keep one file of each line:\n${conflicts.map(toConflictLine).join('\n')}`,
    { files: conflicts.flat().map(({ file }) => file) },
  )
}

function toConflictLine(group: readonly RouteFile[]): string {
  const paths = new Set(group.map(({ path }) => path))
  const names = group.map(({ file, path }) => (paths.size === 1 ? file : `${file} (${path})`))
  const [first] = paths
  const differByCase = new Set([...paths].map((path) => path.toLowerCase())).size === 1
  return paths.size === 1
    ? `  ${first}: ${names.join(', ')}`
    : differByCase
      ? `  same path but for upper and lower case: ${names.join(', ')} (or set \`caseSensitive: true\`)`
      : `  same path but for the names of params: ${names.join(', ')}`
}

function warnNoRoute({ file, path }: RouteFile): void {
  console.warn(
    `[start-api] ${file} exports no \`APIRoute\`, so ${path} is not served. Export it by that name, or begin the file's name with "-" if it is no route.`,
  )
}

function loadError(failures: readonly { file: string; error: unknown }[]): StartApiError {
  const lines = failures.map(({ file, error }) => {
    const own = error instanceof StartApiError && error.files?.[0] === file
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return own ? `  ${error.message}` : `  ${file}: ${text.split('\n')[0]}`
  })
  const count = failures.length === 1 ? 'A route file' : `${failures.length} route files`
  return new StartApiError(
    'ERR_START_API_ROUTE_FILE',
    `${count} can't be used:\n${lines.join('\n')}`,
    { files: failures.map(({ file }) => file), cause: failures[0]!.error },
  )
}
