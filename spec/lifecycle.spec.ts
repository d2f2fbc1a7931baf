// What a request leaves behind: no listener, no handle, no other request's context.
import { AsyncLocalStorage } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { IncomingMessage as MessageOfNode, ServerResponse as ResponseOfNode } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as http2 from 'node:http2'
import { type AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import express5 from 'express'
import cors from 'cors'
import supertest from 'supertest'
import {
  type StartApi,
  type StartApiOptions,
  createFileRoute,
  json,
  startApi,
} from 'express-start-api'
import { type Middleware, describeHosts, listen, serve } from './support/hosts'
import { open, rawGet } from './support/raw-request'
import { apiRoutes } from './support/routes'

const text = new TextEncoder()

describeHosts('AsyncLocalStorage that the application started (hazard 233)', (host) => {
  const storage = new AsyncLocalStorage<string>()
  const start: Middleware = (req, _res, next) =>
    storage.run(String(req.headers['x-id']), () => {
      // As multer and body parsers do: the handler runs from another event.
      setImmediate(next)
    })

  it('reaches the handler, what it awaits, its stream, and its error', async () => {
    const seen: (string | undefined)[] = []
    const api = startApi(
      apiRoutes({
        'api/stream.ts': {
          POST: async ({ request }) => {
            seen.push(storage.getStore())
            await request.text()
            seen.push(storage.getStore())
            let count = 0
            return new Response(
              new ReadableStream({
                async pull(controller) {
                  await new Promise(setImmediate)
                  seen.push(storage.getStore())
                  if (++count === 3) controller.close()
                  else controller.enqueue(text.encode(`${storage.getStore()} `))
                },
              }),
            )
          },
        },
        'api/fails.ts': {
          GET: async () => {
            await new Promise(setImmediate)
            throw new Error('x')
          },
        },
      }),
    )
    const { url } = await serve(host, [
      start,
      api,
      ((_error: unknown, _req: unknown, res: ServerResponse, _next: unknown) => {
        seen.push(storage.getStore())
        res.end()
      }) as never,
    ])
    const answer = await fetch(`${url}/api/stream`, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-id': 'a' },
    })
    expect(await answer.text()).toBe('a a ')
    expect(seen.length).toBeGreaterThanOrEqual(5)
    await fetch(`${url}/api/fails`, { headers: { 'x-id': 'a' } })
    expect(new Set(seen)).toEqual(new Set(['a']))
  })

  it('is not mixed up between requests at the same time', async () => {
    const api = startApi(
      apiRoutes({
        'api/slow.ts': {
          GET: async ({ request }) => {
            const own = storage.getStore()
            await new Promise((resolve) => setTimeout(resolve, Number(request.headers.get('x-ms'))))
            return json([own, storage.getStore(), request.headers.get('x-id')])
          },
        },
      }),
    )
    const { url } = await serve(host, [start, api])
    // All of them wait for the routes to load.
    const answers = await Promise.all(
      [15, 5, 10, 1].map(async (ms, index) => {
        const id = String(index)
        const answer = await fetch(`${url}/api/slow`, {
          headers: { 'x-id': id, 'x-ms': String(ms) },
        })
        return answer.json()
      }),
    )
    expect(answers).toEqual(['0', '1', '2', '3'].map((id) => [id, id, id]))
  })
})

describeHosts('listeners', (host) => {
  const countAll = (emitter: EventEmitter) =>
    Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]))

  it('are at most one more for each event of res while it is handled, with 20 instances (hazards 227, 228)', async () => {
    let res: ServerResponse | undefined
    let before: Record<string, number> = {}
    const during: Record<string, number>[] = []
    const api = startApi(
      apiRoutes({
        'api/x.ts': {
          POST: async ({ request }) => {
            during.push(countAll(res!))
            await request.text()
            expect(request.signal.aborted).toBe(false)
            during.push(countAll(res!))
            return new Response('done')
          },
          GET: ({ request }) => new Response(String(request.signal.aborted)),
        },
      }),
    )
    const others = Array.from({ length: 20 }, () =>
      startApi(apiRoutes({ 'api/y.ts': { GET: () => new Response('y') } })),
    )
    const { url } = await serve(host, [
      ...others,
      (_req, own: ServerResponse, next) => {
        res = own
        before = countAll(own)
        next()
      },
      api,
    ])
    expect(await (await fetch(`${url}/api/x`, { method: 'POST', body: 'hello' })).text()).toBe(
      'done',
    )
    expect(during).toHaveLength(2)
    for (const counts of during) {
      for (const [event, count] of Object.entries(counts)) {
        expect(count - (before[event] ?? 0)).toBeLessThanOrEqual(1)
      }
    }
    expect(await (await fetch(`${url}/api/x`)).text()).toBe('false')
    await new Promise(setImmediate)
    expect(countAll(res!)['close'] ?? 0).toBeLessThanOrEqual(before['close'] ?? 0)
  })

  it('are gone from a connection that served many requests', async () => {
    const api = startApi(
      apiRoutes({
        'api/x.ts': { GET: ({ request }) => new Response(String(request.signal.aborted)) },
      }),
    )
    const counts: Record<string, number>[] = []
    const { port } = await serve(host, [
      (req: IncomingMessage, _res, next) => {
        counts.push(countAll(req.socket))
        next()
      },
      api,
    ])
    const socket = await open(port)
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    for (let turn = 1; turn <= 20; turn++) {
      socket.write('GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
      while (answer.split('false').length <= turn) await new Promise(setImmediate)
    }
    socket.destroy()
    expect(counts[19]).toEqual(counts[1])
  })
})

describe('a process that serves routes', () => {
  it('ends by itself, lets go of requests, warns of nothing, and has no listener of ours (hazards 65, 227, 229, 235)', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [
        '--expose-gc',
        '--trace-warnings',
        '-r',
        'ts-node/register/transpile-only',
        join(__dirname, 'fixtures/lifecycle/server.ts'),
      ],
      // Killed, and the spec red, if anything keeps it alive.
      { timeout: 14_000 },
    )
    const report = JSON.parse(stdout) as Record<string, unknown>
    expect(report).toMatchObject({ made: 200, unpatched: true, after: report['before'] })
    expect(report['alive']).toBeLessThan(10)
    expect(stderr.replaceAll(/^\[start-api\] .* holds no API route file.*\n/gm, '')).toBe('')
  }, 15_000)
})

describe('closing a server', () => {
  it('aborts the signal of open streams, which end (hazard 236)', async () => {
    let signal: AbortSignal | undefined
    let stopped: () => void = () => {}
    const cancelled = new Promise<void>((resolve) => (stopped = resolve))
    const api = startApi(
      apiRoutes({
        'api/events.ts': {
          GET: ({ request }) => {
            signal = request.signal
            return new Response(
              new ReadableStream({
                start: (controller) => controller.enqueue(text.encode('data: 1\n\n')),
                cancel: () => stopped(),
              }),
              { headers: { 'content-type': 'text/event-stream' } },
            )
          },
        },
      }),
    )
    const { port, server } = await listen(api)
    const socket = await open(port)
    socket.on('error', () => {})
    socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    const closed = new Promise((resolve) => server.close(resolve))
    // An open stream is a connection in use: close() waits for it until it is told not to.
    server.closeAllConnections()
    await Promise.all([closed, cancelled])
    expect(signal!.aborted).toBe(true)
  })
})

describe('supertest', () => {
  const create = (): StartApi =>
    startApi(
      apiRoutes({
        'api/hello.ts': { GET: () => new Response('hello') },
        'api/upload.ts': { POST: () => json({ error: 'who?' }, { status: 401 }) },
      }),
    )

  it('needs no `ready`, in any number of calls (hazard 237)', async () => {
    const app = express5().use(create())
    for (let turn = 0; turn < 50; turn++) {
      expect((await supertest(app).get('/api/hello')).text).toBe('hello')
    }
    const fresh = await Promise.all(
      Array.from({ length: 20 }, () => supertest(express5().use(create())).get('/api/hello')),
    )
    expect(fresh.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, () => 'hello'))
    expect((await supertest(create()).get('/api/hello')).text).toBe('hello')
  })

  it('gets the answer to an upload that nobody read (hazard 238)', async () => {
    const app = express5().use(create())
    for (let turn = 0; turn < 5; turn++) {
      const answer = await supertest(app)
        .post('/api/upload')
        .attach('file', Buffer.alloc(3_000_000), 'big.bin')
      expect([answer.status, answer.body]).toEqual([401, { error: 'who?' }])
    }
  })
})

describe('requests and responses made by hand (hazard 239)', () => {
  /** What unit tests and cloud adapters pass: no socket, no rawHeaders, no `closed`, no `req.on`. */
  const ask = (api: StartApi, request: object, response: object = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve) => {
      const headers: Record<string, unknown> = {}
      let body = ''
      const res = {
        statusCode: 200,
        setHeader: (name: string, value: unknown) => (headers[name.toLowerCase()] = value),
        getHeader: (name: string) => headers[name.toLowerCase()],
        removeHeader: (name: string) => delete headers[name.toLowerCase()],
        write: (chunk: Uint8Array) => {
          body += Buffer.from(chunk).toString()
          return true
        },
        end: (chunk?: Uint8Array) => {
          if (chunk !== undefined) body += Buffer.from(chunk).toString()
          resolve({ status: res.statusCode, headers, body })
        },
        ...response,
      }
      api(request as IncomingMessage, res as unknown as ServerResponse)
    })

  const create = (options?: StartApiOptions) =>
    startApi(
      apiRoutes({
        'api/x.ts': {
          GET: ({ request }) =>
            json([request.url, request.headers.get('x-a'), request.signal.aborted]),
          POST: async ({ request }) => new Response(await request.text()),
        },
        'api/fails.ts': {
          GET: () => {
            throw new Error('secret')
          },
        },
      }),
      options,
    )

  it('are served', async () => {
    const api = create()
    expect(
      await ask(api, { method: 'GET', url: '/api/x?a=1&a=2', headers: { 'x-a': '1' } }),
    ).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json', 'content-length': '44' },
      body: '["http://localhost/api/x?a=1&a=2","1",false]',
    })
    expect(await ask(api, { url: '/api/x', headers: {} })).toMatchObject({ status: 200 })
    expect(await ask(api, { method: 'GET', url: '/none', headers: {} })).toMatchObject({
      status: 404,
    })
  })

  it.each([
    ['a request without headers', { req: {} }],
    ['a connection that emits nothing', { socket: null, once() {}, off() {}, req: { socket: {} } }],
  ])('are served with %s behind the response', async (_, response) => {
    const api = startApi(
      apiRoutes({
        'api/x.ts': {
          GET: ({ request }) =>
            new Response(new Blob([`${request.url} ${request.signal.aborted}`]).stream()),
        },
      }),
    )
    const request = { method: 'GET', url: '/api/x', headers: {} }
    const { status, body } = await ask(api, request, response)
    expect([status, body]).toEqual([200, 'http://localhost/api/x false'])
  })

  it.each(['text/plain', 'text/event-stream'])(
    'are destroyed where a stream of %s fails',
    async (type) => {
      const log = jest.spyOn(console, 'error').mockImplementation()
      const body = () => {
        let count = 0
        return new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5))
            if (++count === 2) throw new Error('late')
            controller.enqueue(Buffer.from('first'))
          },
        })
      }
      const headers = { 'content-type': type }
      const api = startApi(
        apiRoutes({ 'api/x.ts': { GET: () => new Response(body(), { headers }) } }),
      )
      const written: string[] = []
      await new Promise<void>((resolve) => {
        const response = {
          ...{ headersSent: false, on() {}, once() {}, off() {} },
          write(this: { headersSent: boolean }, chunk: Uint8Array) {
            this.headersSent = true
            written.push(Buffer.from(chunk).toString())
            return true
          },
          destroy: resolve,
        }
        void ask(api, { method: 'GET', url: '/api/x', headers: {} }, response)
      })
      expect(written).toEqual(['first'])
      expect(log).toHaveBeenCalledTimes(1)
      log.mockRestore()
    },
  )

  it('are served with streams on a connection that tells nothing of what it holds, as of serverless hosts', async () => {
    async function* produce() {
      for (let count = 0; count < 3; count++) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        yield 'more '
      }
    }
    const stream = () => Readable.toWeb(Readable.from(produce())) as ReadableStream
    const api = startApi(apiRoutes({ 'api/x.ts': { GET: () => new Response(stream()) } }))
    const req = Object.assign(new MessageOfNode(new Socket()), { method: 'GET', url: '/api/x' })
    const res = new ResponseOfNode(req)
    let written = ''
    res.assignSocket({
      ...{ writable: true, on() {}, removeListener() {}, destroy() {}, cork() {}, uncork() {} },
      _writableState: {},
      write(data: string | Buffer, ...rest: unknown[]) {
        written += String(data)
        const done = rest.find((argument) => typeof argument === 'function')
        ;(done as (() => void) | undefined)?.()
      },
    } as unknown as Socket)
    api(req, res)
    await once(res, 'finish')
    expect(written.match(/more /g)).toHaveLength(3)
  })

  it('are served with the body that stands on `req.body`', async () => {
    const post = { method: 'POST', url: '/api/x' }
    const type = { 'content-type': 'application/json' }
    const api = create()
    expect(await ask(api, { ...post, headers: type, body: { a: [1] } })).toMatchObject({
      body: '{"a":[1]}',
    })
    expect(await ask(api, { ...post, headers: {}, body: Buffer.from('bytes') })).toMatchObject({
      body: 'bytes',
    })
    expect(
      await ask(api, { ...post, headers: {}, rawBody: Buffer.from('raw'), body: {} }),
    ).toMatchObject({ body: 'raw' })
    expect(await ask(api, { ...post, headers: {} })).toMatchObject({ body: '' })
  })

  it('are served in Express, whose getters want a socket', async () => {
    const app = express5().set('trust proxy', true).use(create())
    const headers = { host: 'api.example', 'x-a': '1' }
    const answer = await ask(app as unknown as StartApi, { method: 'GET', url: '/api/x', headers })
    expect(answer.body).toBe('["http://api.example/api/x","1",false]')
  })
})

describe('HTTP/2 (hazards 51, 52, 100)', () => {
  const create = () =>
    startApi({
      'api/any.ts': {
        Route: createFileRoute('/api/any')({
          server: { handlers: { ANY: ({ request }) => json(request.method) } },
        }),
      },
      ...apiRoutes({
        'api/x.ts': {
          GET: ({ request }) =>
            json(
              { url: request.url, headers: [...request.headers], body: request.body },
              { statusText: 'Never sent', headers: { 'set-cookie': 'a=1' } },
            ),
          POST: async ({ request }) => json([await request.text(), request.headers.get('x-a')]),
        },
        'api/stream.ts': {
          GET: ({ request }) => {
            request.signal.addEventListener('abort', () => void log.push('aborted'))
            return new Response(
              new ReadableStream({
                start: (controller) => controller.enqueue(text.encode('first')),
                cancel: () => void log.push('cancelled'),
              }),
            )
          },
        },
        'api/late.ts': {
          GET: async (given) => {
            log.push('begun')
            await new Promise((resolve) => setTimeout(resolve, 50))
            // The Request is first asked for after the client has left.
            const { request } = given
            log.push(`ended, aborted: ${request.signal.aborted}`)
            if (request.url.endsWith('throw')) throw request.signal.reason as Error
            return new Response('late')
          },
        },
      }),
    })
  const log: string[] = []
  const happened = async (count: number) => {
    while (log.length < count) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  let server: http2.Http2Server
  let client: http2.ClientHttp2Session
  beforeEach(async () => {
    log.length = 0
    server = http2.createServer(create() as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(async () => {
    client.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  const ask = (headers: http2.OutgoingHttpHeaders, body?: string) =>
    new Promise<{ head: http2.IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const stream = client.request(headers)
      let head: http2.IncomingHttpHeaders = {}
      let answer = ''
      stream.on('response', (received) => (head = received))
      stream.on('data', (chunk: Buffer) => (answer += chunk.toString()))
      stream.on('end', () => resolve({ head, body: answer })).on('error', reject)
      stream.end(body)
    })

  it('serves GET; `:authority` is the host, and no pseudo-header shows', async () => {
    const { head, body } = await ask({
      ':path': '/api/x?a=1&a=2',
      ':authority': 'api.example:8',
      'x-a': '1',
    })
    expect(head).toMatchObject({
      ':status': 200,
      'set-cookie': ['a=1'],
      'content-type': 'application/json',
    })
    expect(JSON.parse(body)).toEqual({
      url: 'http://api.example:8/api/x?a=1&a=2',
      headers: [
        ['host', 'api.example:8'],
        ['x-a', '1'],
      ],
      body: null,
    })
  })

  it('serves POST, with and without a length, and HEAD', async () => {
    const post = { ':path': '/api/x', ':method': 'POST', 'x-a': '1' }
    expect((await ask(post, 'hello')).body).toBe('["hello","1"]')
    expect((await ask({ ...post, 'content-length': 5 }, 'hello')).body).toBe('["hello","1"]')
    expect((await ask(post)).body).toBe('["","1"]')
    expect(await ask({ ':path': '/api/x', ':method': 'HEAD' })).toMatchObject({
      head: { ':status': 200 },
      body: '',
    })
  })

  it('answers what it does not serve, whatever the method is called (hazards 42, 43)', async () => {
    expect((await ask({ ':path': '/none' })).head[':status']).toBe(404)
    for (const method of ['constructor', '__proto__', 'get', 'TRACE']) {
      expect((await ask({ ':path': '/api/x', ':method': method })).head[':status']).toBe(405)
    }
    // A Request would have them in capitals, which a guard on `req.method` has not seen.
    for (const method of ['get', 'head', 'Post', 'options']) {
      expect((await ask({ ':path': '/api/any', ':method': method })).head[':status']).toBe(405)
    }
    expect((await ask({ ':path': '/api/any', ':method': 'patch' })).body).toBe('"patch"')
    for (const path of ['/api/../api/x', '//api/x', '/api/x#']) {
      expect((await ask({ ':path': path })).head[':status']).toBe(404)
    }
    expect((await ask({ ':path': '/api/x', ':authority': '1.2.3.999' })).head[':status']).toBe(400)
    const withUser = await ask({ ':path': '/api/x', ':authority': 'u:p@h' }).then(
      ({ head }) => head[':status'],
      (error: Error) => error.message,
    )
    // Node 22 and later refuse it themselves.
    const isOurs = Number.parseInt(process.versions.node, 10) < 22
    expect(withUser).toBe(isOurs ? 400 : 'Stream closed with error code NGHTTP2_PROTOCOL_ERROR')
  })

  it('aborts the signal and cancels the stream when its client closes it', async () => {
    const stream = client.request({ ':path': '/api/stream' })
    await new Promise((resolve) => stream.once('data', resolve))
    expect(log).toEqual([])
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await happened(2)
    expect(log.sort()).toEqual(['aborted', 'cancelled'])
  })

  it('has no error to report about a client that left before the answer', async () => {
    const logged = jest.spyOn(console, 'error').mockReturnValue()
    try {
      for (const path of ['/api/late', '/api/late?throw']) {
        log.length = 0
        const stream = client.request({ ':path': path })
        await happened(1)
        stream.close(http2.constants.NGHTTP2_CANCEL)
        await happened(2)
        expect(log).toEqual(['begun', 'ended, aborted: true'])
        await new Promise(setImmediate)
      }
      expect(logged.mock.calls).toEqual([])
    } finally {
      logged.mockRestore()
    }
  })
})

describeHosts('a legacy stack around the routes', (host) => {
  it('ends with one CORS header, the handler’s (hazards 242, 250)', async () => {
    const api = startApi(
      apiRoutes({
        'api/own.ts': {
          GET: () => json(1, { headers: { 'access-control-allow-origin': 'https://own.example' } }),
        },
        'api/plain.ts': { GET: () => json(1) },
      }),
    )
    const { port } = await serve(host, [
      cors({ origin: 'https://legacy.example' }) as Middleware,
      api,
    ])
    const origins = async (path: string) =>
      (await rawGet(port, path)).headers['access-control-allow-origin']
    expect(await origins('/api/own')).toBe('https://own.example')
    expect(await origins('/api/plain')).toBe('https://legacy.example')
  })

  it('finds nothing by names from the wire but what files spell (hazard 247)', async () => {
    const { port } = await serve(host, [
      startApi(apiRoutes({ 'api/$id.ts': { GET: ({ params }) => json({ ...params }) } })),
    ])
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(JSON.parse((await rawGet(port, `/api/${name}`)).body)).toEqual({ id: name })
      expect((await rawGet(port, `/${name}`)).body).toBe(`legacy GET /${name}`)
      expect((await rawGet(port, `/api/x/${name}`)).body).toBe(`legacy GET /api/x/${name}`)
    }
  })

  it('logs and reports no URL, header or body of a client (hazard 248)', async () => {
    const logged: unknown[] = []
    const log = jest
      .spyOn(console, 'error')
      .mockImplementation((...args) => void logged.push(...args))
    try {
      const api = startApi(
        apiRoutes({
          'api/x/$id.ts': {
            POST: async ({ request }) => {
              await request.text()
              return 'token-in-result' as never
            },
          },
        }),
      )
      const { url, errors } = await serve(host, [api])
      const init = {
        method: 'POST',
        body: 'token-in-body',
        headers: { 'x-key': 'token-in-header' },
      }
      await fetch(`${url}/api/x/token-in-path?key=token-in-query`, init)
      await fetch(`${url}/api/x/%zz-token-in-path`, init)
      expect(errors).toHaveLength(2)
      const said = [...errors, ...logged].map(
        (error) => `${String(error)} ${(error as Error).stack}`,
      )
      expect(said.join('\n')).not.toContain('token')
    } finally {
      log.mockRestore()
    }
  })
})
