// The whole of start-up, top to bottom: directory → route files → route paths → modules → routes.
// Not `{ createRequire }`: the usual banner of ESM bundles declares that name.
import nodeModule from 'node:module'
import { join, sep } from 'node:path'
import { StartApiError } from '../errors'
import { isPromise } from '../is-promise'
import { inheritMiddleware } from './inherit-middleware'
import { type LoadFailure, loadError } from './load-failure'
import { loadModule } from './load-module'
import { type Claim, findRivals, rejectConflicts } from './route-conflicts'
import { FileInBundle, FileInDirectory, type RouteFile, toNaming } from './route-file'
import { type OnUnused, findRouteFiles, pickRouteFiles } from './route-files'
import { type Dialect, type Route, toDialect, toRoute } from './route-module'
import { toRouteName } from './route-name'
import { type Naming, toPath } from './route-path'
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
  /**
   * The files that have been routes of v1, and become so (dev mode). One whose text no longer speaks of a
   * route is in the middle of being written: it may be the guard of the files below it.
   */
  readonly everRoutes?: Set<string>
  /** Takes warnings, and the file that one is about. Default: the console, with the package's name in front. */
  readonly warn?: (text: string, file?: string) => void
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
      const claim = toClaim(routeFile)
      if (claim !== undefined) claims.push(claim)
    } catch (error) {
      failures.push({ file: routeFile.file, error })
    }
  }
  rejectFailures(failures, options)
  // Those that failed by name are left out, too.
  const rivals = findRivals(claims, options)
  const rejected = rejectConflicts(rivals, options)
  for (const { file } of failures) rejected.add(file)
  const shared = new Set(rivals.flat().map(({ file }) => file))
  for (const routeFile of files) {
    routeFile.isRejected = rejected.has(routeFile.file)
    routeFile.isAlone = isSureOfPath(routeFile) && !shared.has(routeFile.file)
  }
  return files
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
  const { onFailure, everRoutes } = options
  const routes: Route[] = []
  const failures: LoadFailure[] = []
  const broken: string[] = []
  const watch = watchLoading()
  // One after the other, in order of name: side effects of modules come in a stable order (hazard 221).
  for (const routeFile of files) {
    const { file } = routeFile
    const isPromised = routeFile.use === 'promised'
    // startApi() returns after the first file.
    if (routeFile === files[1]) await undefined
    try {
      if (!routeFile.isRejected) {
        const loading = watch.run(routeFile)
        // To wait for each of thousands that are here would take as long as reading their exports
        // (Node 24: 5 % of start-up).
        const module = isPromise(loading) ? await loading : loading
        const exported = toDialect(module)
        if (exported !== undefined) {
          if (exported !== 'APIRoute') everRoutes?.add(file)
          const own = toRoutes(routeFile, exported, module)
          for (const route of own) warnLiteral(route, options)
          routes.push(...own)
        } else if (isEmptied(routeFile, options)) throw emptied(file)
        else if (isPromised) warnNoRoute(file, options)
        continue
      }
    } catch (error) {
      const path = isPromised && routeFile.path(toNaming(routeFile.dialect()))
      failures.push({ file, error, ...(path && { path }) })
    }
    if (routeFile.dialect() !== 'APIRoute') broken.push(file)
  }
  watch.end()
  rejectFailures(failures, options)
  const served = inheritMiddleware(routes, broken, onFailure)
  // What the names have settled stays so: looking again would take 4 % of start-up.
  if (files.every(({ isAlone }) => isAlone)) return served
  // Now that the exports are known, and pages and layouts are told from routes.
  const rejected = rejectConflicts(findRivals(served.map(toServedClaim), options), options)
  return served.filter(({ file }) => !rejected.has(file))
}

function isEmptied(routeFile: RouteFile, { everRoutes }: LoadOptions): boolean {
  return everRoutes?.has(routeFile.file) === true && routeFile.dialect() === undefined
}

function emptied(file: string): StartApiError {
  return new StartApiError(
    'ERR_START_API_ROUTE_FILE',
    `${file} no longer exports a route. Export it again, or remove the file.`,
    { files: [file] },
  )
}

/** One, or none of a file that is only a piece of another's route. */
function toRoutes(routeFile: RouteFile, dialect: Dialect, module: unknown): Route[] {
  const { file } = routeFile
  if (dialect === 'APIRoute') return [toRoute(file, routeFile.path('v0'), module)]
  const { role } = toRouteName(file)
  if (role === 'piece') return []
  if (role === 'route') return [toRoute(file, routeFile.path('v1'), module)]
  // The root has no URL: only its middleware counts.
  return [{ ...toRoute(file, { path: '/', segments: [] }, module), handlers: new Map() }]
}

function toServedClaim({ file, path, segments, dialect }: Route): Claim {
  return { file, path, segments, known: { dialect: () => dialect, mayAnswer: () => true } }
}

/** Whether a file has the same path by either rules, if it has a route. */
function isSureOfPath(file: RouteFile): file is RouteFile & { readonly commonNaming: Naming } {
  return file.use === 'promised' && file.commonNaming !== undefined
}

/** `undefined` where only loading the file can tell which path it has, if any. */
function toClaim(routeFile: RouteFile): Claim | undefined {
  const { file } = routeFile
  // Its text is read only if another file claims its path, too.
  if (isSureOfPath(routeFile)) {
    return { file, ...routeFile.path(routeFile.commonNaming), known: routeFile }
  }
  const isPromised = routeFile.use === 'promised'
  const dialect = routeFile.dialect()
  if (dialect === undefined ? isPromised : dialect === 'APIRoute') {
    const known = { dialect: (): Dialect => 'APIRoute', mayAnswer: () => routeFile.mayAnswer() }
    return { file, ...routeFile.path('v0'), known }
  }
  const isRoute = dialect !== undefined && toRouteName(file).role === 'route'
  return isRoute && routeFile.mayAnswer()
    ? { file, ...routeFile.path('v1'), known: routeFile }
    : undefined
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
  const load = options.load ?? ((path: string) => loadModule(path, undefined, require))
  const files: RouteFile[] = []
  const folder = join(directory, sep)
  const isBase = isBaseDirectory(directory, base)
  for (const file of findRouteFiles(directory, ignore, warnUnused(options))) {
    const routeFile = new FileInDirectory(file, base, folder, load)
    if (routeFile.use !== 'none' || isEmptied(routeFile, options)) files.push(routeFile)
    else if (isBase && toRouteName(file).role === 'route') warnNoRoute(file, options)
  }
  if (files.length === 0) warnEmpty(directory, options)
  return files
}

/** `startApi('./routes/api')`: here, too, a file without the export is a mistake and no page. */
export function isBaseDirectory(directory: string, base: string): boolean {
  return base !== '' && directory.replaceAll(sep, '/').endsWith(base)
}

function fromModules(modules: RouteModules, options: LoadOptions): RouteFile[] {
  const { base, ignore, handler } = options
  const keys = Object.keys(modules)
  const names = keys.map((key) => key.replaceAll('\\', '/').replace(/^(?:\.{0,2}\/)+/, ''))
  const root = sharedRoutesFolder(names)
  const all = keys.map(
    (key, index) => new FileInBundle(names[index]!.slice(root.length), base, modules[key]),
  )
  const picked = new Set(
    pickRouteFiles(
      all.map(({ file }) => file),
      ignore,
      warnUnused(options),
    ),
  )
  const files = all
    .filter(({ file }) => picked.has(file))
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
  if (files.length === 0 && handler === undefined) warnEmpty('The object of modules', options)
  return files
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

function warnLiteral({ file, path, dialect }: Route, { warn = warnOnConsole }: LoadOptions): void {
  const mistake = findForeignParam(path, toNaming(dialect))
  if (mistake !== undefined) warn(`${file} ${mistake}`, file)
}

/**
 * Params as other frameworks write them. By the rules of v1, brackets that are left in a path have been
 * escaped themselves; `[index]` and `[route]` are meant as text, whatever the rules.
 */
const FOREIGN_PARAM: Readonly<Record<Naming, RegExp>> = {
  v0: /\/(:\w[^/]*|\[(?!index\]|route\])\w+\](?=\/|$))/,
  v1: /\/(:\w[^/]*)/,
}

/** What is wrong with a path that says `:id` or `[id]`. */
export function findForeignParam(path: string, naming: Naming): string | undefined {
  const literal = FOREIGN_PARAM[naming].exec(path)?.[1]
  if (literal === undefined) return undefined
  return `names a literal \`${literal}\`; write \`$${/\w+/.exec(literal)![0]}\` for a param.`
}

function warnUnused({ warn = warnOnConsole }: LoadOptions): OnUnused {
  return (entry) =>
    warn(
      `Option \`ignore\`: no route file is named ${entry}, is in a folder of that name, or matches it as a glob. Names are relative to the routes directory, and end as the files do.`,
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
