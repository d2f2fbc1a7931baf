// Which routes of an application never answer, because others in front of them do.
import { INSPECT, type InspectedRoute } from './inspect'
import {
  type Answerer,
  type LegacyRoute,
  type StartMount,
  findAnswerers,
  listRoutes,
} from './list-routes'
import { toRouteSample } from './path-samples'

/** A route of the application's own, and the file that answers all its requests instead of it. */
export interface LegacyState extends LegacyRoute {
  readonly shadowedBy?: string
}

/** One method of a route file, and the route of the application that answers instead of it. */
export interface StartState {
  readonly method: string
  /** TanStack's spelling, behind the path that the middleware is mounted at. */
  readonly path: string
  readonly mount: string
  /** Relative to its routes directory. */
  readonly file: string
  readonly dialect: string
  /** The method and the path of a route, or a file of another directory. */
  readonly shadowedBy?: string
}

export interface AppState {
  readonly legacy: readonly LegacyState[]
  readonly start: readonly StartState[]
}

/** What `app.all()` and `ANY` are asked for. */
const COMMON_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Reads the whole application; its route files must be loaded. */
export function findShadows(app: unknown): AppState {
  const { legacy, start } = listRoutes(app)
  return {
    legacy: legacy.map((route) => ({ ...route, ...toShadow(findFileInFront(app, route)) })),
    start: start.flatMap((mount) =>
      mount.api.routes.flatMap((route) =>
        route.methods.map((method) => toStartState(app, legacy, mount, route, method)),
      ),
    ),
  }
}

/** A file in front that answers every form of the route's path, for every method that it has. */
function findFileInFront(
  app: unknown,
  { method, samples, route }: LegacyRoute,
): string | undefined {
  const files = samples.flatMap((sample) =>
    toAsked(method).map((asked) => {
      const answerers = findAnswerers(app, asked, sample)
      const own = answerers.findIndex(({ by }) => by === route)
      return answerers.slice(0, Math.max(own, 0)).find(({ file }) => file !== undefined)?.file
    }),
  )
  return files.includes(undefined) ? undefined : files[0]
}

function toStartState(
  app: unknown,
  legacy: readonly LegacyRoute[],
  { api, mount, samples }: StartMount,
  { path, file, dialect }: InspectedRoute,
  method: string,
): StartState {
  const own = toRouteSample(path)
  // What the file doesn't answer by itself says nothing of what is in front.
  const [asked = method] = toAsked(method)
  const prefix = api[INSPECT](asked, own) === file ? samples[0] : undefined
  const first = prefix === undefined ? undefined : findAnswerers(app, asked, prefix + own)[0]
  const shadow = first === undefined || first.by === api ? undefined : toName(first, legacy)
  return { method, path: mount + path, mount, file, dialect, ...toShadow(shadow) }
}

function toName({ by, file }: Answerer, legacy: readonly LegacyRoute[]): string | undefined {
  if (file !== undefined) return file
  const route = legacy.find((candidate) => candidate.route === by)
  return route && `${route.method} ${route.path}`
}

function toShadow(shadowedBy: string | undefined): { shadowedBy?: string } {
  return shadowedBy === undefined ? {} : { shadowedBy }
}

function toAsked(method: string): readonly string[] {
  return method === 'ALL' || method === 'ANY' ? COMMON_METHODS : [method]
}
