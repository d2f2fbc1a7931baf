// Start-up, stage "routes": recognises what a route file exports and makes one Route record of it.
import { METHODS as NODE_METHODS } from 'node:http'
import { StartApiError, describe } from '../errors'
import { unwrapDefault } from '../unwrap-default'
import type { ExpressRoutes } from './express-route'
import { type Middleware, toMiddleware } from './middleware'
import type { RoutePath, Segment } from './route-path'

/** Methods that a v0 route file may handle. */
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'] as const

/** Serves the methods that have no handler of their own (Start v1). */
export const ANY = 'ANY'

/**
 * Which generation of Start a route file was written for, told by the name of its export: v0, the
 * releases between, v1.
 */
export type Dialect = 'APIRoute' | 'ServerRoute' | 'Route'

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
  /** What `req.route` is while it runs; made with the first request. */
  shown?: ExpressRoutes
  /** Relative to the routes directory. */
  readonly file: string
  readonly dialect: Dialect
  /**
   * By upper-case method, `ANY` included. A Map: names from the wire never reach a prototype (hazards
   * 43, 247). Empty for a file that only has middleware for the routes below it.
   */
  readonly handlers: ReadonlyMap<string, Handler>
  /**
   * Methods with middleware and no handler: the page of the file answers them, in Start behind that
   * middleware, and no ANY does.
   */
  readonly pageMethods?: ReadonlySet<string> | undefined
  /** In the order in which it runs, around all handlers. */
  readonly middleware: readonly Middleware[]
  /** What runs for one method only, after `middleware`. */
  readonly methodMiddleware?: ReadonlyMap<string, readonly Middleware[]> | undefined
  /** Whether the file is a page, too: then its handlers may leave requests to it. */
  readonly isPage?: boolean
}

/** One served route. */
export interface RouteInfo {
  /** TanStack's spelling, with the base: `/api/users/$id`. */
  readonly path: string
  /** Those with a handler; `ANY` stands for all that have none of their own. */
  readonly methods: readonly string[]
  /** Relative to the routes directory. */
  readonly file: string
  /** Which generation of Start the file was written for. */
  readonly dialect: Dialect
}

export function toRouteInfo({ path, handlers, file, dialect }: Route): RouteInfo {
  return { path, methods: [...handlers.keys()], file, dialect }
}

type Members = Readonly<Record<string, unknown>>

/** How each dialect's export is recognised and read. */
interface Reader {
  readonly dialect: Dialect
  /** Whether the export is an API route, usable or not. Pages are a `Route`, too. */
  isRoute(value: unknown): boolean
  /** Where the handlers are, for errors. */
  readonly member: string
  /** How a usable export is made, for errors. */
  toAdvice(path: string): string
  read(value: Members): Parts
}

interface Parts {
  /** `undefined`: the file has none. */
  readonly methods?: unknown
  readonly middleware?: unknown
  readonly isPage?: boolean
  /** A member that holds handlers where none are looked for. */
  readonly misplaced?: string | undefined
}

/** In order of precedence: between v0 and v1, files held a `ServerRoute` beside the page's `Route`. */
const READERS: readonly Reader[] = [
  {
    dialect: 'APIRoute',
    isRoute: () => true,
    member: 'methods',
    toAdvice: (path) => `make it with createAPIFileRoute('${path}')({ GET: … })`,
    // Without handlers it would serve nothing, and that can't be meant.
    read: ({ methods }) => ({ methods: methods ?? null }),
  },
  {
    dialect: 'ServerRoute',
    isRoute: () => true,
    member: 'methods',
    toAdvice: (path) => `make it with createServerFileRoute('${path}').methods({ GET: … })`,
    read: ({ options }) => {
      const { methods, middleware } = toMembers(options)
      return { methods: methods ?? (middleware === undefined ? null : undefined), middleware }
    },
  },
  {
    dialect: 'Route',
    isRoute: (value) => isObject(toRouteOptions(value)['server']),
    member: 'server.handlers',
    toAdvice: (path) =>
      `make it with createFileRoute('${path}')({ server: { handlers: { GET: … } } })`,
    read: (value) => {
      const { server, component } = toRouteOptions(value)
      const { handlers, middleware } = toMembers(server)
      return {
        methods: typeof handlers === 'function' ? handlers(TOOLS) : handlers,
        middleware,
        isPage: component !== undefined,
        misplaced: Object.keys(toMembers(server)).find((name) => MISPLACED.has(name.toUpperCase())),
      }
    },
  },
]

/** What `server.handlers` is called with where it is a function. */
const TOOLS = { createHandlers: (handlers: unknown) => handlers }

/** Members of `server`, in any case, that are meant for its `handlers`. Start ignores them. */
const MISPLACED = new Set([...METHODS, ANY, 'HANDLER', 'METHODS'])

/** The real Router's routes keep their options under this name, and so do ours. */
function toRouteOptions(value: unknown): Members {
  const members = toMembers(value)
  return isObject(members['options']) ? members['options'] : members
}

/** Which dialect a module is written in, or `undefined` if it exports no API route, usable or not. */
export function toDialect(module: unknown): Dialect | undefined {
  return findExport(module)?.reader.dialect
}

/** Whether a function makes a module's handlers. It is called once, when the Route is made. */
export function makesHandlers(module: unknown): boolean {
  const { server } = toRouteOptions(findExport(module)?.value)
  return typeof toMembers(server)['handlers'] === 'function'
}

/**
 * Makes a Route of a module that exports one.
 *
 * @throws StartApiError if it can't work; the message names file and member
 */
export function toRoute(file: string, path: RoutePath, module: unknown): Route {
  const { reader, value, exports } = findExport(module)!
  const { dialect, member } = reader
  const other = READERS.find((one) => one !== reader && isExported(one, exports))
  if (other !== undefined) {
    throw bad(
      file,
      `is written for two versions of Start, with ${article(dialect)} and ${article(other.dialect)}; keep the handlers of one`,
    )
  }
  if (!isObject(value)) {
    throw bad(
      file,
      `exports ${article(dialect)} that is ${describe(value)}; ${reader.toAdvice(path.path)}`,
    )
  }
  const parts = reader.read(value)
  const { methods = {}, misplaced } = parts
  if (misplaced !== undefined) {
    throw bad(
      file,
      `has \`server.${misplaced}\`, which serves nothing; ${reader.toAdvice(path.path)}`,
    )
  }
  if (!isObject(methods)) {
    const what =
      methods === null ? `has no \`${member}\`` : `has ${member} that are ${describe(methods)}`
    throw bad(file, `exports ${article(dialect)} that ${what}; ${reader.toAdvice(path.path)}`)
  }
  const { handlers, pageMethods, methodMiddleware } = toHandlers(file, dialect, methods)
  if (handlers.size === 0 && parts.methods !== undefined && dialect !== 'Route') {
    throw bad(
      file,
      `exports ${article(dialect)} without a handler; add one, e.g. \`GET: () => new Response('ok')\``,
    )
  }
  const list = dialect === 'Route' ? 'server.middleware' : 'middleware'
  return {
    path: path.path,
    segments: path.segments,
    file,
    dialect,
    handlers,
    pageMethods,
    middleware: read(file, parts.middleware, list),
    methodMiddleware,
    isPage: parts.isPage === true,
  }
}

function toHandlers(
  file: string,
  dialect: Dialect,
  methods: Members,
): Pick<Route, 'handlers' | 'pageMethods' | 'methodMiddleware'> {
  const handlers = new Map<string, Handler>()
  let pageMethods: Set<string> | undefined
  let methodMiddleware: Map<string, readonly Middleware[]> | undefined
  const problems: string[] = []
  for (const name of Object.keys(methods)) {
    const value = methods[name]
    if (value === undefined) continue
    const method = toMethod(dialect, name)
    if (method === undefined) {
      problems.push(`a handler named \`${name}\`; ${toMethodHint(dialect, name)}`)
      continue
    }
    const { handler, list } = toHandler(dialect, value)
    if (handler === undefined && list !== undefined) {
      ;(pageMethods ??= new Set()).add(method)
      continue
    }
    if (typeof handler !== 'function') {
      problems.push(`a \`${name}\` that is ${describe(value)}; make it a function`)
      continue
    }
    handlers.set(method, handler as Handler)
    const own = read(file, list, `${method}.middleware`)
    // An empty list, too, once there is another: `get` may come after `GET`, and replaces all of it.
    if (own.length > 0 || methodMiddleware) (methodMiddleware ??= new Map()).set(method, own)
  }
  if (problems.length > 0) throw bad(file, `has ${problems.join('; and ')}`)
  return { handlers, pageMethods, methodMiddleware }
}

/** A function, `{ middleware, handler }` (v1), or what the method builder made (before v1). */
function toHandler(dialect: Dialect, value: unknown): { handler: unknown; list?: unknown } {
  if (dialect === 'APIRoute' || typeof value !== 'object' || value === null) {
    return { handler: value }
  }
  const { _options: built, ...own } = value as { readonly [member: string]: unknown }
  const { handler, middleware, middlewares } = dialect === 'Route' ? own : toMembers(built)
  return { handler, list: dialect === 'Route' ? middleware : middlewares }
}

/** No fetch Request can stand for them. */
const WITHOUT_REQUEST = new Set(['CONNECT', 'TRACE'])

/** The method that a member of the handlers is for, if it is for one. */
function toMethod(dialect: Dialect, name: string): string | undefined {
  // Start's releases between v0 and v1 ignored case here, and those since take any method.
  const method = dialect === 'ServerRoute' ? name.toUpperCase() : name
  const isKnown =
    toKnownMethods(dialect).includes(method) ||
    (dialect !== 'APIRoute' && NODE_METHODS.includes(method) && !WITHOUT_REQUEST.has(method))
  return isKnown ? method : undefined
}

function toMethodHint(dialect: Dialect, name: string): string {
  const known = toKnownMethods(dialect)
  const upper = name.toUpperCase()
  return known.includes(upper) ? `write \`${upper}\`` : `use ${known.join(', ')}`
}

function toKnownMethods(dialect: Dialect): readonly string[] {
  return dialect === 'APIRoute' ? METHODS : [...METHODS, ANY]
}

function read(file: string, list: unknown, place: string): readonly Middleware[] {
  try {
    return toMiddleware(list, place, ` of ${file}`)
  } catch (error) {
    throw bad(file, `can't run its middleware: ${(error as Error).message}`)
  }
}

/** What a module exports, wherever CommonJS and ESM have put it. */
function findExport(
  module: unknown,
): { reader: Reader; value: unknown; exports: Members } | undefined {
  for (const candidate of unwrapDefault(module)) {
    if (!isObject(candidate)) return undefined
    for (const reader of READERS) {
      if (isExported(reader, candidate)) {
        return { reader, value: candidate[reader.dialect], exports: candidate }
      }
    }
  }
  return undefined
}

function isExported({ dialect, isRoute }: Reader, exports: Members): boolean {
  return dialect in exports && isRoute(exports[dialect])
}

function article(dialect: Dialect): string {
  return dialect === 'APIRoute' ? 'an `APIRoute`' : `a \`${dialect}\``
}

function toMembers(value: unknown): Members {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function bad(file: string, what: string): StartApiError {
  return new StartApiError('ERR_START_API_ROUTE_FILE', `${file} ${what}.`, { files: [file] })
}
