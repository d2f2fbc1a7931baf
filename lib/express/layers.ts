// The stack of an Express application, 4 or 5, as far as tools read it. Express documents none of it;
// the fields are those that OpenTelemetry's and others' instrumentation relies on.

/** A handler and the path that it is mounted at. */
export interface Layer {
  readonly handle: unknown
  /** Set where `app.get()` and its kin made the layer. */
  readonly route?: Route
  /** `{ path }` of what it matched; before version 2.3 of `router` `true`, and `path` of the layer. */
  match(path: string): boolean | { readonly path: string }
  readonly path?: string
  /** Express 4. */
  readonly regexp?: RegExp
  readonly keys?: readonly { readonly name: string | number }[]
  /** Since version 2.3 of `router`, or where `recordMounts()` has noted it. */
  rawPath?: unknown
}

export interface Route {
  readonly path: unknown
  /** Lower case; `_all` for `app.all()`. */
  readonly methods: Readonly<Record<string, boolean>>
  readonly stack: readonly { readonly handle: unknown }[]
}

export interface Router {
  readonly stack: readonly Layer[]
}

/** The layers of an application or a Router; `undefined` for anything else. */
export function findStack(value: unknown): readonly Layer[] | undefined {
  if (typeof value !== 'function') return undefined
  const host = value as { stack?: unknown; router?: Router; _router?: Router; set?: unknown }
  if (Array.isArray(host.stack)) return host.stack as Layer[]
  if (typeof host.set !== 'function') return undefined
  // Express 4 has a getter `router` that throws, and no router before its first layer.
  // oxlint-disable-next-line no-underscore-dangle -- Express 4's only name for it
  return 'lazyrouter' in host ? (host._router?.stack ?? []) : host.router?.stack
}

/** The part of a path that a layer takes, or `undefined`. */
export function matchLayer(layer: Layer, path: string): string | undefined {
  const match = layer.match(path)
  if (match === false) return undefined
  return (match === true ? layer.path : match.path) ?? ''
}

/** Sub-apps by their layer: Express hides them in a closure. */
const subApps = new WeakMap<Layer, unknown>()

/** What a layer hands its requests on to: a Router's layers or a mounted application's. */
export function findInnerStack(layer: Layer): readonly Layer[] | undefined {
  return findStack(subApps.get(layer) ?? layer.handle)
}

/** What `recordMounts()` wraps; Express 4's Router has no prototype of its own. */
interface ExpressModule {
  readonly application: Mounting
  readonly Router: { readonly prototype: Mounting } | Mounting
}

interface Mounting {
  use(...args: unknown[]): unknown
}

/**
 * Notes what Express forgets of the mounts that are made from now on: which application, and, before
 * version 2.3 of `router`, at which path. To be called before the application is built.
 */
export function recordMounts(express: unknown): void {
  const { application, Router } = express as ExpressModule
  wrapUse(application, (layers, _path, handlers) => {
    layers.forEach((layer, index) => {
      if (findStack(handlers[index]) !== undefined) subApps.set(layer, handlers[index])
    })
  })
  wrapUse(
    'prototype' in Router && 'use' in Router.prototype ? Router.prototype : (Router as Mounting),
    (layers, path) => {
      for (const layer of layers) layer.rawPath ??= path
    },
  )
}

function wrapUse(
  owner: Mounting,
  note: (layers: readonly Layer[], path: unknown, handlers: readonly unknown[]) => void,
): void {
  const { use } = owner
  owner.use = function (this: unknown, ...args: unknown[]) {
    const before = findStack(this)?.length ?? 0
    const result = use.apply(this, args)
    const [first] = [args[0]].flat(Infinity)
    const path = typeof first === 'function' ? '/' : args[0]
    const handlers = (typeof first === 'function' ? args : args.slice(1)).flat(Infinity)
    // Express 4 puts two layers of its own in front of an application's first.
    note((findStack(this) ?? []).slice(before).slice(-handlers.length), path, handlers)
    return result
  }
}
