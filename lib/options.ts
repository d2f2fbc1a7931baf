// The options of startApi(): their meaning, their checks, their defaults.
import type { ServerAdapterPlugin } from '@whatwg-node/server'
import type { StartAPIHandlerCallback } from './define/api-handler'
import type { AnyMiddleware } from './define/context'
import type { HostReq, HostRes, RegisteredContext } from './define/register'
import type { AnyStartInstance } from './define/start'
import type { LoadOptions } from './routes/load-routes'
import { isStartInstance } from './routes/load-start'
import { type Middleware, toMiddleware } from './routes/middleware'
import { toBase } from './routes/route-path'

/** Options of `startApi()`. */
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
   * `createStart` or exports a `startInstance` is loaded, as in Start; `false`: it is not.
   */
  start?: AnyStartInstance | false
  /**
   * Adds to the handlers' `context`, which holds Node's `req` and `res`; `Register` gives it a type.
   * Called once for each request that a route or the entry handler serves, before both. What it
   * throws goes to Express's error middleware. `api.fetch()` has no Node objects and does not call it.
   *
   * Default: nothing is added.
   */
  context?(req: HostReq, res: HostRes): RegisteredContext | Promise<RegisteredContext>
  /**
   * Further files that are no routes, relative to the routes directory: each entry is the name of a
   * file, of a folder for all in it, or else a glob. One that matches nothing is a warning, unless it
   * begins with `*`. Always ignored: names that begin with `-` or `.`, `*.d.ts`, `*.test.*`,
   * `*.spec.*`, `__tests__`, `node_modules`.
   *
   * Default: none.
   */
  ignore?: string | readonly string[]
  /**
   * Whether `/api/Users` and `/api/users` differ. By default they do unless an Express application
   * without case-sensitive routing is the host: then neither its setting `case sensitive routing` nor
   * a Router's option `caseSensitive` is on anywhere around the routes. So a guard in front of the
   * routes sees every request that they answer. `api.fetch()`, which has no host, answers both.
   */
  caseSensitive?: boolean
  /**
   * Longest request body, in bytes. Longer ones are answered with 413: before the handler runs if the
   * client declares the length, else by an error from the read that exceeds it.
   *
   * Default: no limit. Body parsers, in front or in `fromExpress()`, have their own.
   */
  maxBodySize?: number
  /**
   * Milliseconds that plugins, entry handler and route together have to come up with a Response. Then
   * `request.signal` aborts with a TimeoutError, and an error with status 504 goes to Express's error
   * middleware; what the handler still gives is discarded. The body of a Response may take as long as
   * it likes. `api.fetch()` has no such limit: pass it an `AbortSignal.timeout()`.
   *
   * Default: no limit.
   */
  timeout?: number
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
  /**
   * For development: route files that are added, changed, renamed or deleted are live with the next
   * request. One that can't be used answers 500 with the reason, which the console shows, too, and the
   * others stay. Empty new files get their first lines, renamed ones their path. Needs a directory.
   *
   * Default: `false`.
   */
  dev?: boolean
}

type SharedOptions = Pick<StartApiOptions, 'context' | 'maxBodySize' | 'timeout' | 'plugins'>

/** Options of `startHandler()`. Those that `startApi()` has too are the same. */
export interface StartHandlerOptions extends SharedOptions {
  /**
   * Which answers are not sent: the request goes to `next()` instead, as if the handler had not seen
   * it. `true`: those with status 404. A function chooses by the Response. A body that the handler has
   * read by then is gone.
   *
   * Default: `false`.
   */
  fallthrough?: boolean | ((response: Response) => boolean)
}

/** Options with their defaults in place. */
export interface Settings extends LoadOptions {
  readonly fallthrough: boolean
  readonly handler: StartAPIHandlerCallback | undefined
  readonly middleware: readonly Middleware[]
  readonly start: AnyStartInstance | false | undefined
  readonly context: StartApiOptions['context']
  /** `undefined`: the host decides. */
  readonly caseSensitive: boolean | undefined
  readonly maxBodySize: number
  /** Milliseconds. */
  readonly timeout: number | undefined
  readonly plugins: readonly ServerAdapterPlugin[]
  readonly dev: boolean
}

const KNOWN: Readonly<Record<keyof StartApiOptions, true>> = {
  apiBaseURL: true,
  fallthrough: true,
  handler: true,
  middleware: true,
  start: true,
  context: true,
  ignore: true,
  caseSensitive: true,
  maxBodySize: true,
  timeout: true,
  plugins: true,
  load: true,
  dev: true,
}

/** @throws TypeError that names the option, for an unknown one or an unusable value */
export function readOptions(options: StartApiOptions): Settings {
  checkNames('startApi', options, KNOWN)
  checkShared('startApi', options)
  const { apiBaseURL = '/api', ignore = [], load, maxBodySize = Infinity, plugins = [] } = options
  const globs = typeof ignore === 'string' ? [ignore] : ignore
  check('ignore', 'a glob or an array of globs', isArrayOf(globs, 'string'))
  check('fallthrough', 'a boolean', isOptional(options.fallthrough, 'boolean'))
  check('caseSensitive', 'a boolean', isOptional(options.caseSensitive, 'boolean'))
  check('dev', 'a boolean', isOptional(options.dev, 'boolean'))
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
  check('load', 'a function of a file name', isOptional(load, 'function'))
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
    timeout: options.timeout,
    plugins,
    dev: options.dev ?? false,
    ...(load === undefined ? {} : { load }),
  }
}

/** Node's timers run at once for more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

function isTimeout(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 1 && value <= MAX_TIMEOUT_MS)
}

/** Options that `startApi()` knows as well, and what of `fallthrough` becomes. */
interface HandlerSettings extends Omit<StartHandlerOptions, 'fallthrough'> {
  passesOn(response: Response): boolean
}

const KNOWN_OF_HANDLER: Readonly<Record<keyof StartHandlerOptions, true>> = {
  fallthrough: true,
  context: true,
  maxBodySize: true,
  timeout: true,
  plugins: true,
}

/** @throws TypeError that names the option, for an unknown one or an unusable value */
export function readHandlerOptions(options: StartHandlerOptions): HandlerSettings {
  checkNames('startHandler', options, KNOWN_OF_HANDLER)
  const { fallthrough = false, ...shared } = options
  checkShared('startHandler', shared)
  checkOption(
    'startHandler',
    'fallthrough',
    'a boolean, or a function of the Response',
    typeof fallthrough === 'boolean' || typeof fallthrough === 'function',
  )
  const passesOn =
    typeof fallthrough === 'function'
      ? fallthrough
      : (response: Response) => fallthrough && response.status === 404
  return { ...shared, passesOn }
}

function checkNames(caller: string, options: object, known: object): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${caller}(): the second argument must be an object of options.`)
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) {
      throw new TypeError(
        `${caller}(): there is no option \`${name}\`. Known options: ${Object.keys(known).join(', ')}.`,
      )
    }
  }
}

function checkShared(
  caller: string,
  { context, maxBodySize = Infinity, timeout, plugins = [] }: SharedOptions,
): void {
  const check = checkOption.bind(undefined, caller)
  check('context', 'a function of req and res', isOptional(context, 'function'))
  check('maxBodySize', 'a number of bytes', typeof maxBodySize === 'number' && maxBodySize >= 0)
  check('timeout', `a number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`, isTimeout(timeout))
  check('plugins', 'an array of @whatwg-node/server plugins', isArrayOf(plugins, 'object'))
}

function readMiddleware(list: unknown): readonly Middleware[] {
  try {
    return toMiddleware(list, 'option `middleware`')
  } catch (error) {
    throw new TypeError(`startApi(): ${(error as Error).message}.`, { cause: error })
  }
}

function check(option: string, kind: string, holds: boolean): void {
  checkOption('startApi', option, kind, holds)
}

function checkOption(caller: string, option: string, kind: string, holds: boolean): void {
  if (!holds) throw new TypeError(`${caller}(): option \`${option}\` must be ${kind}.`)
}

function isOptional(value: unknown, type: 'boolean' | 'function'): boolean {
  return value === undefined || typeof value === type
}

function isArrayOf(value: unknown, type: 'string' | 'object'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type && item !== null)
}
