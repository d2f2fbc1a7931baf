// Which handler a method finds, and who answers where there is none.
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type APIRouteMethods, startApi } from 'express-start-api'
import { type Host, type Middleware, describeHosts, middlewareHosts, serve } from './support/hosts'
import { open, rawHead, rawRequest, readAll } from './support/raw-request'
import { apiRoutes } from './support/routes'

const apiOf = (methods: APIRouteMethods<string>, options = {}) =>
  startApi(apiRoutes({ 'api/x.ts': methods }), options)

const ask = async (
  host: Host,
  method: string,
  layers: readonly Middleware[],
  lines: readonly string[] = [],
) => {
  const { port } = await serve(host, layers)
  return rawRequest(port, rawHead(`${method} /api/x HTTP/1.1`, lines))
}

describeHosts('HEAD', (host) => {
  it('is served by GET, with its headers and without its body (hazards 36, 38)', async () => {
    const methods: string[] = []
    const api = apiOf({
      GET: ({ request }) => {
        methods.push(request.method)
        return new Response('hello', { headers: { 'x-a': '1' } })
      },
    })
    const answer = await ask(host, 'HEAD', [api])
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({ 'content-length': '5', 'x-a': '1' })
    expect(answer.body).toBe('')
    expect(methods).toEqual(['HEAD'])
  })

  it('prefers a handler of its own (hazard 36)', async () => {
    const api = apiOf({
      GET: () => new Response('hello'),
      HEAD: () => new Response(null, { headers: { 'x-own': '1', 'content-length': '999' } }),
    })
    const answer = await ask(host, 'HEAD', [api])
    expect(answer.headers).toMatchObject({ 'x-own': '1', 'content-length': '999' })
  })

  it('has no length where GET has none (hazard 38)', async () => {
    const answer = await ask(host, 'HEAD', [apiOf({ HEAD: () => new Response(null) })])
    expect(answer.headers['content-length']).toBeUndefined()
    expect(answer.body).toBe('')
  })

  it('ends an endless GET and cancels it (hazard 37)', async () => {
    const cancelled = jest.fn()
    const api = apiOf({
      GET: () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new TextEncoder().encode('data: x\n\n')),
            cancel: cancelled,
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    })
    const answer = await ask(host, 'HEAD', [api])
    expect(answer.headers['content-type']).toBe('text/event-stream')
    expect(answer.body).toBe('')
    expect(cancelled).toHaveBeenCalledTimes(1)
  })
})

describeHosts('a method that the file does not handle', (host) => {
  it.each(['POST', 'DELETE', 'OPTIONS', 'PROPFIND', 'PURGE', 'M-SEARCH', 'TRACE', 'REPORT'])(
    'goes on to the legacy application: %s (hazards 39 to 42)',
    async (method) => {
      const handler = jest.fn(() => new Response('reached'))
      const answer = await ask(host, method, [
        apiOf({ GET: handler }),
        (req, res) => res.end(`legacy ${req.method}`),
      ])
      expect(answer.body).toBe(`legacy ${method}`)
      expect(handler).not.toHaveBeenCalled()
    },
  )

  it.each([
    ['POST', 405],
    ['TRACE', 405],
    ['PURGE', 405],
    ['OPTIONS', 204],
  ])(
    'is answered with `fallthrough: false`: %s with %i and Allow (hazards 39, 40)',
    async (method, status) => {
      const answer = await ask(host, method, [
        apiOf({ GET: () => new Response() }, { fallthrough: false }),
      ])
      expect(answer.status).toBe(status)
      expect(answer.headers['allow']).toBe('GET, OPTIONS, HEAD')
    },
  )

  it('never is a member of an object (hazards 43, 247)', async () => {
    for (const method of [
      'constructor',
      'toString',
      '__proto__',
      'hasOwnProperty',
      'get',
      'size',
    ]) {
      const { port } = await serve(host, [
        (req, _res, next) => {
          req.method = method
          next()
        },
        apiOf({ GET: () => new Response('reached') }),
        (req, res) => res.end(`legacy ${req.method}`),
      ])
      const answer = await rawRequest(port, rawHead('POST /api/x HTTP/1.1', ['Content-Length: 0']))
      expect(answer.body).toBe(`legacy ${method}`)
    }
  })
})

describe('a node:http server of nothing but startApi()', () => {
  it('answers every method itself (J)', async () => {
    const server = createServer(
      apiOf({ GET: () => new Response('hello'), OPTIONS: () => new Response('own') }),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      const answers = await Promise.all(
        [
          'GET /api/x',
          'OPTIONS /api/x',
          'PUT /api/x',
          'TRACE /api/x',
          'GET /other',
          'OPTIONS *',
        ].map(async (line) => (await rawRequest(port, rawHead(`${line} HTTP/1.1`))).statusLine),
      )
      expect(answers).toEqual([
        'HTTP/1.1 200 OK',
        'HTTP/1.1 200 OK',
        'HTTP/1.1 405 Method Not Allowed',
        'HTTP/1.1 405 Method Not Allowed',
        'HTTP/1.1 404 Not Found',
        'HTTP/1.1 404 Not Found',
      ])
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describeHosts(
  'legacy answers to OPTIONS',
  (host) => {
    it('stay theirs: Allow of the routes behind, CORS in front (hazard 39)', async () => {
      const cors: Middleware = (req, res, next) => {
        if (req.method !== 'OPTIONS') return next()
        res.statusCode = 204
        res.setHeader('access-control-allow-origin', '*')
        res.end()
      }
      const api = apiOf({ GET: () => new Response() })
      for (const layers of [
        [cors, api],
        [api, cors],
      ]) {
        const answer = await ask(host, 'OPTIONS', layers)
        expect(answer.status).toBe(204)
        expect(answer.headers['access-control-allow-origin']).toBe('*')
      }
    })
  },
  middlewareHosts,
)

describeHosts('a body that its method has no use for', (host) => {
  it.each(['GET', 'HEAD'])(
    'is null and leaves the connection usable: %s (hazard 45)',
    async (method) => {
      const bodies: unknown[] = []
      const api = apiOf({
        GET: async ({ request }) => {
          bodies.push(request.body, await request.text())
          return new Response('hello')
        },
      })
      const { port } = await serve(host, [api])
      const socket = await open(port)
      socket.write(
        `${method} /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12345${rawHead('GET /api/x HTTP/1.1')}`,
      )
      const text = (await readAll(socket)).toString()
      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
      expect(bodies).toEqual([null, '', null, ''])
    },
  )

  it('is ignored where method-override made a GET of a POST (hazard 44)', async () => {
    const api = apiOf({
      GET: async ({ request }) =>
        new Response(`${request.method} ${request.body} ${await request.text()}`),
    })
    const { port } = await serve(host, [
      (req, _res, next) => {
        req.method = 'GET'
        next()
      },
      api,
    ])
    const socket = await open(port)
    socket.write(
      `POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12345${rawHead('POST /api/x HTTP/1.1', ['Content-Length: 2'])}hi`,
    )
    const text = (await readAll(socket)).toString()
    expect(text.match(/GET null \r?\n?/g) ?? text).toHaveLength(2)
  })
})

describeHosts('an upgrade (hazard 58)', (host) => {
  const upgrade = (port: number) =>
    new Promise<string>((resolve, reject) => {
      httpRequest({
        port,
        host: '127.0.0.1',
        path: '/api/x',
        headers: { connection: 'Upgrade', upgrade: 'websocket' },
      })
        .on('upgrade', (response: IncomingMessage, socket) => {
          socket.destroy()
          resolve(`upgraded ${response.statusCode}`)
        })
        .on('response', (response) => {
          response.resume()
          resolve(`answered ${response.statusCode}`)
        })
        .on('error', reject)
        .end()
    })

  it('goes to the listeners that the application has', async () => {
    const handler = jest.fn(() => new Response('hello'))
    const { port, server } = await serve(host, [apiOf({ GET: handler })])
    server.on('upgrade', (_req, socket) => {
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      )
    })
    expect(await upgrade(port)).toBe('upgraded 101')
    expect(handler).not.toHaveBeenCalled()
  })

  it('is a request like any other where it has none', async () => {
    const { port } = await serve(host, [apiOf({ GET: () => new Response('hello') })])
    expect(await upgrade(port)).toBe('answered 200')
  })
})
