// Start-up: what `req.route` is while a route runs. Metrics and traces name requests by it.
import type { Segment } from './route-path'

/** Stands where Express puts its own Route; shared by all requests. */
export interface ExpressRoute {
  /** As Express 5, or 4, would write the route: `/api/users/:id`, `/api/file/*splat`. */
  readonly path: string
}

/** One for each spelling; made once, since a request must not pay for it. */
export interface ExpressRoutes {
  readonly express5: ExpressRoute
  readonly express4: ExpressRoute
}

export function toExpressRoutes(segments: readonly Segment[]): ExpressRoutes {
  return {
    express5: Object.freeze({ path: toPattern(segments, '*splat') }),
    express4: Object.freeze({ path: toPattern(segments, '*') }),
  }
}

function toPattern(segments: readonly Segment[], splat: string): string {
  const parts = segments.map((segment) => {
    switch (segment.kind) {
      case 'static':
        return segment.text
      case 'param':
        return `:${segment.name}`
      case 'splat':
        return splat
    }
  })
  return `/${parts.join('/')}`
}
