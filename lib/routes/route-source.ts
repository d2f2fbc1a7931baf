// Where requests get the route table from: loaded once, or kept up to date by dev mode.
import { type LoadOptions, type RouteModules, findRoutes, loadRoutes } from './load-routes'
import type { Route } from './route-module'
import type { RouteTable } from './route-table'

/** What is asked of a request before its route is known. */
export interface AskedRequest {
  readonly url?: string
  readonly originalUrl?: string
  /** The Express application that hosts the routes. */
  readonly app?: unknown
}

export interface RouteSource {
  readonly ready: Promise<void>
  /** The newest table, as far as it is loaded. */
  readonly loaded: RouteTable | undefined
  /** The table that serves a request; it keeps that table to its end. */
  table(req: AskedRequest): RouteTable | Promise<RouteTable>
  close(): Promise<void>
}

/** The table of loaded routes. `load` imports what belongs to them, as it did them. */
export type ToTable = (routes: readonly Route[], load?: LoadOptions['load']) => Promise<RouteTable>

/** @throws StartApiError as `findRoutes()` does */
export function loadOnce(
  routes: string | RouteModules,
  options: LoadOptions,
  toTable: ToTable,
): RouteSource {
  const files = findRoutes(routes, options)
  let table: RouteTable | undefined
  const loading = loadRoutes(files, options)
    .then((loaded) => toTable(loaded))
    .then((loaded) => (table = loaded))
  return {
    ready: loading.then(() => undefined),
    get loaded() {
      return table
    },
    table: () => table ?? loading,
    close: () => Promise.resolve(),
  }
}
