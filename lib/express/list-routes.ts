// What an Express application answers: its own routes and those of startApi(), in the order of its
// stack, and who answers a given request first.
import { INSPECT, type Inspected, isStartApi } from './inspect'
import { type Layer, type Route, findInnerStack, findStack, matchLayer } from './layers'
import { toSamples } from './path-samples'

/** A route of the application's own. */
export interface LegacyRoute {
  /** Upper case; `ALL` for `app.all()`. */
  readonly method: string
  /** As it is written, behind the path that it is mounted at; a regular expression between slashes. */
  readonly path: string
  /** Where the Router or the application that has it is mounted; `''` at the top. */
  readonly mount: string
  /** Paths that it matches, one for each form; none where the pattern can't be spelled out. */
  readonly samples: readonly string[]
  readonly route: Route
}

/** A middleware of startApi(). */
export interface StartMount {
  readonly api: Inspected
  /** `''` at the top. */
  readonly mount: string
  readonly samples: readonly string[]
}

export interface AppRoutes {
  readonly legacy: readonly LegacyRoute[]
  readonly start: readonly StartMount[]
}

/** What answers a request: a route of the application, or a file of a startApi() middleware. */
export interface Answerer {
  readonly by: Route | Inspected
  /** Relative to the routes directory. */
  readonly file?: string
}

export function isExpress(value: unknown): boolean {
  return findStack(value) !== undefined
}

/** All routes of an application or a Router, those of nested Routers and sub-apps included. */
export function listRoutes(app: unknown): AppRoutes {
  const legacy: LegacyRoute[] = []
  const start: StartMount[] = []

  function visit(
    stack: readonly Layer[],
    mount: string,
    prefixes: readonly string[],
    trail: readonly unknown[],
  ): void {
    // A Router may be mounted in itself.
    if (trail.includes(stack)) return
    for (const layer of stack) {
      const { route, handle } = layer
      if (route !== undefined) {
        const api = findApi(route)
        if (api !== undefined) start.push({ api, mount, samples: prefixes })
        else legacy.push(...toLegacyRoutes(layer, route, mount, prefixes))
        continue
      }
      const inner = findInnerStack(layer)
      if (inner === undefined && !isStartApi(handle)) continue
      const path = toMountPath(layer)
      const own =
        path === '' ? [''] : toSamples(path, (sample) => matchLayer(layer, sample) !== undefined)
      const samples = join(prefixes, own)
      const text = mount + (path === '' ? '' : toText(path))
      if (isStartApi(handle)) start.push({ api: handle, mount: text, samples })
      else visit(inner!, text, samples, [...trail, stack])
    }
  }

  visit(findStack(app) ?? [], '', [''], [])
  return { legacy, start }
}

/**
 * Who would answer a request, in the order of the stack: only the first does, unless it calls `next()`.
 * Middleware is taken to call it, and so is `app.all()` with handlers that take it, as guards do.
 */
export function findAnswerers(app: unknown, method: string, pathname: string): Answerer[] {
  const found: Answerer[] = []

  function visit(stack: readonly Layer[], path: string, trail: readonly unknown[]): void {
    if (trail.includes(stack)) return
    for (const layer of stack) {
      const { route, handle } = layer
      const inner = route === undefined ? findInnerStack(layer) : undefined
      const api = route === undefined ? handle : findApi(route)
      if (route === undefined && inner === undefined && !isStartApi(api)) continue
      const matched = matchLayer(layer, path)
      if (matched === undefined) continue
      const rest = route === undefined ? stripMount(path, matched) : path
      if (isStartApi(api)) {
        const file = api[INSPECT](method, rest)
        if (file !== undefined) found.push({ by: api, file })
      } else if (route === undefined) visit(inner!, rest, [...trail, stack])
      else if (handles(route, method) && !isGuard(route)) found.push({ by: route })
    }
  }

  visit(findStack(app) ?? [], pathname, [])
  return found
}

/** One for each method and each path of an array. */
function toLegacyRoutes(
  layer: Layer,
  route: Route,
  mount: string,
  prefixes: readonly string[],
): LegacyRoute[] {
  return [route.path].flat(Infinity).flatMap((path) => {
    const samples = join(
      prefixes,
      toSamples(path, (sample) => matchLayer(layer, sample) !== undefined),
    )
    const full = path === '/' && mount !== '' ? mount : mount + String(path)
    return toMethods(route).map((method) => ({ method, path: full, mount, samples, route }))
  })
}

function stripMount(path: string, matched: string): string {
  const rest = path.slice(matched.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** `app.get('/api/*splat', startApi(…))`. */
function findApi({ stack }: Route): Inspected | undefined {
  return stack.map(({ handle }) => handle).find(isStartApi)
}

function toMethods(route: Route): string[] {
  if (isGuard(route)) return []
  if (isForAll(route)) return ['ALL']
  return Object.keys(route.methods).map((method) => method.toUpperCase())
}

function handles(route: Route, method: string): boolean {
  const { methods } = route
  const name = method.toLowerCase()
  return name in methods || isForAll(route) || (name === 'head' && 'get' in methods)
}

/** `router.all()` has a name of its own, `app.all()` is every method that Node knows. */
function isForAll({ methods }: Route): boolean {
  return '_all' in methods || ('get' in methods && 'post' in methods && 'trace' in methods)
}

/** `app.all('/api/*splat', requireLogin)`: calls `next()`, by all that can be told. */
function isGuard(route: Route): boolean {
  return (
    isForAll(route) &&
    route.stack.every(({ handle }) => typeof handle === 'function' && handle.length >= 3)
  )
}

function join(prefixes: readonly string[], paths: readonly string[]): string[] {
  return prefixes.flatMap((prefix) =>
    paths.map((path) => (path === '/' && prefix !== '' ? prefix : prefix + path)),
  )
}

/** `''` for the root. */
function toMountPath(layer: Layer): unknown {
  const { rawPath } = layer
  if (rawPath !== undefined) return rawPath === '/' ? '' : rawPath
  if (layer.regexp === undefined) return matchLayer(layer, '/x') === '' ? '' : UNKNOWN
  return toExpress4Path(layer.regexp, layer.keys ?? [])
}

/** Express 5 before version 2.3 of `router` keeps the path to itself. */
const UNKNOWN = '…'

/** `/^\/v1\/(?:([^\/]+?))\/?(?=\/|$)/i` was `/v1/:tenant`. */
function toExpress4Path(regexp: RegExp, keys: NonNullable<Layer['keys']>): string | RegExp {
  const source = /^\^(.*)\\\/\?\(\?=\\\/\|\$\)$/.exec(regexp.source)?.[1]
  if (source === undefined) return regexp
  let index = 0
  const path = source
    .replace(
      /\(\?:(\\\/)?\(\[\^\\?\/\]\+\?\)\)/g,
      (_, slash: string = '') => `${slash}:${keys[index++]?.name}`,
    )
    .replace(/\\([/.])/g, '$1')
  return /[\\()[\]?*+|^$]/.test(path) ? regexp : path
}

function toText(path: unknown): string {
  return Array.isArray(path) ? `[${path.map(toText).join(', ')}]` : String(path)
}
