// Applications under trial: hosts, guards, parsers and options in many combinations, one port each.
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
import { type StartApi, type StartApiOptions, startApi } from 'express-start-api'
import { type BehaviourName, type Context, behaviours } from './behaviours'
import { entryOf } from './journal'

export type HostName = 'Express 5' | 'Express 4' | 'Connect' | 'node:http'
export type GuardName = 'app.use' | 'app.all' | 'Router'

/** What an application is made of. */
export interface Plan {
  readonly host: HostName
  readonly guard: GuardName
  /** Where `startApi()` is mounted; `''` on hosts without mounts. */
  readonly mount: '' | '/v1'
  readonly parsers: boolean
  readonly caseSensitive: boolean
  readonly strict: boolean
  /** `false`: `startApi()` answers 404 and 405. */
  readonly fallthrough: boolean
  readonly maxBodySize: number
  readonly files: readonly RouteFile[]
}

export interface RouteFile {
  readonly name: string
  readonly methods: readonly string[]
}

export interface App {
  readonly plan: Plan
  readonly port: number
  close(): Promise<void>
}

/** Longer than any handler that settles takes, on a machine that is busy with other things, too. */
export const TIMEOUT_MS = 8000

type Next = (error?: unknown) => void
type Middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void
type Req = IncomingMessage & { body?: unknown }

export async function startApp(plan: Plan): Promise<App> {
  const api = createApi(plan)
  const server = createServer(LISTENERS[plan.host](plan, api) as RequestListener)
  await api.ready
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    plan,
    port: (server.address() as AddressInfo).port,
    close: () => closeServer(server),
  }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

function createApi({ files, caseSensitive, host, fallthrough, maxBodySize }: Plan): StartApi {
  const modules = files.map(({ name, methods }) => {
    const handlers = methods.map((method) => [method, handlerOf(name)])
    return [name, { APIRoute: { path: name, methods: Object.fromEntries(handlers) } }]
  })
  const options: StartApiOptions = { fallthrough, timeout: TIMEOUT_MS, maxBodySize }
  // Outside Express nothing tells how the guards compare.
  if (host === 'Connect') options.caseSensitive = caseSensitive
  return startApi(Object.fromEntries(modules) as Record<string, unknown>, options)
}

function handlerOf(file: string) {
  return (given: Context & { readonly params: Record<string, string> }) => {
    const { req } = given.context
    const { calls } = entryOf(req)
    const params = { ...given.params }
    if (req.headers['x-look'] === undefined) calls.push({ file, params })
    else {
      const header = given.request.headers.get('x-fuzz') ?? ''
      const { pathname } = new URL(given.request.url)
      calls.push({ file, params, seen: { header, pathname } })
    }
    return behaviours[String(req.headers['x-do']) as BehaviourName].run(given)
  }
}

const LISTENERS: Readonly<Record<HostName, (plan: Plan, api: StartApi) => Middleware>> = {
  'Express 5': (plan, api) => createExpress(express5, plan, api) as unknown as Middleware,
  'Express 4': (plan, api) =>
    createExpress(express4 as unknown as typeof express5, plan, api) as unknown as Middleware,
  Connect: (plan, api) => {
    const app = connect()
    app.use(`${plan.mount}/api/admin`, guard as never)
    app.use(plan.mount === '' ? '/' : plan.mount, api as never)
    app.use(legacy as never)
    app.use(onError as never)
    return app as unknown as Middleware
  },
  'node:http': (_plan, api) => (req, res) => {
    if (req.url!.startsWith('/api/admin')) entryOf(req).guards++
    api(req, res)
  },
}

function createExpress(express: typeof express5, plan: Plan, api: StartApi): express5.Express {
  const app = express()
  // Express logs errors in every other environment.
  app.set('env', 'test')
  app.set('case sensitive routing', plan.caseSensitive)
  app.set('strict routing', plan.strict)
  if (plan.parsers) {
    app.use(express.json({ strict: false }), express.urlencoded({ extended: true }))
    app.use(express.text(), express.raw(), recordParsed as never)
  }
  const at = plan.mount === '' ? '/' : plan.mount
  if (plan.guard === 'Router') {
    const { caseSensitive, strict } = plan
    const router = express.Router({ caseSensitive, strict })
    app.use(at, router.use('/api/admin', guard as never).use(api))
  } else {
    const path = `${plan.mount}/api/admin`
    if (plan.guard === 'app.use') app.use(path, guard as never)
    // Both majors take a pattern; with strict routing each spelling has to be named.
    else app.all([path, `${path}/`, new RegExp(`^${path}/.*`, flags(plan))], guard as never)
    app.use(at, api)
  }
  return app.use(legacy as never).use(onError as never)
}

/** Express's own patterns follow the setting; a RegExp doesn't. */
const flags = ({ caseSensitive }: Plan): string => (caseSensitive ? '' : 'i')

const guard: Middleware = (req, _res, next) => {
  entryOf(req).guards++
  next()
}

function recordParsed(req: Req, _res: ServerResponse, next: Next): void {
  if (req.readableDidRead) entryOf(req).parsed = req.body
  next()
}

/** Behind `startApi()`: reads what is unread, as a legacy application would. */
function legacy(req: IncomingMessage, res: ServerResponse): void {
  const entry = entryOf(req)
  entry.handedOn.push(req.url ?? '')
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  const end = (): void => {
    if (chunks.length > 0) entry.read = Buffer.concat(chunks)
    res.writeHead(404).end('legacy')
  }
  if (req.readableEnded) end()
  else req.on('end', end)
}

// oxlint-disable-next-line max-params -- the four by which hosts tell error middleware
function onError(error: unknown, req: IncomingMessage, res: ServerResponse, _next: Next): void {
  entryOf(req).errors.push(error)
  const { status } = error as { status?: number }
  res.writeHead(status ?? 500).end('error page')
}
