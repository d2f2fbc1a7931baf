// Dev mode, the whole of it: look at the files → tidy new ones → load what has changed → a new table.
import { join } from 'node:path'
import { toError } from '../errors'
import { findShadows } from '../express/find-shadows'
import { toPathname } from '../http/request-url'
import { setTimeout } from '../real-timers'
import type { LoadFailure } from '../routes/load-failure'
import { type LoadOptions, findRoutes, loadRoutes } from '../routes/load-routes'
import { isUnder, toWireText } from '../routes/route-path'
import type { AskedRequest, RouteSource, ToTable } from '../routes/route-source'
import { type RouteTable, createRouteTable } from '../routes/route-table'
import { toBrokenFile, toBrokenRoute } from './broken-route'
import {
  type Look,
  SETTLE_MS,
  addDependencies,
  findChanged,
  isBeingWritten,
  lookAt,
} from './directory-look'
import { EMPTY, createDigests } from './file-digests'
import { correctFile, scaffoldFile } from './new-files'
import { createReport } from './report'
import { createRouteModules } from './route-modules'
import { watchFiles } from './watch-files'

interface State {
  /** With routes that answer for the broken files. */
  readonly table: RouteTable
  readonly served: RouteTable
}

/**
 * Route files that may change at any time. A request looks for changes itself, so that it sees each one
 * that came before it, on file systems that tell watchers late or never, too.
 *
 * @throws StartApiError for an unusable directory
 */
export function createDevRoutes(
  directory: string,
  settings: LoadOptions,
  toTable: ToTable,
): RouteSource {
  const modules = createRouteModules(directory, settings.load)
  const toDigest = createDigests()
  const report = createReport(directory)
  const base = toWireText(settings.base).toLowerCase()
  const everRoutes = new Set<string>()
  /** Of the last update that did not fail. */
  let state: State | undefined
  /** What the modules were loaded from last, by an update that failed, too: it has left its modules. */
  let last: Look | undefined
  /** The same, or what has been seen of changes since. */
  let seen: Look | undefined
  /** Paths of the files that could not be used then. */
  let failed: readonly string[] = []
  /** Whether that update came to no table. */
  let isBehind = false
  /** Why the table stays as it is. */
  let told: string | undefined

  const look = (): Look => lookAt(directory, settings, modules.findDependencies(), toDigest)

  /** Whether the last table still holds. What was not known of dependencies is from then on. */
  function isCurrent(now: Look): boolean {
    if (last === undefined || isBehind) return false
    if (last.start !== now.start || findChanged(last, now).length > 0) return false
    last = now
    told = undefined
    return true
  }

  /** One after the other: each begins with a look of its own. */
  let updates: Promise<unknown> = Promise.resolve()
  let waiting = 0

  /** While files are loaded: the update that is under way may wait for one of them for ever. */
  function noteChanged(): void {
    if (seen === undefined) return
    try {
      const now = look()
      // There is more to come, and to be told of.
      if (isBeingWritten(now, seen)) return
      modules.noteChanged(findChanged(seen, now))
      seen = now
    } catch {
      // The next update tells what is the matter with the directory.
    }
  }

  /** @param what `all`: what failed is loaded again, in any case */
  function update(what: 'all' | 'changed' = 'changed'): Promise<RouteTable> {
    if (waiting > 0) noteChanged()
    waiting++
    const result = updates.then(() => run(what)).finally(() => waiting--)
    updates = result.catch(() => {})
    return result
  }

  async function run(what: 'all' | 'changed'): Promise<RouteTable> {
    let now = look()
    if (state !== undefined && isCurrent(now) && what === 'changed') return state.table
    if (isBeingWritten(now, last)) {
      await new Promise<void>((resolve) => setTimeout(resolve, SETTLE_MS))
      now = look()
    }
    if (tidy(now)) now = look()
    try {
      state = await load(now)
    } finally {
      last = addDependencies(now, modules.findDependencies(), toDigest)
      const isDependency = (path: string): boolean => now.dependencies.has(path)
      const stuck = [...modules.findStuck().filter(isDependency), ...modules.findOutdated()]
      stuck.forEach(report.showStuck)
    }
    isBehind = false
    told = undefined
    return state.table
  }

  /** Whether a file was written. */
  function tidy({ files, routes }: Look): boolean {
    const known = new Set(last?.files)
    const isEmpty = (file: string): boolean => routes.get(join(directory, file)) === EMPTY
    // Of the files that were there before, only the empty ones don't say what they say on purpose.
    const appeared = files.filter(
      (file) => !known.has(file) && (last !== undefined || isEmpty(file)),
    )
    if (appeared.length === 0) return false
    const { base } = settings
    const found = { directory, base, files, apiFiles: findApiFiles() }
    const written = appeared.flatMap((file) => {
      try {
        if (isEmpty(file)) {
          return scaffoldFile(file, found) ? [`${file} was empty: it has a GET now`] : []
        }
        return correctFile(file, found) ? [`${file}: path literal corrected`] : []
      } catch (error) {
        report.showUnwritten(file, error)
        return []
      }
    })
    written.forEach(report.showWritten)
    return written.length > 0
  }

  /** Those that can't be served, too. */
  function findApiFiles(): Set<string> {
    const broken: string[] = []
    const onFailure = ({ file }: LoadFailure): void => void broken.push(file)
    const found = findRoutes(directory, { ...settings, onFailure, warn: () => {} })
    return new Set([...found.map(({ file }) => file), ...broken])
  }

  async function load(now: Look): Promise<State> {
    const changed = last === undefined ? [] : findChanged(last, now)
    // All that failed is tried again when anything has changed: what it needs may be there now.
    modules.refresh(changed, failed)
    // Of before the load: what has changed during it is seen with the next look.
    last = seen = now
    isBehind = true

    const failures: LoadFailure[] = []
    const warnings: string[] = []
    const options: LoadOptions = {
      ...settings,
      load: modules.load,
      everRoutes,
      onFailure: (failure) => failures.push(failure),
      warn: (text) => warnings.push(text),
    }
    const routes = await loadRoutes(findRoutes(directory, options), options)
    const broken = await Promise.all(failures.map((failure) => toBrokenFile(failure, directory)))
    report.showProblems(broken, warnings)
    watcher?.add(modules.findDependencies())
    const answers = broken.map((file) => toBrokenRoute(file, join(directory, file.file)))
    const paths = broken.map(({ file }) => join(directory, file))
    failed = paths
    const table = await toTable(
      [...routes, ...answers.filter((route) => route !== undefined)],
      // `start.ts`: one of those that failed, unless there is a table in the end.
      (path) => {
        failed = [...paths, path]
        return modules.load(path)
      },
    )
    failed = paths
    if (state === undefined) report.listRoutes(routes)
    // Not by `toTable` again: what `createStart`'s function makes, such as a store, would exist twice.
    const files = new Set(routes.map(({ file }) => file))
    return { table, served: createRouteTable(table.routes.filter(({ file }) => files.has(file))) }
  }

  function isBroken(pathname: string | undefined, { table }: State): boolean {
    if (pathname === undefined) return false
    const file = table.match(pathname, 'insensitive')?.route.file
    return file !== undefined && failed.includes(join(directory, file))
  }

  /** The application is complete by its first request. */
  function listShadows(app: unknown): void {
    try {
      report.listShadows(findShadows(app))
    } catch {
      // Express documents nothing of what was read: a message less is better than no answer.
    }
  }

  let isFirst = true

  function table(req: AskedRequest): RouteTable | Promise<RouteTable> {
    if (isFirst && req.app !== undefined) {
      isFirst = false
      void ready.then(
        () => listShadows(req.app),
        () => {},
      )
    }
    const pathname = toPathname(req)
    if (state !== undefined) {
      // No file answers elsewhere; and pages ask for many things.
      if (pathname !== undefined && !isUnder(pathname.toLowerCase(), base)) return state.table
      const before = state
      const isRetry = isBroken(pathname, before)
      try {
        if (waiting === 0 && !isRetry && isCurrent(look())) return before.table
      } catch (error) {
        return keep(error, before)
      }
      return update(isRetry ? 'all' : 'changed').catch((error: unknown) => keep(error, before))
    }
    return update()
  }

  /** The directory itself can't be read, or `start.ts` can't be used. */
  function keep(error: unknown, { table }: State): RouteTable {
    const { message } = toError(error, 'The routes directory')
    if (message !== told) console.error(`[start-api] ${message}`)
    told = message
    return table
  }

  // Unusable arguments are told to the caller.
  look()
  const ready = update().then(() => undefined)
  const watcher = watchFiles(directory, () => {
    void update().catch((error: unknown) => state && keep(error, state))
  })

  return {
    ready,
    get loaded() {
      return state?.served
    },
    table,
    close: () => watcher.close(),
  }
}
