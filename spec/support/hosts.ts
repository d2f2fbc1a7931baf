// The hosts that every guarantee is checked on: one suite, run through each of them.
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import connect from 'connect'
import express5 from 'express'
import express4 from 'express4'

// oxlint-disable-next-line typescript/no-explicit-any -- middleware of four hosts, as their users type it
export type Middleware = (req: any, res: any, next?: any) => unknown
/** What an application mounts: a middleware, or a path and a middleware. */
export type Layer = Middleware | readonly [path: string, middleware: Middleware]

export interface App {
  use(path: string, middleware: Middleware): void
  readonly listener: RequestListener
}

export interface Host {
  readonly name: 'Express 5' | 'Express 4' | 'Connect' | 'node:http'
  /** Whether it is Express, with settings, `req.app` and `req.baseUrl`. */
  readonly isExpress: boolean
  create(settings?: Readonly<Record<string, unknown>>): App
}

export const hosts: readonly Host[] = [
  { name: 'Express 5', isExpress: true, create: (settings) => toApp(express5(), settings) },
  { name: 'Express 4', isExpress: true, create: (settings) => toApp(express4(), settings) },
  {
    name: 'Connect',
    isExpress: false,
    create: () => {
      const app = connect()
      return { use: (path, middleware) => void app.use(path, middleware as never), listener: app }
    },
  },
  { name: 'node:http', isExpress: false, create: createChain },
]

export const expressHosts = hosts.filter((host) => host.isExpress)
export const middlewareHosts = hosts.filter((host) => host.name !== 'node:http')

/** Runs the same specs on each host. */
export function describeHosts(
  title: string,
  specs: (host: Host) => void,
  on: readonly Host[] = hosts,
): void {
  for (const host of on) describe(`${title} [${host.name}]`, () => specs(host))
}

function toApp(app: express5.Express, settings: Readonly<Record<string, unknown>> = {}): App {
  app.set('env', 'production')
  for (const [name, value] of Object.entries(settings)) app.set(name, value)
  return { use: (path, middleware) => void app.use(path, middleware as never), listener: app }
}

/** Middleware on bare `http`: each gets a `next`, as Express would pass it. No mount paths. */
function createChain(): App {
  const chain: Middleware[] = []
  return {
    use: (_path, middleware) => void chain.push(middleware),
    listener: (req, res) => {
      const run = (index: number, error?: unknown): void => {
        const middleware = chain[index]
        if (middleware === undefined) return
        if (middleware.length === 4) {
          if (error === undefined) return run(index + 1)
          ;(middleware as (...args: unknown[]) => void)(error, req, res, () => {})
        } else if (error === undefined)
          middleware(req, res, (failure?: unknown) => run(index + 1, failure))
        else run(index + 1, error)
      }
      run(0)
    },
  }
}

export interface Running {
  readonly url: string
  readonly port: number
  readonly server: Server
  /** What reached the application's error middleware. */
  readonly errors: unknown[]
}

const running = new Set<Server>()

/**
 * An application with the layers given, then one that answers `legacy METHOD url` with 404, then an
 * error middleware that records the error and answers its status, or 500, with `error handler`.
 */
export async function serve(
  host: Host,
  layers: readonly Layer[],
  settings?: Readonly<Record<string, unknown>>,
): Promise<Running> {
  const app = host.create(settings)
  for (const layer of layers) {
    if (typeof layer === 'function') app.use('/', layer)
    else app.use(layer[0], layer[1])
  }
  const errors: unknown[] = []
  app.use('/', (req: IncomingMessage, res: ServerResponse) => {
    res.statusCode = 404
    res.end(`legacy ${req.method} ${req.url}`)
  })
  app.use('/', ((
    error: { status?: number },
    _req: IncomingMessage,
    res: ServerResponse,
    _next: () => void,
  ) => {
    errors.push(error)
    res.statusCode = error.status ?? 500
    res.end('error handler')
  }) as never)
  return { ...(await listen(app.listener)), errors }
}

/** Any listener on a port of its own; closed after the spec by itself. */
export async function listen(
  listener: RequestListener,
): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(listener)
  running.add(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, server }
}

afterEach(async () => {
  for (const server of running) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  running.clear()
})
