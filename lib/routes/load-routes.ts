// The whole of start-up, top to bottom: directory → route files → route paths → modules → routes.
// Not `{ createRequire }`: the usual banner of ESM bundles declares that name.
import nodeModule from 'node:module'
import { join, sep } from 'node:path'
import { inheritMiddleware } from './inherit-middleware'
import { type LoadFailure, loadError } from './load-failure'
import { loadModule } from './load-module'
import { type Claim, rejectConflicts } from './route-conflicts'
import { findRouteFiles, isRouteFile } from './route-files'
import { type Dialect, type Route, toDialect, toRoute } from './route-module'
import { toRouteName } from './route-name'
import {
  type Naming,
  type RoutePath,
  isUnder,
  toOwnPath,
  toPath,
  toRoutePath,
  toSegments,
  toShape,
} from './route-path'
import type { CaseRule } from './route-table'
import { type RouteText, readRouteText } from './route-text'
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
  /** Its path by either rules. Throws StartApiError for a name that can't be served. */
  readonly path: (naming: Naming) => RoutePath
  /** Whether both rules give its name the same meaning. */
  readonly readsAlike: boolean
  /** Its name can't be served, as `onFailure` was told. */
  readonly isRejected?: true
  /** Whose naming rules it follows, as far as that is known before it is loaded. */
  readonly dialect: () => Dialect | undefined
  /** Whether it may have handlers, as far as that is known before it is loaded. */
  readonly mayAnswer: () => boolean
}

/**
 * First half, synchronous: everything that names alone decide.
 *
 * @throws StartApiError for an unusable directory, unusable names, or conflicting names
 */
export function findRoutes(routes: string | RouteModules, options: LoadOptions): RouteFile[] {
  const files =
    typeof routes === 'string' ? fromDirectory(routes, options) : fromModules(routes, options)
  const claims: Claim[] = []
  const failures: LoadFailure[] = []
  for (const routeFile of files) {
    try {
      claims.push(...toClaims(routeFile))
    } catch (error) {
      failures.push({ file: routeFile.file, error })
    }
  }
  rejectFailures(failures, options)
  // Those that failed by name are left out, too.
  const rejected = rejectConflicts(claims, options)
  for (const { file } of failures) rejected.add(file)
  return files.map((file) => (rejected.has(file.file) ? { ...file, isRejected: true } : file))
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
  const { onFailure } = options
  const routes: Route[] = []
  const failures: LoadFailure[] = []
  const broken: string[] = []
  const watch = watchLoading()
  // One after the other, in order of name: side effects of modules come in a stable order (hazard 221).
  for (const routeFile of files) {
    const { file, promised, dialect } = routeFile
    try {
      if (routeFile.isRejected !== true) {
        const module = await watch.run(file, routeFile.load)
        const exported = toDialect(module)
        if (exported !== undefined) routes.push(...toRoutes(routeFile, exported, module))
        else if (promised) warnNoRoute(file, options)
        continue
      }
    } catch (error) {
      const path = promised && routeFile.path(toNaming(dialect()))
      failures.push({ file, error, ...(path && { path }) })
    }
    if (dialect() !== 'APIRoute') broken.push(file)
  }
  watch.end()
  rejectFailures(failures, options)
  const served = inheritMiddleware(routes, broken, onFailure)
  // Again, now that the exports are known, and pages and layouts are told from routes.
  const rejected = rejectConflicts(served.map(toClaim), options)
  return served.filter(({ file }) => !rejected.has(file))
}

/** One, or none of a file that is only a piece of another's route. */
function toRoutes({ file, path }: RouteFile, dialect: Dialect, module: unknown): Route[] {
  if (dialect === 'APIRoute') return [toRoute(file, path('v0'), module)]
  const { role } = toRouteName(file)
  if (role === 'piece') return []
  if (role === 'route') return [toRoute(file, path('v1'), module)]
  // The root has no URL: only its middleware counts.
  return [{ ...toRoute(file, { path: '/', segments: [] }, module), handlers: new Map() }]
}

function toClaim(route: Route): Claim {
  return { ...route, dialect: () => route.dialect, mayAnswer: () => true }
}

/** One, or none where only loading the file can tell which path it has, if any. */
function toClaims({ file, promised, path, readsAlike, dialect, mayAnswer }: RouteFile): Claim[] {
  // Where both rules give the same path, its text is read only if another file claims it, too.
  if (promised && readsAlike) {
    const naming = SIMPLE.test(file) ? 'v0' : 'v1'
    return [{ ...path(naming), file, dialect, mayAnswer }]
  }
  const known = dialect()
  if (known === undefined) return promised ? [toV0Claim()] : []
  if (known === 'APIRoute') return [toV0Claim()]
  return toRouteName(file).role === 'route' && mayAnswer()
    ? [{ ...path('v1'), file, dialect, mayAnswer }]
    : []

  function toV0Claim(): Claim {
    return { ...path('v0'), file, dialect: () => 'APIRoute', mayAnswer }
  }
}

/** Names of most files: no brackets, no words that mean something to v1 alone, no `_` at either end. */
const SIMPLE =
  /^(?:(?!(?:index|route|lazy|loader|component|\w+Component)[/.])\$?[A-Za-z\d](?:[\w-]*[A-Za-z\d-])?[/.])+[cm]?[jt]sx?$/

/** Whether the rules of v0 and of v1 give a file's name the same meaning. */
function isReadAlike(file: string): boolean {
  if (SIMPLE.test(file)) return true
  if (toRouteName(file).role !== 'route') return false
  const [v0, v1] = (['v0', 'v1'] as const).map((naming) => toOwnPath(file, naming)) as [
    string,
    string,
  ]
  return v0 === v1 && toShape(toSegments(v0, 'v0')) === toShape(toSegments(v1, 'v1'))
}

/** Whose rules a file's name follows. */
export function toNaming(dialect: Dialect | undefined): Naming {
  return dialect === undefined || dialect === 'APIRoute' ? 'v0' : 'v1'
}

function rejectFailures(failures: readonly LoadFailure[], { onFailure }: LoadOptions): void {
  if (failures.length === 0) return
  if (onFailure === undefined) throw loadError(failures)
  failures.forEach(onFailure)
}

function fromDirectory(directory: string, options: LoadOptions): RouteFile[] {
  const { base, ignore } = options
  // One for all files: Node keeps the module that a `require` is made for.
  const require = nodeModule.createRequire(join(directory, 'routes'))
  const load = options.load ?? ((path: string) => loadModule(path, '', require))
  const files: RouteFile[] = []
  const isBase = isBaseDirectory(directory, base)
  for (const file of findRouteFiles(directory, ignore)) {
    const path = join(directory, file)
    const text = readOnce(path)
    const readsAlike = isReadAlike(file)
    const use = toUse(file, readsAlike, base, text)
    if (use !== 'none') {
      files.push({
        file,
        promised: use === 'promised',
        load: () => load(path),
        path: toPathOnce(file, base),
        readsAlike,
        dialect: () => text()?.dialect,
        mayAnswer: () => text()?.dialect === 'APIRoute' || text()?.hasHandlers !== false,
      })
    } else if (isBase && toRouteName(file).role === 'route') warnNoRoute(file, options)
  }
  if (files.length === 0) warnEmpty(directory, options)
  return files
}

/**
 * Whether a file of the directory is loaded. Page routes live in the same directory and must not run
 * here: outside the base, their text has no API export, or no `server`.
 */
function toUse(
  file: string,
  readsAlike: boolean,
  base: string,
  text: () => RouteText | undefined,
): 'promised' | 'possible' | 'none' {
  // Thousands of files are read only where their text decides something.
  if (readsAlike && isUnderBase(file, base, 'v0')) return 'promised'
  const told = text()
  if (told === undefined) return 'promised'
  const isBelow = isUnderBase(file, base, toNaming(told.dialect))
  if (told.dialect === 'APIRoute' || told.dialect === 'ServerRoute') return 'promised'
  if (told.dialect === undefined) return isBelow ? 'promised' : 'none'
  if (toRouteName(file).role === 'piece') return 'none'
  return isBelow ? 'promised' : told.hasServer ? 'possible' : 'none'
}

/** `startApi('./routes/api')`: here, too, a file without the export is a mistake and no page. */
export function isBaseDirectory(directory: string, base: string): boolean {
  return base !== '' && directory.replaceAll(sep, '/').endsWith(base)
}

function readOnce(path: string): () => RouteText | undefined {
  let read: { readonly text: RouteText | undefined } | undefined
  return () => (read ??= { text: readRouteText(path) }).text
}

/** Asked for its name's claim, and again once it is loaded. */
function toPathOnce(file: string, base: string): RouteFile['path'] {
  const paths = new Map<Naming, RoutePath>()
  return (naming) => {
    let path = paths.get(naming)
    if (path === undefined) paths.set(naming, (path = toRoutePath(file, base, naming)))
    return path
  }
}

function isUnderBase(file: string, base: string, naming: Naming): boolean {
  return base !== '' && isUnder(toOwnPath(file, naming), base)
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
      const dialect = toDialect(module)
      const isLazy = typeof module === 'function' && dialect === undefined
      const readsAlike = isReadAlike(file)
      return {
        file,
        promised: dialect !== undefined || (readsAlike && isUnderBase(file, base, 'v0')),
        path: toPathOnce(file, base),
        readsAlike,
        load: isLazy ? () => (module as () => unknown)() : () => module,
        dialect: () => dialect,
        mayAnswer: () => dialect === undefined || hasHandlers(file, module),
      }
    })
    .filter(({ file }) => isRouteFile(file, ignore))
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
  if (files.length === 0 && handler === undefined) warnEmpty('The object of modules', options)
  return files
}

function hasHandlers(file: string, module: unknown): boolean {
  try {
    return toRoute(file, { path: '', segments: [] }, module).handlers.size > 0
  } catch {
    // Reported with the other files that can't be used.
    return true
  }
}

/** `src/routes/` where every name begins with it, or `''`. */
function sharedRoutesFolder(names: readonly string[]): string {
  const match = /^(?:.*?\/)??routes\//.exec(names[0] ?? '')
  return match !== null && names.every((name) => name.startsWith(match[0])) ? match[0] : ''
}

function warnNoRoute(file: string, { base, warn = warnOnConsole }: LoadOptions): void {
  warn(
    `${file} exports no \`APIRoute\`, \`ServerRoute\`, or \`Route\` with \`server\`, so ${toPath(file, base, 'v0')} is not served. Export one by that name, or begin the file's name with "-" if it is no route.`,
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
