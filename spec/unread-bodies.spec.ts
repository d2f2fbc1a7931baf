// Bodies that a handler leaves unread, wholly or in part: what the client and the server see of it.
import { once } from 'node:events'
import { Agent, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { Socket, connect } from 'node:net'
import { duplexPair } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type Request } from 'express'
import { fromExpress, json, startApi, startHandler } from 'express-start-api'
import supertest from 'supertest'
import { chainX } from './support/chain'
import { type TestHandler, routeX } from './support/handlers'
import {
  type Layer,
  type Middleware,
  describeHosts,
  expressHosts,
  hosts,
  serve,
} from './support/hosts'
import { post, toNode } from './support/post'
import { open, parseAnswer, rawHead, readAll } from './support/raw-request'
import { apiRoutes } from './support/routes'

const MB = 1e6

const upload = (length: number, ...headers: string[]) =>
  rawHead('POST /api/refuse HTTP/1.1', [`Content-Length: ${length}`, ...headers])
const KEPT = 'Connection: keep-alive'

/** Refuses uploads, reading nothing or one chunk, and echoes others. */
function uploadApi() {
  return startApi(
    apiRoutes({
      'api/refuse.ts': { POST: () => new Response('who are you?', { status: 401 }) },
      'api/peek.ts': {
        POST: async ({ request }) => {
          const { value } = await request.body!.getReader().read()
          return json({ first: value!.subarray(0, 3).length }, { status: 415 })
        },
      },
      'api/cancel.ts': {
        POST: async ({ request }) => {
          await request.body!.cancel()
          return new Response('cancelled', { status: 415 })
        },
      },
      'api/fail.ts': {
        POST: () => {
          throw new Error('no')
        },
      },
      'api/echo.ts': {
        GET: ({ request }) => json({ body: request.body }),
        POST: async ({ request }) => new Response(await request.text()),
      },
    }),
  )
}

/** Sends requests one after another on one socket, the last of them closing it. */
async function converse(port: number, requests: readonly (string | Buffer)[]): Promise<string[]> {
  const socket = await open(port)
  const answers = readAll(socket)
  for (const bytes of requests) socket.write(bytes)
  return (await answers).toString().split(/(?=HTTP\/1\.1 )/)
}

/** An upload through Node's client, and whatever error the client met. */
async function uploadWith(agent: Agent, port: number, route: string, length = 5 * MB) {
  const headers = { 'content-length': length }
  const sending = send({ port, path: `/api/${route}`, method: 'POST', agent, headers })
  const errors: Error[] = []
  sending.on('error', (error) => errors.push(error))
  const closed = new Promise((resolve) => sending.once('close', resolve))
  sending.end(Buffer.alloc(length))
  const [answer] = (await once(sending, 'response')) as [IncomingMessage]
  const text = (await answer.setEncoding('utf8').toArray()).join('')
  await closed
  return { status: answer.statusCode, text, connection: answer.headers.connection, errors }
}

/** What closes a connection that its client would keep, in front of every route but `echo`. */
const closers: Readonly<Record<string, Middleware>> = {
  'middleware in front': (req: IncomingMessage, res: ServerResponse, next: () => void) => {
    if (req.url !== '/api/echo') res.setHeader('Connection', 'close')
    next()
  },
  'as the head is written': (req: IncomingMessage, res: ServerResponse, next: () => void) => {
    const write = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse
    res.writeHead = (...args: unknown[]) => {
      if (req.url !== '/api/echo') res.setHeader('Connection', 'close')
      return write(...args)
    }
    next()
  },
  // Node announces the end and leaves the closing to the client.
  maxRequestsPerSocket: (_req: unknown, _res: unknown, next: () => void) => next(),
}

const echo = (text: string) =>
  rawHead('POST /api/echo HTTP/1.1', [`Content-Length: ${text.length}`]) + text

describeHosts('An upload that the handler leaves unread', (host) => {
  it.each(['refuse', 'peek', 'cancel', 'fail'])(
    'leaves the answer readable and a kept connection usable: %s (hazard 97)',
    async (route) => {
      const { port } = await serve(host, [uploadApi()])
      const head = upload(5 * MB, KEPT).replace('refuse', route)
      const [first, second, ...more] = await converse(port, [
        head,
        Buffer.alloc(5 * MB, 'POST / HTTP/1.1\r\n\r\n'),
        echo('next'),
      ])
      const expected = { refuse: 401, peek: 415, cancel: 415, fail: 500 }[route]
      expect(parseAnswer(first!).status).toBe(expected)
      expect(parseAnswer(second!)).toMatchObject({ status: 200, body: 'next' })
      expect(more).toEqual([])
    },
  )

  it('leaves a kept connection usable if it is chunked (hazard 97)', async () => {
    const { port } = await serve(host, [uploadApi()])
    for (const route of ['refuse', 'peek']) {
      const chunk = Buffer.from(`f4240\r\n${'x'.repeat(MB)}\r\n`)
      const answers = await converse(port, [
        rawHead(`POST /api/${route} HTTP/1.1`, ['Transfer-Encoding: chunked', KEPT]),
        ...Array.from({ length: 5 }, () => chunk),
        '0\r\n\r\n',
        echo('next'),
      ])
      expect(answers.map((answer) => parseAnswer(answer).status)).toEqual([
        route === 'refuse' ? 401 : 415,
        200,
      ])
    }
  })

  it.each(['refuse', 'peek', 'cancel', 'fail'])(
    'leaves the answer readable on a connection that closes: %s (hazards 98, 238)',
    async (route) => {
      const { port } = await serve(host, [uploadApi()])
      const { status, text, errors } = await uploadWith(new Agent(), port, route)
      expect([status, errors]).toEqual([
        { refuse: 401, peek: 415, cancel: 415, fail: 500 }[route],
        [],
      ])
      expect(text).not.toBe('')
    },
  )

  it.each(Object.keys(closers))(
    'leaves the answer readable if the server closes a kept connection: %s (hazards 98, 238)',
    async (name) => {
      for (const route of ['refuse', 'peek', 'cancel', 'fail']) {
        const { port, server } = await serve(host, [closers[name]!, uploadApi()])
        server.maxRequestsPerSocket = name === 'maxRequestsPerSocket' ? 2 : 0
        const agent = new Agent({ keepAlive: true, maxSockets: 1 })
        const first = await uploadWith(agent, port, 'echo', 3)
        const { status, text, connection, errors } = await uploadWith(agent, port, route)
        agent.destroy()
        expect(first).toMatchObject({ status: 200, connection: 'keep-alive' })
        expect([status, connection, errors]).toEqual([
          { refuse: 401, peek: 415, cancel: 415, fail: 500 }[route],
          'close',
          [],
        ])
        expect(text).not.toBe('')
      }
    },
  )

  it('closes such a connection when the upload is over (hazard 98)', async () => {
    const { port, server } = await serve(host, [closers['middleware in front']!, uploadApi()])
    const connected = once(server, 'connection') as Promise<[Socket]>
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const [socket] = await connected
    client.write(upload(5 * MB, KEPT))
    await once(client, 'data')
    expect(socket.destroyed).toBe(false)
    client.write(Buffer.alloc(5 * MB))
    await once(socket, 'close')
    client.destroy()
  })

  it.each(['of every socket', 'of this socket'])(
    'leaves a kept connection the way of closing %s (hazard 97)',
    async (whose) => {
      const { port, server } = await serve(host, [uploadApi()])
      const connected = once(server, 'connection') as Promise<[Socket]>
      const client = await open(port)
      const [socket] = await connected
      const own = () => Socket.prototype.destroySoon.call(socket)
      if (whose === 'of this socket') socket.destroySoon = own
      const before = Object.getOwnPropertyDescriptor(socket, 'destroySoon')
      for (let count = 0; count < 3; count++) {
        client.write(upload(MB, KEPT))
        const [answer] = (await once(client, 'data')) as [Buffer]
        expect(parseAnswer(answer.toString()).status).toBe(401)
        // The body is still to come.
        expect(Object.getOwnPropertyDescriptor(socket, 'destroySoon')).toEqual(before)
        client.write(Buffer.alloc(MB))
      }
      const last = readAll(client)
      client.write(echo('next'))
      expect(parseAnswer((await last).toString())).toMatchObject({ status: 200, body: 'next' })
    },
  )

  it('leaves the answers to pipelined requests as they are (hazard 97)', async () => {
    const { port } = await serve(host, [uploadApi()])
    const kept = (text: string) => echo(text).replace('Connection: close', KEPT)
    const uploads = Buffer.from(upload(MB, KEPT) + 'x'.repeat(MB))
    const answers = await converse(port, [
      Buffer.concat([Buffer.from(kept('1')), uploads, uploads, Buffer.from(kept('4') + echo('5'))]),
    ])
    expect(answers.map((answer) => parseAnswer(answer).status)).toEqual([200, 401, 401, 200, 200])
  })

  it('leaves alone a connection that is no socket of the network', async () => {
    const { server } = await serve(host, [uploadApi()])
    for (const header of [KEPT, 'Connection: close']) {
      const [client, connection] = duplexPair()
      server.emit('connection', connection)
      client.write(upload(5 * MB, header))
      const [answer] = (await once(client, 'data')) as [Buffer]
      expect(parseAnswer(answer.toString()).status).toBe(401)
      client.destroy()
    }
  })

  it('closes such a connection when the upload is over, or the client has enough (hazard 98)', async () => {
    const { port, server } = await serve(host, [uploadApi()])
    const whole = await open(port)
    whole.write(upload(5 * MB))
    whole.write(Buffer.alloc(5 * MB))
    expect(parseAnswer((await readAll(whole)).toString()).status).toBe(401)
    const connected = once(server, 'connection') as Promise<[Socket]>
    const patient = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const closed = connected.then(([socket]) => once(socket, 'close'))
    patient.write(upload(5 * MB))
    patient.write(Buffer.alloc(5 * MB))
    await closed
    patient.destroy()
    const half = await open(port)
    half.write(upload(5 * MB))
    await once(half, 'data')
    half.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it('does not wait for ever for a client that stops half-way (hazard 98)', async () => {
    const { port, server } = await serve(host, [uploadApi()])
    const connected = once(server, 'connection') as Promise<[Socket]>
    const client = await open(port)
    const [socket] = await connected
    client.write(upload(5 * MB))
    await once(client, 'data')
    expect(socket.timeout).toBe(5000)
    socket.emit('timeout')
    expect(socket.destroyed).toBe(true)
  })

  it('leaves the answer readable for fetch, and its connections usable (hazard 97)', async () => {
    const { url } = await serve(host, [uploadApi()])
    for (let count = 0; count < 5; count++) {
      const body = Buffer.alloc(5 * MB)
      const answer = await fetch(`${url}/api/refuse`, { method: 'POST', body })
      expect([answer.status, await answer.text()]).toEqual([401, 'who are you?'])
      const next = await fetch(`${url}/api/echo`, { method: 'POST', body: 'next' })
      expect(await next.text()).toBe('next')
    }
  })

  it('leaves the answer readable for supertest (hazard 238)', async () => {
    const { url } = await serve(host, [uploadApi()])
    for (const route of ['refuse', 'peek']) {
      const answer = await supertest(url)
        .post(`/api/${route}`)
        .attach('file', Buffer.alloc(5 * MB), 'large.bin')
      expect(answer.status).toBe(route === 'refuse' ? 401 : 415)
    }
  })

  it('is no matter if it is the body of a GET (hazard 45)', async () => {
    const { port } = await serve(host, [uploadApi()])
    const answers = await converse(port, [
      `${rawHead('GET /api/echo HTTP/1.1', ['Content-Length: 5', KEPT])}hello`,
      echo('next'),
    ])
    expect(answers.map((answer) => parseAnswer(answer).body)).toEqual(['{"body":null}', 'next'])
  })
})

describeHosts(
  'An upload beyond maxBodySize',
  (host) => {
    it('leaves the answer readable and the connection usable (hazard 98)', async () => {
      const api = startApi(
        apiRoutes({ 'api/refuse.ts': { POST: ({ request }) => request.text().then(json) } }),
        { maxBodySize: 10 },
      )
      const { port } = await serve(host, [api])
      const answers = await converse(port, [
        upload(5 * MB, KEPT),
        Buffer.alloc(5 * MB),
        `${upload(1)}a`,
      ])
      expect(answers.map((answer) => parseAnswer(answer).status)).toEqual([413, 200])
      const closing = await converse(port, [upload(5 * MB), Buffer.alloc(5 * MB)])
      expect(closing.map((answer) => parseAnswer(answer).status)).toEqual([413])
    })
  },
  [...expressHosts, ...hosts.filter((host) => host.name === 'node:http')],
)

describeHosts('What a middleware in front left half-read', (host) => {
  it('does not stand in the way of the next request (hazards 84, 97)', async () => {
    const begin: Middleware = (req: IncomingMessage, _res: unknown, next: () => void) => {
      if (req.url !== '/api/refuse') return next()
      req.once('data', () => {
        req.pause()
        next()
      })
    }
    const { port } = await serve(host, [begin, uploadApi()])
    const answers = await converse(port, [upload(5 * MB, KEPT), Buffer.alloc(5 * MB), echo('next')])
    expect(answers.map((answer) => parseAnswer(answer).status)).toEqual([401, 200])
  })
})

describeHosts('A body that a logger in front listens to', (host) => {
  const logged: Buffer[] = []
  const log: Middleware = (req, _res, next) => {
    logged.length = 0
    req.on('data', (chunk: Buffer) => logged.push(chunk))
    next()
  }
  const parse = express.json()
  const readData = (req: IncomingMessage) =>
    new Promise<string>((resolve) => {
      let text = ''
      req.on('data', (chunk: Buffer) => (text += chunk)).on('end', () => resolve(text))
    })
  const body = '{"a":1}'
  const ask = async (layers: readonly Layer[]) => {
    const { port } = await serve(host, [log, ...layers])
    const answer = await post(port, '/api/x', { type: 'application/json', body })
    expect(Buffer.concat(logged).toString()).toBe(body)
    return answer.body
  }

  it('is there for a handler that reads `context.req`, or has a parser read it', async () => {
    const byEvents: TestHandler = async ({ context }) => new Response(await readData(context.req))
    expect(await ask([routeX(byEvents)])).toBe(body)
    const byParser: TestHandler = async ({ context: { req, res } }) => {
      await new Promise((resolve) => parse(req as Request, res as never, resolve))
      return json((req as Request).body)
    }
    expect(await ask([routeX(byParser)])).toBe(body)
  })

  it('is there though the request came before the files were loaded', async () => {
    const echo: Middleware = (req, res) => res.end(JSON.stringify(req.body))
    const [module] = Object.values(
      apiRoutes({ 'x.ts': { POST: async ({ request }) => new Response(await request.text()) } }),
    )
    const slow = async () => {
      await sleep(100)
      return module
    }
    for (const file of ['api/x.ts', 'api/y.ts']) {
      expect(await ask([startApi({ [file]: slow }), parse, echo])).toBe(body)
    }
  })

  it('is there for what is mounted behind, where a request is passed on', async () => {
    const echo: Middleware = (req, res) => res.end(JSON.stringify(req.body))
    const pass = startHandler(async () => new Response('no', { status: 404 }), {
      fallthrough: true,
    })
    expect(await ask([pass, parse, echo])).toBe(body)
    const leave = fromExpress((_req, _res, next) => next('route'))
    expect(await ask([chainX([leave], () => new Response('no')), parse, echo])).toBe(body)
  })
})

describeHosts('A large upload', (host) => {
  /** Writes `size` bytes in chunks, as fast as the server takes them. */
  async function pour(socket: Socket, size: number): Promise<void> {
    const chunk = Buffer.alloc(MB, 'x')
    const framed = Buffer.concat([Buffer.from('f4240\r\n'), chunk, Buffer.from('\r\n')])
    for (let sent = 0; sent < size; sent += MB) {
      if (!socket.write(framed)) await once(socket, 'drain')
    }
    socket.write('0\r\n\r\n')
  }

  /** Bytes that the server has taken off the socket once it takes no more. */
  async function settled(req: IncomingMessage): Promise<number> {
    let taken = -1
    while (req.socket.bytesRead !== taken) {
      taken = req.socket.bytesRead
      await sleep(50)
    }
    return taken
  }

  const SIZE = 300 * MB
  const head = rawHead('POST /api/body HTTP/1.1', ['Transfer-Encoding: chunked', KEPT])
  const last = rawHead('POST /api/body HTTP/1.1', ['Content-Length: 0'])

  it('stays with the client while the handler does not read it (hazard 96)', async () => {
    const seen: number[] = []
    const api = startApi(
      apiRoutes({
        'api/body.ts': {
          POST: async (given) => {
            const reader = given.request.body!.getReader()
            seen.push(await settled(toNode(given)))
            await reader.read()
            seen.push(await settled(toNode(given)))
            // What was here is gone: these wait.
            for (let reads = 4; reads > 0; reads--) await reader.read()
            seen.push(await settled(toNode(given)))
            return new Response(null, { status: 401 })
          },
        },
      }),
    )
    const { port } = await serve(host, [api])
    const socket = await open(port)
    socket.write(head)
    await pour(socket, 20 * MB)
    expect(seen).toHaveLength(3)
    for (const taken of seen) expect(taken).toBeLessThan(MB)
  })

  it('takes no memory: 300 MB read chunk by chunk, read in part, not read (hazard 96)', async () => {
    const api = startApi(
      apiRoutes({
        'api/body.ts': {
          POST: async ({ request }) => {
            const reader = request.body!.getReader()
            let size = 0
            for (;;) {
              const read = await reader.read()
              if (read.done) return json({ size })
              size += read.value.byteLength
            }
          },
          PUT: () => new Response('no', { status: 401 }),
          PATCH: async ({ request }) => {
            await request.body!.getReader().read()
            return new Response('no', { status: 401 })
          },
        },
      }),
    )
    const { port } = await serve(host, [api])
    const before = process.memoryUsage().rss
    let peak = before
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5)
    const answers = []
    for (const method of ['POST', 'PUT', 'PATCH']) {
      const socket = await open(port)
      socket.write(head.replace('POST', method))
      const received = readAll(socket)
      await pour(socket, SIZE)
      socket.write(last.replace('POST', method))
      answers.push(
        (await received)
          .toString()
          .split(/(?=HTTP\/1\.1 )/)
          .map((text) => parseAnswer(text).body),
      )
    }
    clearInterval(watch)
    expect(answers).toEqual([
      [`{"size":${SIZE}}`, '{"size":0}'],
      ['no', 'no'],
      ['no', 'no'],
    ])
    // 900 MB have passed; what the garbage collector has not come to yet is in the figure.
    expect(peak - before).toBeLessThan(128 * MB)
  })
})
