// Mounted first and with nothing to serve, startApi() is not there: for the wire, for `req` and `res`,
// and for what the application's own code can measure.
import type { EventEmitter } from 'node:events'
import { type IncomingMessage, type ServerResponse, request as httpRequest } from 'node:http'
import type { Readable } from 'node:stream'
import compression from 'compression'
import cookieParser from 'cookie-parser'
import cors from 'cors'
import express5 from 'express'
import express4 from 'express4'
import session from 'express-session'
import helmet from 'helmet'
import { startApi } from 'express-start-api'
import { type Host, type Middleware, describeHosts, listen } from './support/hosts'
import { type RawAnswer, rawHead, rawRequest } from './support/raw-request'
import { apiRoutes } from './support/routes'

/** Serves `GET /api/served` only. */
const createApi = () =>
  startApi(
    apiRoutes({
      'api/served.ts': { GET: () => new Response('served') },
      'api/things/$id.ts': { GET: () => new Response('served') },
    }),
  )

type Express = typeof express5

/** An application as they have grown, with or without startApi() in front of everything. */
function createLegacy(express: Express, first: readonly Middleware[]) {
  const app = express()
  app.set('env', 'test')
  app.set('etag', 'strong')
  for (const layer of first) app.use(layer as never)
  app.use(helmet() as never, cors({ origin: 'https://a.example', credentials: true }))
  app.use(cookieParser('secret') as never)
  app.use(
    session({
      secret: 's',
      resave: false,
      saveUninitialized: false,
      genid: () => 'fixed',
    }) as never,
  )
  app.use(compression({ threshold: 10 }) as never)
  app.use(express.json({ limit: '1kb' }), express.urlencoded({ extended: true }))
  app.get('/page', (req, res) => void res.send(`page ${req.url}`))
  app.get('/long', (_req, res) => void res.type('text').send('long '.repeat(100)))
  app.post(
    '/echo',
    (req, res) => void res.status(201).json({ body: req.body as unknown, q: req.query }),
  )
  app.post('/api/served', (req, res) => void res.json({ legacy: req.body as unknown }))
  app.put(
    '/api/things/:id',
    (req, res) => void res.json({ id: req.params['id'], url: req.originalUrl }),
  )
  app.get('/api/own/:id', (req, res) => void res.cookie('seen', '1').json(req.params))
  app.get('/stream', (_req, res) => {
    res.write('one')
    setTimeout(() => res.end('two'), 5)
  })
  app.get('/fails', () => {
    throw Object.assign(new Error('legacy failure'), { status: 418 })
  })
  app.use(
    '/sub',
    express
      .Router({ mergeParams: true })
      .get('/x/:y', (req, res) => void res.json([req.baseUrl, req.url, req.params])),
  )
  app.use(((error: { status?: number; message: string }, _req, res, _next) => {
    res.status(error.status ?? 500).send(error.message)
  }) as express5.ErrorRequestHandler)
  return app
}

const json = (value: unknown) => {
  const text = JSON.stringify(value)
  return ['Content-Type: application/json', `Content-Length: ${text.length}`, text] as const
}

const REQUESTS: readonly string[] = [
  rawHead('GET /page?a=1&a=2 HTTP/1.1'),
  rawHead('HEAD /page HTTP/1.1'),
  rawHead('GET /long HTTP/1.1', ['Accept-Encoding: gzip']),
  rawHead('GET /page HTTP/1.1', ['Cookie: a=1; connect.sid=s%3Ax.y', 'Origin: https://b.example']),
  rawHead('GET /page HTTP/1.0'),
  rawHead('GET /stream HTTP/1.1'),
  rawHead('GET /fails HTTP/1.1'),
  rawHead('GET /missing HTTP/1.1'),
  rawHead('GET /sub/x/1?z HTTP/1.1'),
  rawHead('GET /api/own/a%2Fb HTTP/1.1'),
  rawHead('GET /api/own/%zz HTTP/1.1'),
  rawHead('GET /api/nothing HTTP/1.1'),
  rawHead('GET //api/served HTTP/1.1'),
  rawHead('GET http://h/api/nothing HTTP/1.1'),
  rawHead('GET /page HTTP/1.1', ['Host: a b']),
  rawHead('OPTIONS /api/served HTTP/1.1', [
    'Origin: https://b.example',
    'Access-Control-Request-Method: POST',
  ]),
  rawHead('OPTIONS * HTTP/1.1'),
  rawHead('TRACE /api/served HTTP/1.1'),
  ...['/echo', '/api/served', '/api/other'].map((path) => {
    const [type, length, text] = json({ a: [1, { b: null }] })
    return rawHead(`POST ${path}?x[y]=1 HTTP/1.1`, [type, length]) + text
  }),
  rawHead('POST /echo HTTP/1.1', [
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Length: 7',
  ]) + 'a=1&a=2',
  rawHead('POST /echo HTTP/1.1', ['Content-Type: application/json', 'Content-Length: 1']) + '{',
  rawHead('POST /echo HTTP/1.1', ['Content-Type: application/json', 'Content-Length: 2000']) +
    ' '.repeat(2000),
  `${rawHead('POST /echo HTTP/1.1', ['Content-Type: application/json', 'Transfer-Encoding: chunked'])}2\r\n{}\r\n0\r\n\r\n`,
  rawHead('PUT /api/things/7 HTTP/1.1', ['Content-Length: 0']),
]

const withoutDate = ({ statusLine, lines, body }: RawAnswer) => ({
  statusLine,
  lines: lines.filter((line) => !line.startsWith('Date:')),
  body,
})

describe.each([
  ['Express 5', express5],
  ['Express 4', express4 as unknown as Express],
])('an application with startApi() in front [%s]', (_name, express) => {
  it('answers byte for byte as without it', async () => {
    const api = createApi()
    const without = await listen(createLegacy(express, []))
    const once = await listen(createLegacy(express, [api]))
    const often = await listen(createLegacy(express, Array.from({ length: 20 }, createApi)))
    expect((await rawRequest(once.port, rawHead('GET /api/served HTTP/1.1'))).body).toBe('served')
    for (const bytes of REQUESTS) {
      const expected = withoutDate(await rawRequest(without.port, bytes))
      expect(expected.statusLine).toMatch(/^HTTP\/1\.1 \d/)
      expect(withoutDate(await rawRequest(once.port, bytes))).toEqual(expected)
      expect(withoutDate(await rawRequest(often.port, bytes))).toEqual(expected)
    }
  })
})

/** Everything of an object that its own code could have changed. */
const own = (value: object) =>
  Reflect.ownKeys(value).map((key) => [key, Object.getOwnPropertyDescriptor(value, key)])

const listeners = (emitter: EventEmitter) =>
  emitter.eventNames().map((name) => [name, emitter.listenerCount(name)])

/** Runs one request through a listener, with startApi() between two looks at `req` and `res`. */
async function lookAround(
  host: Host,
  target: string,
  look: (req: IncomingMessage, res: ServerResponse) => unknown,
  method = 'GET',
): Promise<[unknown, unknown]> {
  const app = host.create({ env: 'test' })
  const api = createApi()
  await api.ready
  let before: unknown
  let after: unknown
  app.use('/', (req, res, next) => {
    before = look(req, res)
    return next()
  })
  // Called as every host calls it, without the host's own bookkeeping in between.
  app.use('/', (req, res, next) => {
    api(req, res, (error?: unknown) => {
      after = error ?? look(req, res)
      next()
    })
  })
  app.use('/', (_req, res) => res.end('legacy'))
  const { port } = await listen(app.listener)
  const text = await new Promise<string>((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', path: target, method, agent: false }, (response) => {
      let body = ''
      response
        .on('data', (chunk: Buffer) => (body += chunk.toString()))
        .on('end', () => resolve(body))
    })
      .on('error', reject)
      .end(method === 'POST' ? 'hello' : undefined)
  })
  expect(text).toBe('legacy')
  return [before, after]
}

describeHosts('a request that falls through', (host) => {
  describe.each([
    ['another path', '/other', 'GET'],
    ['another method', '/api/served', 'POST'],
    ['another file', '/api/nothing', 'GET'],
    ['an odd path', '/api//served', 'GET'],
  ])('for %s', (_kind, target, method) => {
    it('keeps every own property of req, res and the socket (hazard 33)', async () => {
      const [before, after] = await lookAround(
        host,
        target,
        (req, res) => [own(req), own(res), own(req.socket), own(req.headers)],
        method,
      )
      expect(after).toEqual(before)
    })

    it('gets no listener on req, res or the socket (hazards 68, 228)', async () => {
      const [before, after] = await lookAround(
        host,
        target,
        (req, res) => [listeners(req), listeners(res), listeners(req.socket)],
        method,
      )
      expect(after).toEqual(before)
    })

    it('keeps its body unread', async () => {
      const state = (req: Readable) => [
        req.readableFlowing,
        req.readableDidRead,
        req.readableLength,
      ]
      const [before, after] = await lookAround(host, target, (req) => state(req), method)
      expect(after).toEqual(before)
    })

    it('has none of its headers asked for', async () => {
      const asked: PropertyKey[] = []
      const app = host.create({ env: 'test' })
      const api = createApi()
      await api.ready
      app.use('/', (req, res, next) => {
        const trap = (object: object) =>
          new Proxy(object, {
            get: (headers, name) => {
              asked.push(name)
              return Reflect.get(headers, name) as unknown
            },
            set: (_headers, name) => {
              asked.push(name)
              return false
            },
            has: (headers, name) => {
              asked.push(name)
              return Reflect.has(headers, name)
            },
            ownKeys: (headers) => {
              asked.push('keys')
              return Reflect.ownKeys(headers)
            },
          })
        for (const name of ['headers', 'headersDistinct', 'rawHeaders', 'trailers'] as const) {
          Object.defineProperty(req, name, { value: trap(req[name]), configurable: true })
        }
        for (const name of [
          'setHeader',
          'getHeader',
          'appendHeader',
          'removeHeader',
          'writeHead',
          'write',
          'end',
          'on',
          'once',
        ] as const) {
          const method = (res[name] as (...args: unknown[]) => unknown).bind(res)
          Object.defineProperty(res, name, {
            value: (...args: unknown[]) => {
              asked.push(name)
              return method(...args)
            },
            configurable: true,
          })
        }
        asked.length = 0
        api(req, res, () => {
          seen = [...asked]
          next()
        })
      })
      let seen: PropertyKey[] | undefined
      app.use('/', (_req, res) => res.end('legacy'))
      const { port } = await listen(app.listener)
      const answer = await rawRequest(
        port,
        rawHead(`${method} ${target} HTTP/1.1`, ['Content-Length: 0']),
      )
      expect(answer.body).toBe('legacy')
      expect(seen).toEqual([])
    })
  })

  it('goes on in the same tick, and returns nothing, whatever next() returns (hazard 168)', async () => {
    const api = createApi()
    await api.ready
    const order: string[] = []
    const returned: unknown[] = []
    const app = host.create({ env: 'test' })
    app.use('/', (req, res, next) => {
      returned.push(
        api(req, res, async () => {
          order.push('next')
        }),
      )
      order.push('returned')
      next()
    })
    app.use('/', (_req, res) => res.end('legacy'))
    const { port } = await listen(app.listener)
    await rawRequest(port, rawHead('GET /other HTTP/1.1'))
    expect(order).toEqual(['next', 'returned'])
    expect(returned).toEqual([undefined])
  })

  it('is continued with nothing, not even `undefined`', async () => {
    const api = createApi()
    await api.ready
    const args: unknown[][] = []
    const app = host.create({ env: 'test' })
    app.use('/', (req, res) => {
      api(req, res, (...given: unknown[]) => {
        args.push(given)
        res.end('legacy')
      })
    })
    const { port } = await listen(app.listener)
    await rawRequest(port, rawHead('GET /other HTTP/1.1'))
    expect(args).toEqual([[]])
  })
})

describe('startApi() as a function', () => {
  it('looks like a middleware and not like an app or a Router', () => {
    const api = createApi()
    expect(api.name).toBe('startApi')
    expect(api).toHaveLength(3)
    expect(Object.keys(api).sort()).toEqual(['close', 'fetch', 'ready', 'routes'])
    for (const name of ['handle', 'set', 'stack', 'use', 'emit'])
      expect(api).not.toHaveProperty(name)
  })

  it('returns nothing for requests that it serves or holds (hazard 168)', async () => {
    const api = createApi()
    const returned: unknown[] = []
    const { port } = await listen((req, res) => returned.push(api(req, res)))
    await rawRequest(port, rawHead('GET /api/served HTTP/1.1'))
    await rawRequest(port, rawHead('GET /api/served HTTP/1.1'))
    expect(returned).toEqual([undefined, undefined])
  })
})
