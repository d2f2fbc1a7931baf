// Dev mode, the whole of it: look at the files → tidy new ones → load what has changed → a new table.
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { toError } from '../errors'
import { findShadows } from '../express/find-shadows'
import { toPathname } from '../http/request-url'
import type { LoadFailure } from '../routes/load-failure'
import { type LoadOptions, findRoutes, loadRoutes } from '../routes/load-routes'
import { isUnder, toWireText } from '../routes/route-path'
import type { AskedRequest, RouteSource, ToTable } from '../routes/route-source'
import type { RouteTable } from '../routes/route-table'
import { type BrokenFile, toBrokenFile, toBrokenRoute } from './broken-route'
import { type Look, SETTLE_MS, findChanged, isBeingWritten, lookAt } from './directory-look'
import { EMPTY, createDigests } from './file-digests'
import { correctFile, scaffoldFile } from './new-files'
import { createReport } from './report'
import { createRouteModules } from './route-modules'
import { watchFiles } from './watch-files'

interface State {
  readonly look: Look
  /** With routes that answer for the broken files. */
  readonly table: RouteTable
  readonly served: RouteTable
  readonly broken: ReadonlyMap<string, BrokenFile>
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
  let state: State | undefined
  let missing: string | undefined

  const look = (): Look => lookAt(directory, settings, modules.findDependencies(), toDigest)

  /** Whether the last table still holds. What was not known of dependencies is from then on. */
  function isCurrent({ look: before, ...rest }: State, now: Look): boolean {
    if (before.start !== now.start || findChanged(before, now).length > 0) return false
    state = { ...rest, look: now }
    return true
  }

  /** One after the other: each begins with a look of its own. */
  let updates: Promise<unknown> = Promise.resolve()
  let waiting = 0

  function update(tried: readonly string[] = []): Promise<RouteTable> {
    waiting++
    const result = updates.then(() => run(tried)).finally(() => waiting--)
    updates = result.catch(() => {})
    return result
  }

  async function run(tried: readonly string[]): Promise<RouteTable> {
    let now = look()
    if (state !== undefined && isCurrent(state, now) && tried.length === 0) return state.table
    if (isBeingWritten(now, state?.look)) {
      await setTimeout(SETTLE_MS)
      now = look()
    }
    if (tidy(now)) now = look()
    state = await load(now, tried)
    missing = undefined
    return state.table
  }

  /** Whether a file was written. */
  function tidy({ files, routes }: Look): boolean {
    const known = new Set(state?.look.files)
    const isEmpty = (file: string): boolean => routes.get(join(directory, file)) === EMPTY
    // Of the files that were there before, only the empty ones don't say what they say on purpose.
    const appeared = files.filter(
      (file) => !known.has(file) && (state !== undefined || isEmpty(file)),
    )
    if (appeared.length === 0) return false
    const { base } = settings
    const found = { directory, base, files, apiFiles: findApiFiles() }
    const written = appeared.flatMap((file) => {
      if (isEmpty(file)) {
        return scaffoldFile(file, found) ? [`${file} was empty: it has a GET now`] : []
      }
      return correctFile(file, found) ? [`${file}: path literal corrected`] : []
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

  async function load(now: Look, tried: readonly string[]): Promise<State> {
    const changed = state === undefined ? [] : findChanged(state.look, now)
    const stuck = modules.refresh(changed, findTried(now, tried))
    stuck.filter((path) => now.dependencies.has(path)).forEach(report.showStuck)

    const failures: LoadFailure[] = []
    const warnings: string[] = []
    const options: LoadOptions = {
      ...settings,
      load: modules.load,
      onFailure: (failure) => failures.push(failure),
      warn: (text) => warnings.push(text),
    }
    const routes = await loadRoutes(findRoutes(directory, options), options)
    const broken = await Promise.all(failures.map((failure) => toBrokenFile(failure, directory)))
    report.showProblems(broken, warnings)
    if (state === undefined) report.listRoutes(routes)

    watcher?.add(modules.findDependencies())
    const answers = broken.map((file) => toBrokenRoute(file, join(directory, file.file)))
    return {
      // Of before the load: what has changed during it is seen with the next look.
      look: now,
      table: await toTable(
        [...routes, ...answers.filter((route) => route !== undefined)],
        modules.load,
      ),
      served: await toTable(routes, modules.load),
      broken: new Map(broken.map((file) => [file.file, file])),
    }
  }

  /** All that failed is tried again when anything has changed: what it needs may be there now. */
  function findTried({ files }: Look, tried: readonly string[]): string[] {
    const failed = [...(state?.broken.keys() ?? [])].filter((file) => files.includes(file))
    return [...new Set([...failed, ...tried])].map((file) => join(directory, file))
  }

  function findBroken(pathname: string | undefined): string[] {
    if (state === undefined || pathname === undefined) return []
    const file = state.table.match(pathname, 'insensitive')?.route.file
    return file !== undefined && state.broken.has(file) ? [file] : []
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
      const tried = findBroken(pathname)
      try {
        if (waiting === 0 && tried.length === 0 && isCurrent(state, look())) return state.table
      } catch (error) {
        return keep(error, state)
      }
      const last = state
      return update(tried).catch((error: unknown) => keep(error, last))
    }
    return update()
  }

  /** The directory itself can't be read. */
  function keep(error: unknown, { table }: State): RouteTable {
    const { message } = toError(error, 'The routes directory')
    if (message !== missing) console.error(`[start-api] ${message}`)
    missing = message
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
