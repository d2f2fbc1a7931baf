// The options of startApi(): their meaning, their checks, their defaults.
import type { ServerAdapterPlugin } from '@whatwg-node/server'
import type { StartAPIHandlerCallback } from './define/api-handler'
import type { AnyMiddleware } from './define/context'
import type { HostReq, HostRes, RegisteredContext } from './define/register'
import type { StartInstance } from './define/start'
import type { LoadOptions } from './routes/load-routes'
import { isStartInstance } from './routes/load-start'
import { type Middleware, toMiddleware } from './routes/middleware'
import { toBase } from './routes/route-path'

export interface StartApiOptions {
  /**
   * Path that all routes live under. Files whose name already begins with it keep their path, the
   * others get it in front; with `'/'` nothing is put in front. A mount path (`app.use('/v1', …)`)
   * comes before it.
   *
   * Default: `'/api'`.
   */
  apiBaseURL?: string
  /**
   * Whether a path that no file serves, or a method that its file does not handle, goes to `next()`.
   * `false`: below `apiBaseURL` such requests are answered instead, with 404, 405 or, for OPTIONS,
   * 204. Without `next` they are always answered.
   *
   * Default: `true`.
   */
  fallthrough?: boolean
  /**
   * Start v0's entry handler (`app/api.ts`): runs around every route file, and around the answers of
   * 404 and 405 that `fallthrough: false` gives. What it throws is treated as a route's.
   *
   * Default: none.
   */
  handler?: StartAPIHandlerCallback
  /**
   * Middleware that runs around every route file, outermost first, inside of the entry handler: Start's
   * global request middleware. What no file handles does not reach it.
   *
   * Default: none.
   */
  middleware?: readonly AnyMiddleware[]
  /**
   * Start's `startInstance`, whose `requestMiddleware` runs after `middleware`; for bundled
   * applications. Without this option a `start.ts` beside the routes directory that names
   * `createStart` is loaded, as in Start; `false`: it is not.
   */
  start?: StartInstance | false
  /**
   * Adds to the handlers' `context`, which holds Node's `req` and `res`; `Register` gives it a type.
   * Called once for each request that a route or the entry handler serves, before both. What it
   * throws goes to Express's error middleware. `api.fetch()` has no Node objects and does not call it.
   *
   * Default: nothing is added.
   */
  context?(req: HostReq, res: HostRes): RegisteredContext | Promise<RegisteredContext>
  /**
   * Further globs of files that are no routes, relative to the routes directory. Always ignored: names
   * that begin with `-` or `.`, `*.d.ts`, `*.test.*`, `*.spec.*`, `__tests__`, `node_modules`.
   *
   * Default: none.
   */
  ignore?: string | readonly string[]
  /**
   * Whether `/api/Users` and `/api/users` differ. By default they do unless an Express application
   * without case-sensitive routing is the host: then neither its setting `case sensitive routing` nor
   * a Router's option `caseSensitive` is on anywhere around the routes. So a guard in front of the
   * routes sees every request that they answer.
   */
  caseSensitive?: boolean
  /**
   * Longest request body, in bytes. Longer ones are answered with 413: before the handler runs if the
   * client declares the length, else by an error from the read that exceeds it.
   *
   * Default: no limit. Body parsers in front have their own.
   */
  maxBodySize?: number
  /**
   * Plugins of `@whatwg-node/server`, run around entry handler and routes. With `fallthrough: false`
   * they run for all requests below `apiBaseURL`: `useCORS()` needs that to answer preflights, unless
   * the files handle OPTIONS. Hooks find `req` and `res` in `serverContext`; what they throw goes to
   * Express's error middleware.
   *
   * Default: none.
   */
  plugins?: readonly ServerAdapterPlugin[]
  /**
   * Imports a route file by its absolute path, for environments whose import can't be reached from a
   * package: `load: (file) => import(file)` in vitest. Default: `require` or `import()`, whichever
   * the file is for.
   */
  load?: (file: string) => unknown
}

/** Options with their defaults in place. */
export interface Settings extends LoadOptions {
  readonly fallthrough: boolean
  readonly handler: StartAPIHandlerCallback | undefined
  readonly middleware: readonly Middleware[]
  readonly start: StartInstance | false | undefined
  readonly context: StartApiOptions['context']
  /** `undefined`: the host decides. */
  readonly caseSensitive: boolean | undefined
  readonly maxBodySize: number
  readonly plugins: readonly ServerAdapterPlugin[]
}

const KNOWN = new Set([
  'apiBaseURL',
  'fallthrough',
  'handler',
  'middleware',
  'start',
  'context',
  'ignore',
  'caseSensitive',
  'maxBodySize',
  'plugins',
  'load',
])

/** @throws TypeError that names the option, for an unknown one or an unusable value */
export function readOptions(options: StartApiOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('startApi(): the second argument must be an object of options.')
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) {
      throw new TypeError(
        `startApi(): there is no option \`${name}\`. Known options: ${[...KNOWN].join(', ')}.`,
      )
    }
  }
  const { apiBaseURL = '/api', ignore = [], load, maxBodySize = Infinity, plugins = [] } = options
  const globs = typeof ignore === 'string' ? [ignore] : ignore
  check('ignore', 'a glob or an array of globs', isArrayOf(globs, 'string'))
  check('fallthrough', 'a boolean', isOptional(options.fallthrough, 'boolean'))
  check('caseSensitive', 'a boolean', isOptional(options.caseSensitive, 'boolean'))
  check(
    'handler',
    'a function, as createStartAPIHandler() returns',
    isOptional(options.handler, 'function'),
  )
  check(
    'start',
    'a startInstance, as createStart() returns, or false',
    options.start === undefined || options.start === false || isStartInstance(options.start),
  )
  check('context', 'a function of req and res', isOptional(options.context, 'function'))
  check('load', 'a function of a file name', isOptional(load, 'function'))
  check('maxBodySize', 'a number of bytes', typeof maxBodySize === 'number' && maxBodySize >= 0)
  check('plugins', 'an array of @whatwg-node/server plugins', isArrayOf(plugins, 'object'))
  return {
    base: toBase(apiBaseURL),
    fallthrough: options.fallthrough ?? true,
    handler: options.handler,
    middleware: readMiddleware(options.middleware),
    start: options.start,
    context: options.context,
    ignore: globs,
    caseSensitive: options.caseSensitive,
    caseRule: options.caseSensitive === true ? 'sensitive' : 'insensitive',
    maxBodySize,
    plugins,
    ...(load === undefined ? {} : { load }),
  }
}

function readMiddleware(list: unknown): Middleware[] {
  try {
    return toMiddleware(list, 'option `middleware`')
  } catch (error) {
    throw new TypeError(`startApi(): ${(error as Error).message}.`)
  }
}

function check(option: string, kind: string, holds: boolean): void {
  if (!holds) throw new TypeError(`startApi(): option \`${option}\` must be ${kind}.`)
}

function isOptional(value: unknown, type: 'boolean' | 'function'): boolean {
  return value === undefined || typeof value === type
}

function isArrayOf(value: unknown, type: 'string' | 'object'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type && item !== null)
}
