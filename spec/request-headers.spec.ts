// `request.headers`: what the client sent, as guards in front saw it on `req.headers`.
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express5 from 'express'
import express4 from 'express4'
import { json, startApi } from 'express-start-api'
import { type Host, type Layer, describeHosts, serve } from './support/hosts'
import { open, parseAnswer, rawGet, rawHead, rawRequest, readAll } from './support/raw-request'
import { apiRoutes } from './support/routes'

/** The headers that a handler reads, as pairs. */
async function headersOf(
  host: Host,
  lines: readonly string[],
  layers: readonly Layer[] = [],
): Promise<[string, string][]> {
  const api = startApi(
    apiRoutes({ 'api/headers.ts': { GET: ({ request }) => json([...request.headers]) } }),
  )
  const { port } = await serve(host, [...layers, api])
  const answer = await rawGet(port, '/api/headers', ['Host: localhost', ...lines])
  expect(answer.status).toBe(200)
  const pairs = JSON.parse(Buffer.from(answer.body, 'latin1').toString()) as [string, string][]
  return pairs.filter(([name]) => name !== 'host')
}

describeHosts('request.headers', (host) => {
  it('iterates in lower case and sorted (hazard 54)', async () => {
    expect(await headersOf(host, ['X-B: 2', 'x-A: 1', 'Accept: */*'])).toEqual([
      ['accept', '*/*'],
      ['x-a', '1'],
      ['x-b', '2'],
    ])
  })

  it('has empty values and keeps all but the outer white space (hazard 53)', async () => {
    expect(await headersOf(host, ['X-Empty:', 'X-Space:  a  b\t'])).toEqual([
      ['x-empty', ''],
      ['x-space', 'a  b'],
    ])
  })

  it('finds no member of a prototype, and no prototype in a header (hazards 47, 48)', async () => {
    const api = startApi(
      apiRoutes({
        'api/headers.ts': {
          GET: ({ request: { headers } }) =>
            json([
              headers.get('constructor'),
              headers.has('toString'),
              headers.get('hasOwnProperty'),
              Object.getPrototypeOf(headers) === Headers.prototype,
            ]),
        },
      }),
    )
    const { port } = await serve(host, [api])
    const ask = async (...lines: string[]) =>
      JSON.parse((await rawGet(port, '/api/headers', lines)).body) as unknown
    expect(await ask()).toEqual([null, false, null, true])
    // Node itself drops a header of this name (in `req.headers`, where guards look): so do we.
    expect(await ask('__proto__: x')).toEqual([null, false, null, true])
    expect(await ask('constructor: mine')).toEqual(['mine', false, null, true])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it('joins what a client repeats as Node does for guards (hazard 49)', async () => {
    const [guard, pairs] = await seenByBoth(host, [
      'Authorization: Bearer one',
      'Authorization: Bearer two',
      'Cookie: a=1',
      'Cookie: b=2',
      'Accept: text/html',
      'Accept: */*',
      'X-Forwarded-For: 1.1.1.1',
      'X-Forwarded-For: 2.2.2.2',
      'User-Agent: first',
      'User-Agent: second',
    ])
    expect(pairs).toEqual([
      ['accept', 'text/html, */*'],
      // The first: a guard that checked it must not be followed by a handler that reads the second.
      ['authorization', 'Bearer one'],
      ['cookie', 'a=1; b=2'],
      ['user-agent', 'first'],
      ['x-forwarded-for', '1.1.1.1, 2.2.2.2'],
    ])
    for (const [name, value] of pairs) expect(guard[name]).toBe(value)
  })

  it('keeps several Set-Cookie apart (hazard 50)', async () => {
    expect(
      await headersOf(host, [
        'Set-Cookie: a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT',
        'Set-Cookie: b=2',
      ]),
    ).toEqual([
      ['set-cookie', 'a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT'],
      ['set-cookie', 'b=2'],
    ])
  })

  it('keeps bytes above ASCII', async () => {
    expect(await headersOf(host, ['X-Name: J\xfcrgen'])).toEqual([['x-name', 'Jürgen']])
  })

  it('shows what middleware in front added, whatever its type', async () => {
    const pairs = await headersOf(
      host,
      [],
      [
        (req, _res, next) => {
          Object.assign(req.headers, { 'x-user-id': 42, 'x-none': undefined, 'x-list': ['a', 'b'] })
          next()
        },
      ],
    )
    expect(pairs).toEqual([
      ['x-list', 'a, b'],
      ['x-user-id', '42'],
    ])
  })

  it('leaves out what is about the connection, which fetch(request) would refuse', async () => {
    const pairs = await headersOf(
      host,
      ['Connection: close, X-Hop', 'Keep-Alive: timeout=5', 'Upgrade: h2c', 'X-Hop: kept'],
      [
        (req, _res, next) => {
          // Sent by the client, it would put a second answer in front.
          req.headers.expect = '100-continue'
          next()
        },
      ],
    )
    expect(pairs).toEqual([['x-hop', 'kept']])
  })

  it('is a copy: `req.headers` stays as it was (hazard 46)', async () => {
    const snapshots: unknown[] = []
    const api = startApi(
      apiRoutes({
        'api/x.ts': {
          POST: async ({ request }) => {
            request.headers.set('x-mine', '1')
            request.headers.delete('content-type')
            return new Response(await request.text())
          },
        },
      }),
      {
        context: (req: IncomingMessage) => {
          snapshots.push({ ...req.headers }, [...req.rawHeaders])
          return {}
        },
      },
    )
    let seen: IncomingMessage | undefined
    const { port } = await serve(host, [
      (req, _res, next) => {
        seen = req
        next()
      },
      // A parser that left an object behind: the Request then says another length and type.
      (req, _res, next) => {
        req
          .on('data', () => {})
          .on('end', () => {
            req.body = { a: [1] }
            next()
          })
      },
      api,
    ])
    const answer = await rawRequest(
      port,
      `${rawHead('POST /api/x HTTP/1.1', ['Content-Type: application/vnd.x+json; charset=latin1', 'Transfer-Encoding: chunked', 'X-A: 1'])}9\r\n{"a":[1]}\r\n0\r\n\r\n`,
    )
    expect(answer.body).toBe('{"a":[1]}')
    expect([{ ...seen!.headers }, [...seen!.rawHeaders]]).toEqual(snapshots)
  })

  it.each(['Chunked', 'CHUNKED'])(
    'reads a body that is `Transfer-Encoding: %s` (hazard 56)',
    async (coding) => {
      const { port } = await serve(host, [bodyApi()])
      const answer = await rawRequest(
        port,
        `${rawHead('POST /api/body HTTP/1.1', [`Transfer-Encoding: ${coding}`])}2\r\nhi\r\n0\r\n\r\n`,
      )
      expect(answer.body).toBe('"hi" null')
    },
  )

  it('is not asked when length and coding contradict each other (hazard 56)', async () => {
    const { port } = await serve(host, [bodyApi()])
    const answer = await rawRequest(
      port,
      `${rawHead('POST /api/body HTTP/1.1', ['Content-Length: 1', 'Transfer-Encoding: chunked'])}2\r\nhi\r\n0\r\n\r\n`,
    )
    expect(answer.status).toBe(400)
    expect(answer.body).not.toContain('hi')
  })

  it('comes with the whole body where trailers follow it (hazard 57)', async () => {
    let req: IncomingMessage | undefined
    const { port } = await serve(host, [
      startApi(
        apiRoutes({
          'api/body.ts': { POST: async ({ request }) => new Response(await request.text()) },
        }),
        {
          context: (own: IncomingMessage) => {
            req = own
            return {}
          },
        },
      ),
    ])
    const answer = await rawRequest(
      port,
      `${rawHead('POST /api/body HTTP/1.1', ['Transfer-Encoding: chunked', 'Trailer: X-Sum'])}2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n`,
    )
    expect(answer.body).toBe('hi')
    expect(req!.trailers).toEqual({ 'x-sum': '7' })
  })
})

const bodyApi = () =>
  startApi(
    apiRoutes({
      'api/body.ts': {
        POST: async ({ request }) =>
          new Response(
            `${JSON.stringify(await request.text())} ${request.headers.get('transfer-encoding')}`,
          ),
      },
      'api/early.ts': { POST: () => new Response('no', { status: 401 }) },
    }),
  )

async function seenByBoth(
  host: Host,
  lines: readonly string[],
): Promise<[IncomingMessage['headers'], [string, string][]]> {
  let guard: IncomingMessage['headers'] = {}
  const pairs = await headersOf(host, lines, [
    (req, _res, next) => {
      guard = req.headers
      next()
    },
  ])
  return [guard, pairs]
}

describeHosts('Expect: 100-continue (hazard 55)', (host) => {
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`

  it('is answered before the body comes', async () => {
    const { port } = await serve(host, [bodyApi()])
    const socket = await open(port)
    socket.write(head('/api/body').replace('Expect', 'Connection: close\r\nExpect'))
    const [first] = (await once(socket)) as [Buffer]
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('hello')
    expect(parseAnswer((await readAll(socket)).toString()).body).toBe('"hello" null')
  })

  it('leaves the connection usable after an answer that did not wait for the body', async () => {
    const { port } = await serve(host, [bodyApi()])
    const socket = await open(port)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.write(head('/api/early'))
    while (!text.includes('no')) await once(socket)
    expect(text).toContain('401')
    socket.write(`hello${rawHead('POST /api/early HTTP/1.1', ['Content-Length: 0'])}`)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 401', 'HTTP/1.1 401'])
  })

  it('is left to those who decide about it themselves', async () => {
    const app = host.create()
    app.use('/', bodyApi())
    const server = createServer(app.listener)
    const asked: (string | undefined)[] = []
    server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      asked.push(req.headers.expect)
      res.writeContinue()
      server.emit('request', req, res)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const text = await new Promise<string>((resolve, reject) => {
        const request = httpRequest(
          {
            port,
            host: '127.0.0.1',
            method: 'POST',
            path: '/api/body',
            headers: { expect: '100-continue' },
          },
          (response) => {
            let body = ''
            response.setEncoding('utf8')
            response.on('data', (chunk: string) => (body += chunk)).on('end', () => resolve(body))
          },
        )
        request
          .on('error', reject)
          .on('continue', () => request.end('hello'))
          .flushHeaders()
      })
      expect(text).toBe('"hello" null')
      expect(asked).toEqual(['100-continue'])
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

const once = (socket: NodeJS.EventEmitter) =>
  new Promise<unknown[]>((resolve) => socket.once('data', (...args) => resolve(args)))

describe.each([
  ['Express 5', express5],
  ['Express 4', express4 as unknown as typeof express5],
])('body parsers in front [%s]', (_name, express) => {
  it('leave headers that still hold for legacy code behind (hazard 46)', async () => {
    const before: unknown[] = []
    const after: unknown[] = []
    const host: Host = {
      name: 'Express 5',
      isExpress: true,
      create: () => {
        const app = express()
        return { use: (path, middleware) => void app.use(path, middleware as never), listener: app }
      },
    }
    const { url } = await serve(host, [
      express.json({ type: '*/*' }),
      (req, _res, next) => {
        before.push({ ...req.headers })
        next()
      },
      startApi(
        apiRoutes({
          'api/x.ts': {
            POST: async ({ request }) => {
              await request.json()
              throw new Error('on to the error handler')
            },
          },
        }),
      ),
      ((error: Error, req: IncomingMessage, _res: unknown, next: (error: Error) => void) => {
        after.push({ ...req.headers })
        next(error)
      }) as never,
    ])
    const answer = await fetch(`${url}/api/x`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'text/odd' },
    })
    expect(answer.status).toBe(500)
    expect(after).toEqual(before)
  })
})

describeHosts('headers that other servers give a meaning (hazard 245)', (host) => {
  it('steer nothing', async () => {
    const api = startApi(
      apiRoutes({
        'api/x.ts': {
          GET: ({ request }) =>
            new Response(`GET ${request.method} ${new URL(request.url).pathname}`),
          DELETE: () => new Response('DELETE'),
        },
        'api/y.ts': { GET: () => new Response('y') },
      }),
    )
    const { port } = await serve(host, [api])
    const answer = await rawGet(port, '/api/x', [
      'X-HTTP-Method-Override: DELETE',
      'X-Method-Override: DELETE',
      'X-Middleware-Subrequest: 1',
      'X-Original-URL: /api/y',
      'X-Rewrite-URL: /api/y',
      'X-Matched-Path: /api/y',
      'X-Start-Api-Event: 1',
      'X-Tss-Server-Fn: 1',
    ])
    expect(answer.body).toBe('GET GET /api/x')
  })
})
