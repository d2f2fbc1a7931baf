// Start-up, stage "routes": a v1 route runs the middleware of the files above it, too.
import { conflictError } from './route-conflicts'
import type { Route } from './route-module'
import { type RouteName, toRouteName } from './route-name'

/**
 * The routes that answer requests, each with all of its middleware, outermost first: the root's, that
 * of layouts, pathless ones and parent routes, its own. A name that ends with `_` leaves its parent.
 *
 * @throws StartApiError for files that have the same place in the tree: one's middleware would be lost
 */
export function inheritMiddleware(routes: readonly Route[]): Route[] {
  const parents = findParents(routes)
  return routes
    .filter(({ handlers }) => handlers.size > 0)
    .map((route) => {
      if (route.dialect === 'APIRoute') return route
      const above = toPlacesAbove(toRouteName(route.file)).map((place) => parents.get(place))
      const middleware = [...above, route].flatMap((route) => route?.middleware ?? [])
      return { ...route, middleware }
    })
}

/** The files that others may belong to, by their place. */
function findParents(routes: readonly Route[]): Map<string, Route> {
  const parents = new Map<string, Route>()
  for (const route of routes) {
    const { place, isIndex } = toRouteName(route.file)
    if (route.dialect === 'APIRoute' || isIndex) continue
    const key = toKey(place)
    const other = parents.get(key)
    if (other !== undefined) {
      throw conflictError(
        'Several route files have the same place in the tree',
        [`  ${other.file}, ${route.file}`],
        [other, route],
      )
    }
    parents.set(key, route)
  }
  return parents
}

/** `/__root`, then from the outside in. An index file belongs to the file of its own path. */
function toPlacesAbove({ place, isIndex }: RouteName): string[] {
  const count = place.length + (isIndex ? 1 : 0)
  const above = Array.from({ length: count }, (_, length) => toKey(place.slice(0, length)))
  return [toKey(['__root']), ...above]
}

function toKey(place: readonly string[]): string {
  return place.join('/')
}
