// Start-up, stage "routes": recognises what a route file exports and makes one Route record of it.
import { StartApiError, describe } from '../errors'
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
  /** Relative to the routes directory. */
  readonly file: string
  readonly dialect: Dialect
  /** By upper-case method. A Map: names from the wire never reach a prototype (hazards 43, 247). */
  readonly handlers: ReadonlyMap<string, Handler>
}

/**
 * Makes a Route of a loaded module, or `undefined` if the module exports no API route.
 *
 * @throws StartApiError if it exports one that can't work; the message names file and member
 */
export function toRoute(file: string, path: RoutePath, module: unknown): Route | undefined {
  const route = findExport(module, 'APIRoute')
  if (route === undefined) return undefined
  const methods = isObject(route.value) ? route.value['methods'] : undefined
  if (!isObject(methods)) {
    throw bad(
      file,
      `exports an \`APIRoute\` that is ${describe(route.value)}; make it with createAPIFileRoute('${path.path}')({ GET: … })`,
    )
  }
  return {
    path: path.path,
    segments: path.segments,
    file,
    dialect: 'APIRoute',
    handlers: toHandlers(file, methods),
  }
}

function toHandlers(file: string, methods: Record<string, unknown>): Map<string, Handler> {
  const handlers = new Map<string, Handler>()
  for (const [method, handler] of Object.entries(methods)) {
    if (handler === undefined) continue
    if (!(METHODS as readonly string[]).includes(method)) {
      const upper = method.toUpperCase()
      const hint = (METHODS as readonly string[]).includes(upper)
        ? `write \`${upper}\``
        : `use ${METHODS.join(', ')}`
      throw bad(file, `has a handler named \`${method}\`; ${hint}`)
    }
    if (typeof handler !== 'function') {
      throw bad(file, `has a \`${method}\` that is ${describe(handler)}; make it a function`)
    }
    handlers.set(method, handler as Handler)
  }
  if (handlers.size === 0) {
    throw bad(
      file,
      "exports an `APIRoute` without a handler; add one, e.g. `GET: () => new Response('ok')`",
    )
  }
  return handlers
}

/**
 * An export by name, wherever a loader put it: on the module, or on `default` when CommonJS met ESM
 * once or twice on the way (hazard 210).
 */
function findExport(module: unknown, name: string): { value: unknown } | undefined {
  let candidate = module
  for (let depth = 0; depth < 3; depth++) {
    if (!isObject(candidate)) return undefined
    if (name in candidate) return { value: candidate[name] }
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
