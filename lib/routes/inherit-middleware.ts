// Start-up, stage "routes": a v1 route runs the middleware of the files above it, too.
import { StartApiError } from '../errors'
import { groupBy } from './group-by'
import type { LoadFailure } from './load-failure'
import type { Middleware } from './middleware'
import { rejectGroups } from './route-conflicts'
import type { Route } from './route-module'
import { type RouteName, toRouteName } from './route-name'

/**
 * The routes that answer requests, each with all of its middleware, outermost first: the root's, that
 * of layouts, pathless ones and parent routes, its own. A name that ends with `_` leaves its parent.
 *
 * @param broken the files that could not be loaded: nothing below them is served without their
 *   middleware, which may be a guard
 * @throws StartApiError for files that have the same place in the tree: one's middleware would be lost
 */
export function inheritMiddleware(
  routes: readonly Route[],
  broken: readonly string[],
  onFailure: ((failure: LoadFailure) => void) | undefined,
): Route[] {
  const parents = groupBy(routes.filter(mayBeParent), ({ file }) => toPlace(file))
  const rivals = [...parents.values()].filter(({ length }) => length > 1)
  const rejected = rejectGroups(
    rivals,
    'Several route files have the same place in the tree',
    onFailure,
  )
  const lost = new Map([...broken, ...rejected].map((file) => [toPlace(file), file]))

  return routes
    .filter(({ file, handlers }) => handlers.size > 0 && !rejected.has(file))
    .flatMap((route) => {
      if (route.dialect === 'APIRoute') return [route]
      const above = toPlacesAbove(toRouteName(route.file))
      const missing = above.map((place) => lost.get(place)).find((file) => file !== undefined)
      if (missing !== undefined) {
        onFailure?.(orphaned(route, missing))
        return []
      }
      const inherited = above.flatMap((place) => parents.get(place)?.[0]!.middleware ?? [])
      const middleware = [...inherited, ...route.middleware]
      return [{ ...route, middleware: route.dialect === 'Route' ? middleware : once(middleware) }]
    })
}

/** Before v1 Start made one list of all routes' middleware, and ran each object of it once. */
function once(middleware: readonly Middleware[]): Middleware[] {
  const seen = new Set<object>()
  return middleware.filter(({ source }) => !seen.has(source) && seen.add(source))
}

function mayBeParent({ dialect, file }: Route): boolean {
  return dialect !== 'APIRoute' && !toRouteName(file).isIndex
}

function orphaned({ file, path, segments }: Route, parent: string): LoadFailure {
  const error = new StartApiError(
    'ERR_START_API_ROUTE_FILE',
    `${file} is not served without the middleware of ${parent}, which can't be used. Mend that file.`,
    { files: [file, parent] },
  )
  return { file, error, path: { path, segments } }
}

/** `/__root`, then from the outside in. An index file belongs to the file of its own path. */
function toPlacesAbove({ place, isIndex }: RouteName): string[] {
  const count = place.length + (isIndex ? 1 : 0)
  const above = Array.from({ length: count }, (_, length) => toKey(place.slice(0, length)))
  return [toKey(['__root']), ...above]
}

function toPlace(file: string): string {
  const { place, isIndex } = toRouteName(file)
  return toKey(isIndex ? [...place, 'index'] : place)
}

function toKey(place: readonly string[]): string {
  return place.join('/')
}
