// What metrics, logs and traces learn of a route that runs. The programs are those of the page.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import promBundle from 'express-prom-bundle'
import { register } from 'prom-client'
import morgan from 'morgan'
import express from 'express'
import { createFileRoute, fromExpress, startApi, startHandler } from 'express-start-api'
import { buildPackage, createApp, runNode } from './support/built-package'
import { type Middleware, describeHosts, expressHosts, serve } from './support/hosts'
import { open, rawHead } from './support/raw-request'
import { apiRoutes } from './support/routes'

const page = readFileSync(join(__dirname, '../docs/observability.md'), 'utf8')

/** A program of the page, run as a module with these packages. */
function programOf(file: string): string {
  const [, text] = new RegExp(`\`\`\`js\\n// ${file}\\n([^]*?)\`\`\``).exec(page) ?? []
  if (text === undefined) throw new Error(`The page has no ${file}`)
  return text
}

function run(file: string, packages: Readonly<Record<string, unknown>>): unknown {
  const module: { exports?: unknown } = {}
  // oxlint-disable-next-line no-new-func -- a program of the page
  new Function('module', 'require', programOf(file))(module, (name: string) => packages[name])
  return module.exports
}

const boom = new Error('boom')

const files = () =>
  startApi(
    apiRoutes({
      'api/users/$id.ts': {
        GET: () => new Response('x'),
        PUT: () => {
          throw boom
        },
      },
      'api/file/$.ts': { GET: () => new Response('x') },
      'api/never.ts': { GET: () => new Promise<Response>(() => {}) },
    }),
  )

async function get(url: string, init?: RequestInit): Promise<string> {
  return (await fetch(url, init)).text()
}

describeHosts(
  'while a route runs',
  (host) => {
    const splat = host.name === 'Express 4' ? '/*' : '/*splat'
    let seen: unknown[]
    const watch: Middleware = (req, res, next) => {
      res.once('finish', () => seen.push(req.route && `${req.baseUrl} ${req.route.path}`))
      next()
    }

    beforeEach(() => (seen = []))

    it('is named by `req.baseUrl` and `req.route.path`, as Express names its own (hazard 240)', async () => {
      const app = await serve(host, [watch, ['/v1', files()], files()])
      await get(`${app.url}/api/users/42`)
      await get(`${app.url}/v1/api/users/42`)
      await get(`${app.url}/api/file/a/b.txt`)
      await get(`${app.url}/api/users/%ff`)
      expect(seen).toEqual([
        ' /api/users/:id',
        '/v1 /api/users/:id',
        ` /api/file${splat}`,
        ' /api/users/:id',
      ])
    })

    it('does not name a request that goes on', async () => {
      const app = await serve(host, [watch, files()])
      await get(`${app.url}/api/users`)
      await get(`${app.url}/api/users/1`, { method: 'DELETE' })
      expect(seen).toEqual([undefined, undefined])
    })

    it('does not name a request that its handler leaves to what is behind', async () => {
      const leave: Middleware = (_req, _res, next) => next('route')
      const server = { middleware: [fromExpress(leave)], handlers: { GET: () => new Response() } }
      const api = startApi({ 'api/page.ts': { Route: createFileRoute('/api/page')({ server }) } })
      const page: Middleware = (req, res) => res.end(String(req.route?.path))
      const app = await serve(host, [watch, api, page])
      expect(await get(`${app.url}/api/page`)).toBe('undefined')
      expect(seen).toEqual([undefined])
      const outer = express.Router()
      outer.all('/api/page', api, page)
      const routed = await serve(host, [outer])
      expect(await get(`${routed.url}/api/page`)).toBe('/api/page')
    })

    it('keeps the name that the application gave to a request which startHandler() leaves to it', async () => {
      const handler = startHandler(() => new Response(null, { status: 404 }), { fallthrough: true })
      const page: Middleware = (req, res) => res.end(String(req.route?.path))
      const outer = express.Router()
      outer.all('/page', handler, page)
      const app = await serve(host, [outer])
      expect(await get(`${app.url}/page`)).toBe('/page')
    })

    it('is grouped by route in express-prom-bundle', async () => {
      register.clear()
      const metrics = run('metrics.js', { 'express-prom-bundle': promBundle }) as Middleware
      const app = await serve(host, [metrics, ['/v1', files()]])
      await get(`${app.url}/v1/api/users/1`)
      await get(`${app.url}/v1/api/users/2`)
      await get(`${app.url}/other`)
      const text = await get(`${app.url}/metrics`)
      expect(text.match(/^http_request_duration_seconds_count.*$/gm)).toEqual([
        'http_request_duration_seconds_count{status_code="200",method="GET",path="/v1/api/users/:id"} 2',
        'http_request_duration_seconds_count{status_code="404",method="GET",path="other"} 1',
      ])
    })

    it('is logged by morgan', async () => {
      const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => true)
      try {
        const log = run('log.js', { morgan }) as Middleware
        const app = await serve(host, [log, ['/v1', files()]])
        await get(`${app.url}/v1/api/users/1`)
        await get(`${app.url}/other`)
        expect(write.mock.calls.map(([line]) => line)).toEqual([
          'GET /v1/api/users/:id 200\n',
          'GET - 404\n',
        ])
      } finally {
        write.mockRestore()
      }
    })
  },
  expressHosts,
)

describeHosts('the channels of a request', (host) => {
  interface Message {
    req: IncomingMessage
    res: ServerResponse
    error?: unknown
    duration?: number
  }
  let told: [string, object][]
  let ended: Promise<Message>
  let end: (message: unknown) => void
  const start = (message: unknown) => {
    told.push(['start', { ...(message as Message) }])
  }

  beforeEach(() => {
    told = []
    ended = new Promise((resolve) => {
      end = (message) => {
        told.push(['end', { ...(message as Message) }])
        resolve(message as Message)
      }
    })
    subscribe('express-start-api:request:start', start)
    subscribe('express-start-api:request:end', end)
  })

  afterEach(() => {
    unsubscribe('express-start-api:request:start', start)
    unsubscribe('express-start-api:request:end', end)
  })

  const mount = host.name === 'node:http' ? '/' : '/v1'
  const prefix = mount === '/' ? '' : mount
  const shown = host.isExpress ? prefix : ''

  it('tell its start and its end', async () => {
    const app = await serve(host, [[mount, files()]])
    await get(`${app.url}${prefix}/api/users/42`)
    const { req, res, duration } = await ended
    const message = { req, res, method: 'GET', route: `${shown}/api/users/:id` }
    expect(told).toEqual([
      ['start', { ...message, file: 'api/users/$id.ts' }],
      ['end', { ...message, file: 'api/users/$id.ts', status: 200, duration }],
    ])
    expect(duration).toBeGreaterThanOrEqual(0)
  })

  it('tell what a route threw, and the status of the answer to it', async () => {
    const app = await serve(host, [files()])
    await get(`${app.url}/api/users/42`, { method: 'PUT' })
    expect(await ended).toMatchObject({ status: 500, error: boom })
  })

  it('tell of a client that left', async () => {
    const app = await serve(host, [files()])
    const socket = await open(app.port)
    socket.write(rawHead('GET /api/never HTTP/1.1'))
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    expect(await ended).toMatchObject({ file: 'api/never.ts' })
  })

  it('tell nothing of requests that no file handles', async () => {
    const app = await serve(host, [files()])
    await get(`${app.url}/other`)
    await get(`${app.url}/api/users/1`, { method: 'DELETE' })
    expect(told).toEqual([])
  })
})

describe('Sentry', () => {
  it('is told the route, and of errors that no error middleware hears of', async () => {
    const calls: unknown[][] = []
    const scope = { setTransactionName: (name: string) => calls.push(['issue', name]) }
    const sentry = {
      getIsolationScope: () => scope,
      getActiveSpan: () => 'span',
      getRootSpan: (span: unknown) => ['root', span],
      updateSpanName: (...call: unknown[]) => calls.push(call),
      captureException: (error: Error, addTo: (to: typeof scope) => unknown) => {
        addTo(scope)
        calls.push(['captured', error.message])
      },
    }
    const told: [string, (message: unknown) => void][] = []
    const channels = {
      subscribe: (...call: [string, (message: unknown) => void]) => {
        told.push(call)
        subscribe(...call)
      },
    }
    run('sentry.js', { '@sentry/node': sentry, 'node:diagnostics_channel': channels })
    const log = jest.spyOn(console, 'error').mockImplementation()
    const late = (): UnderlyingSource => ({
      async pull(controller) {
        controller.enqueue(Buffer.alloc(100_000))
        await new Promise((resolve) => setTimeout(resolve, 5))
        controller.error(new Error('late'))
      },
    })
    const api = startApi(
      apiRoutes({
        'api/users/$id.ts': {
          GET: () => new Response('x'),
          PUT: () => {
            throw boom
          },
          POST: () => new Response(new ReadableStream(late())),
        },
      }),
    )
    try {
      const app = await serve(expressHosts[0]!, [['/v1', api]])
      for (const method of ['GET', 'PUT', 'POST']) {
        await get(`${app.url}/v1/api/users/42`, { method }).catch(() => {})
        const name = `${method} /v1/api/users/:id`
        const opened = [
          ['issue', name],
          [['root', 'span'], name],
        ]
        const captured = [
          ['issue', name],
          ['captured', 'late'],
        ]
        await new Promise((resolve) => setTimeout(resolve, 20))
        expect(calls.splice(0)).toEqual(method === 'POST' ? [...opened, ...captured] : opened)
      }
      expect(app.errors).toEqual([boom])
    } finally {
      for (const call of told) unsubscribe(...call)
      log.mockRestore()
    }
  })
})

describe('Datadog', () => {
  it('is told the route', async () => {
    let hook!: (span: object, req?: IncomingMessage) => void
    const use = (name: string, { hooks }: { hooks: { request: typeof hook } }) => {
      expect(name).toBe('express')
      hook = hooks.request
    }
    run('datadog.js', { 'dd-trace': { use } })
    const tags: unknown[][] = []
    const span = { setTag: (...tag: unknown[]) => tags.push(tag) }
    const watch: Middleware = (req, res, next) => {
      res.once('finish', () => hook(span, req))
      next()
    }
    const app = await serve(expressHosts[0]!, [watch, ['/v1', files()]])
    await get(`${app.url}/v1/api/users/42`)
    await get(`${app.url}/other`)
    hook(span)
    expect(tags).toEqual([
      ['http.route', '/v1/api/users/:id'],
      ['resource.name', 'GET /v1/api/users/:id'],
    ])
  })
})

describe('OpenTelemetry', () => {
  beforeAll(buildPackage)

  it('names the spans of a route as the page says', () => {
    const app = createApp(
      {
        'tracing.js': programOf('tracing.js'),
        'routes/api/users/$id.js': `exports.APIRoute = { methods: { GET: () => new Response('x') } }`,
        'app.js': `
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node')
const exporter = new InMemorySpanExporter()
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
tracerProvider.register()
registerInstrumentations({ tracerProvider, instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()] })
require('./tracing.js')

const { get } = require('node:http')
const express = require('express')
const { startApi } = require('express-start-api')
const app = express()
app.use('/v1', startApi('./routes'))
const server = app.listen(0, '127.0.0.1', () => {
  get({ port: server.address().port, host: '127.0.0.1', path: '/v1/api/users/42' }, (res) => {
    res.resume().on('end', () => setImmediate(() => {
      const spans = exporter.getFinishedSpans().map(({ name, kind, attributes }) => [kind, name, attributes['http.route']])
      console.log(JSON.stringify(spans.filter(([kind]) => kind !== 2)))
      process.exit()
    }))
  })
})
`,
      },
      [
        'express',
        '@opentelemetry/api',
        '@opentelemetry/core',
        '@opentelemetry/instrumentation',
        '@opentelemetry/instrumentation-express',
        '@opentelemetry/instrumentation-http',
        '@opentelemetry/sdk-trace-node',
      ],
    )
    const { stdout, stderr } = runNode(app, ['app.js'])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([
      [0, 'middleware - startApi', '/v1/api/users/:id'],
      [1, 'GET /v1/api/users/:id', '/v1/api/users/:id'],
    ])
  })
})
