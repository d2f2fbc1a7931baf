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
    express5: Object.freeze({ path: toPattern(segments, EXPRESS_5) }),
    express4: Object.freeze({ path: toPattern(segments, EXPRESS_4) }),
  }
}

interface Spelling {
  readonly splat: string
  optional(segment: string): string
}

const EXPRESS_5: Spelling = { splat: '*splat', optional: (segment) => `{${segment}}` }
const EXPRESS_4: Spelling = { splat: '*', optional: (segment) => `${segment}?` }

function toPattern(segments: readonly Segment[], { splat, optional }: Spelling): string {
  const parts = segments.map((segment) => {
    if (segment.kind === 'index') return ''
    if (segment.kind === 'static') return `/${segment.text}`
    const { prefix = '', suffix = '' } = segment
    const text = `/${prefix}${segment.kind === 'splat' ? splat : `:${segment.name}`}${suffix}`
    return segment.kind === 'optional' ? optional(text) : text
  })
  return parts.join('') || '/'
}
