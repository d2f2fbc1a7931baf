// Start-up, stage "routes": recognises what a route file exports and makes one Route record of it.
import { StartApiError, describe } from '../errors'
import { type ExpressRoutes, toExpressRoutes } from './express-route'
import type { RoutePath, Segment } from './route-path'

/** Methods that a v0 route file may handle. */
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'] as const

/** Which generation of Start a route file was written for, told by its export. */
export type Dialect = 'APIRoute'

/** What a handler receives. */
export interface HandlerContext {
  readonly request: Request
  readonly params: Record<string, string>
  readonly context: object
  readonly pathname: string
}

export type Handler = (context: HandlerContext) => unknown

/** One route file, normalised. */
export interface Route {
  readonly path: string
  readonly segments: readonly Segment[]
  /** What `req.route` is while it runs. */
  readonly shown: ExpressRoutes
  /** Relative to the routes directory. */
  readonly file: string
  readonly dialect: Dialect
  /** By upper-case method. A Map: names from the wire never reach a prototype (hazards 43, 247). */
  readonly handlers: ReadonlyMap<string, Handler>
}

/** Whether a module exports an API route, usable or not. */
export function isRouteModule(module: unknown): boolean {
  return findExporter(module, 'APIRoute') !== undefined
}

/**
 * Makes a Route of a module that exports one.
 *
 * @throws StartApiError if it can't work; the message names file and member
 */
export function toRoute(file: string, path: RoutePath, module: unknown): Route {
  const route = findExporter(module, 'APIRoute')?.['APIRoute']
  const methods = isObject(route) ? route['methods'] : undefined
  if (!isObject(methods)) {
    const what = isObject(route) ? `has no \`methods\`` : `is ${describe(route)}`
    throw bad(
      file,
      `exports an \`APIRoute\` that ${what}; make it with createAPIFileRoute('${path.path}')({ GET: … })`,
    )
  }
  return {
    path: path.path,
    segments: path.segments,
    shown: toExpressRoutes(path.segments),
    file,
    dialect: 'APIRoute',
    handlers: toHandlers(file, methods),
  }
}

function toHandlers(file: string, methods: Record<string, unknown>): Map<string, Handler> {
  const handlers = new Map<string, Handler>()
  const problems: string[] = []
  for (const [method, handler] of Object.entries(methods)) {
    if (handler === undefined) continue
    if (!(METHODS as readonly string[]).includes(method)) {
      problems.push(`a handler named \`${method}\`; ${toMethodHint(method)}`)
    } else if (typeof handler !== 'function') {
      problems.push(`a \`${method}\` that is ${describe(handler)}; make it a function`)
    } else handlers.set(method, handler as Handler)
  }
  if (problems.length > 0) throw bad(file, `has ${problems.join('; and ')}`)
  if (handlers.size === 0) {
    throw bad(
      file,
      "exports an `APIRoute` without a handler; add one, e.g. `GET: () => new Response('ok')`",
    )
  }
  return handlers
}

function toMethodHint(method: string): string {
  const upper = method.toUpperCase()
  return (METHODS as readonly string[]).includes(upper)
    ? `write \`${upper}\``
    : `use ${METHODS.join(', ')}`
}

/**
 * The object that has an export of that name: the module, or its `default` when CommonJS met ESM once
 * or twice on the way (hazard 210).
 */
function findExporter(module: unknown, name: string): Record<string, unknown> | undefined {
  let candidate = module
  for (let depth = 0; depth < 3 && isObject(candidate); depth++) {
    if (name in candidate) return candidate
    candidate = candidate['default']
  }
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function bad(file: string, what: string): StartApiError {
  return new StartApiError('ERR_START_API_ROUTE_FILE', `${file} ${what}.`, { files: [file] })
}
