// Start-up: what startApi() is given, directory or modules, as the source of its route tables.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDevRoutes } from './dev/dev-routes'
import { withMiddleware } from './http/run-middleware'
import { isPromise } from './is-promise'
import type { Settings } from './options'
import type { RouteModules } from './routes/load-routes'
import { type StartSource, findStart, loadStart, toStartSource } from './routes/load-start'
import { type RouteSource, type ToTable, loadOnce } from './routes/route-source'
import { createRouteTable } from './routes/route-table'
import { unwrapDefault } from './unwrap-default'

/**
 * Begins to load, and in dev mode to watch.
 *
 * @throws TypeError for what holds no routes; StartApiError for what can't be served
 */
export function openRoutes(given: string | URL | RouteModules, settings: Settings): RouteSource {
  const routes = toRoutesSource(given)
  const toTable = createTables(routes, settings)
  if (!settings.dev) return loadOnce(routes, settings, toTable)
  if (typeof routes === 'string') return createDevRoutes(routes, settings, toTable)
  throw new TypeError(
    'startApi(): option `dev` needs a routes directory: modules of a bundler are reloaded by the bundler, or not at all.',
  )
}

function toRoutesSource(routes: unknown): string | RouteModules {
  // As text, too: what `import.meta.resolve()` gives.
  if (typeof routes === 'string' && routes.startsWith('file://')) return fileURLToPath(routes)
  if (typeof routes === 'string' && routes !== '') return resolve(routes)
  if (routes instanceof URL && routes.protocol === 'file:') return fileURLToPath(routes)
  // `import * as manifest`.
  const modules = [...unwrapDefault(routes)].reverse().find(isRouteModules)
  if (modules !== undefined) return modules
  throw new TypeError(
    'startApi(): the first argument must be the routes directory, as a path or a file: URL, or an object of its modules by file name.',
  )
}

/** Whether keys are names of files; options and promises would be taken for modules without routes. */
function isRouteModules(value: unknown): value is RouteModules {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value) || value instanceof URL || isPromise<unknown>(value)) return false
  const keys = Object.keys(value)
  return keys.length === 0 || keys.some((key) => /[./]/.test(key))
}

/** Makes tables of routes, each handler behind its middleware. */
function createTables(routes: string | RouteModules, settings: Settings): ToTable {
  const { base, start, middleware } = settings
  let known: string | undefined

  function findSource(load: Settings['load']): StartSource | undefined {
    if (start === false) return undefined
    if (start !== undefined) {
      return { file: 'option `start`', load: () => ({ startInstance: start }) }
    }
    if (typeof routes !== 'string') return undefined
    known = findStart(routes, base, known)
    return known === undefined ? undefined : toStartSource(known, routes, load)
  }

  return async (loaded, load = settings.load) => {
    const source = findSource(load)
    const global = source === undefined ? middleware : [...middleware, ...(await loadStart(source))]
    return createRouteTable(loaded.map((route) => withMiddleware(route, global)))
  }
}
