import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGunzip } from 'node:zlib'
import compression from 'compression'
import { ResponseState } from '../lib/event/response-state'
import { sendResponse } from '../lib/http/send-response'
import { type TestHandler, routeX } from './support/handlers'
import {
  type Host,
  type Layer,
  type Middleware,
  describeHosts,
  hosts,
  listen,
  serve,
} from './support/hosts'
import { recordProcessErrors, recordWarnings } from './support/process-errors'
import { open, parseAnswer, rawGet, rawHead, rawRequest, readAll } from './support/raw-request'

type Controller = ReadableStreamDefaultController<unknown>

function createDeferred<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}

/** A stream that the spec fills by hand, and what became of it. */
function createProducer() {
  let controller!: Controller
  const cancelled = createDeferred<unknown>()
  const cancel = jest.fn((reason: unknown) => cancelled.resolve(reason))
  const body = new ReadableStream({ start: (own) => void (controller = own), cancel })
  return { body, cancel, cancelled: cancelled.promise, controller }
}

const events = { 'content-type': 'text/event-stream' }

/** Reads what comes until it holds the text. */
async function readUntil(socket: Socket, text: string): Promise<string> {
  let seen = ''
  while (!seen.includes(text)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    seen += chunk.toString('latin1')
  }
  return seen
}

async function request(host: Host, handler: TestHandler, before: readonly Layer[] = []) {
  const app = await serve(host, [...before, routeX(handler)])
  const socket = await open(app.port)
  socket.on('error', () => {})
  socket.write(rawHead('GET /api/x HTTP/1.1', ['Accept-Encoding: gzip']))
  return { ...app, socket }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Until a producer is not asked for more: the buffers of both sides are full. */
async function untilStill(count: () => number): Promise<void> {
  for (let before = 0; count() === 0 || before !== count();) {
    before = count()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

let log: jest.SpyInstance

beforeEach(() => {
  log = jest.spyOn(console, 'error').mockImplementation()
})

afterEach(() => log.mockRestore())

describeHosts('a stream', (host) => {
  it('reaches the client chunk by chunk, the first while the second is to come (hazard 142)', async () => {
    const { body, controller } = createProducer()
    controller.enqueue(Buffer.from('first'))
    const { socket } = await request(host, () => new Response(body))
    const head = await readUntil(socket, 'first')
    expect(head).toMatch(/transfer-encoding: chunked/i)
    controller.enqueue(Buffer.from('second'))
    await readUntil(socket, 'second')
    controller.close()
    await once(socket, 'end')
  })

  it('arrives whole and in order when it is larger than what is read ahead', async () => {
    let count = 0
    const body = new ReadableStream({
      pull(controller) {
        if (count === 500) controller.close()
        else controller.enqueue(Buffer.from(`${String(count++).padStart(5, '0')};`.repeat(100)))
      },
    })
    const app = await serve(host, [routeX(() => new Response(body))])
    const expected = Array.from({ length: 500 }, (_, index) =>
      `${String(index).padStart(5, '0')};`.repeat(100),
    ).join('')
    expect(await (await fetch(`${app.url}/api/x`)).text()).toBe(expected)
  })

  it('of large chunks begins in the turn in which the handler answers', async () => {
    const order: string[] = []
    const watch: Middleware = (_req, res, next) => {
      const write = res.write.bind(res) as (chunk: unknown) => boolean
      res.write = ((chunk: unknown) => {
        order.push('chunk')
        return write(chunk)
      }) as typeof res.write
      next()
    }
    const handler = () => {
      setImmediate(() => order.push('turn'))
      const body = new ReadableStream({
        start(controller) {
          for (let count = 0; count < 3; count++) controller.enqueue(new Uint8Array(65_536))
          controller.close()
        },
      })
      return new Response(body)
    }
    const app = await serve(host, [watch, routeX(handler)])
    expect(await (await fetch(`${app.url}/api/x`)).blob()).toHaveProperty('size', 3 * 65_536)
    expect(order[0]).toBe('chunk')
    expect([...order].sort()).toEqual(['chunk', 'chunk', 'chunk', 'turn'])
  })

  it('may be of text, typed arrays and buffers (hazard 139)', async () => {
    const bytes = Uint8Array.from('..bc..', (c) => c.charCodeAt(0))
    const body = new ReadableStream({
      async start(controller) {
        for (const chunk of [
          'ä',
          bytes.subarray(2, 4),
          new DataView(bytes.buffer, 3, 1),
          bytes.buffer,
        ]) {
          controller.enqueue(chunk)
          await turns(2)
        }
        controller.close()
      },
    })
    const app = await serve(host, [routeX(() => new Response(body))])
    expect(await (await fetch(`${app.url}/api/x`)).text()).toBe('äbcc..bc..')
  })

  it('may be empty and late', async () => {
    const body = new ReadableStream({
      async start(controller) {
        await turns(3)
        controller.close()
      },
    })
    const app = await serve(host, [routeX(() => new Response(body, { status: 201 }))])
    const answer = await rawGet(app.port, '/api/x')
    expect([answer.status, answer.headers['content-length'], answer.body]).toEqual([201, '0', ''])
  })

  it('keeps a declared length that is right', async () => {
    const { body, controller } = createProducer()
    controller.enqueue(Buffer.from('ab'))
    setImmediate(() =>
      setImmediate(() => (controller.enqueue(Buffer.from('cd')), controller.close())),
    )
    const init = { headers: { 'content-length': '4' } }
    const { socket } = await request(host, () => new Response(body, init))
    const answer = parseAnswer((await readAll(socket)).toString())
    expect(answer.headers['content-length']).toBe('4')
    expect(answer.body).toBe('abcd')
  })
})

describeHosts('server-sent events', (host) => {
  it('open before the first event (hazard 142)', async () => {
    const { body, controller } = createProducer()
    const { socket } = await request(host, () => new Response(body, { headers: events }))
    expect(await readUntil(socket, '\r\n\r\n')).not.toContain('data')
    controller.enqueue('data: 1\n\n')
    expect(await readUntil(socket, 'data: 1')).toContain('data: 1\n\n')
    socket.destroy()
  })

  it('pass compression() one by one (hazard 129)', async () => {
    const { body, controller } = createProducer()
    const compress = compression({ filter: () => true, threshold: 0 }) as Middleware
    const app = await serve(host, [compress, routeX(() => new Response(body, { headers: events }))])
    const answer = await fetch(`${app.url}/api/x`, { headers: { 'accept-encoding': 'gzip' } })
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      controller.enqueue(event)
      expect((await reader.read()).value).toBe(event)
    }
    await reader.cancel()
  })

  it('are not compressed with `no-transform` (hazard 129)', async () => {
    const { body, controller } = createProducer()
    const init = { headers: { ...events, 'cache-control': 'no-transform' } }
    const compress = compression({ filter: () => true, threshold: 0 }) as Middleware
    const { socket } = await request(host, () => new Response(body, init), [compress])
    controller.enqueue('data: 1\n\n')
    expect(await readUntil(socket, 'data: 1')).not.toMatch(/content-encoding/i)
    socket.destroy()
  })

  it('may tell proxies not to buffer them (hazard 143)', async () => {
    const { body } = createProducer()
    const init = { headers: { ...events, 'x-accel-buffering': 'no' } }
    const { socket } = await request(host, () => new Response(body, init))
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/x-accel-buffering: no/i)
    socket.destroy()
  })
})

describeHosts('compression() in front', (host) => {
  const compress = () => compression({ filter: () => true, threshold: 0 }) as Middleware

  it('gets bodies of known length whole', async () => {
    const app = await serve(host, [compress(), routeX(() => new Response('x'.repeat(5000)))])
    const answer = await fetch(`${app.url}/api/x`, { headers: { 'accept-encoding': 'gzip' } })
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(answer.headers.get('content-length')).toBeNull()
    expect(answer.headers.get('vary')).toBe('Accept-Encoding')
    expect(await answer.text()).toBe('x'.repeat(5000))
  })

  it('gets large streams to their end, with no listener for each wait (hazard 128)', async () => {
    const chunk = Buffer.alloc(65_536, 'abc')
    let count = 0
    const body = new ReadableStream({
      async pull(controller) {
        await turns(1)
        if (count++ === 100) controller.close()
        else controller.enqueue(chunk)
      },
    })
    let bytes: Buffer = Buffer.alloc(0)
    const warnings = await recordWarnings(async () => {
      const app = await serve(host, [compress(), routeX(() => new Response(body))])
      const socket = await open(app.port)
      socket.write(rawHead('GET /api/x HTTP/1.0', ['Accept-Encoding: gzip']))
      bytes = await readAll(socket)
    })
    const gunzip = createGunzip()
    gunzip.end(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4))
    let size = 0
    for await (const part of gunzip) size += (part as Buffer).byteLength
    expect(size).toBe(100 * chunk.byteLength)
    expect(warnings).toEqual([])
  })
})

describeHosts('a slow client', (host) => {
  it('holds the producer back (hazard 146)', async () => {
    let pulled = 0
    const chunk = Buffer.alloc(65_536)
    const body = new ReadableStream({
      pull(controller) {
        pulled += chunk.byteLength
        controller.enqueue(chunk)
      },
    })
    const { socket } = await request(host, () => new Response(body))
    socket.pause()
    await untilStill(() => pulled)
    expect(pulled).toBeGreaterThan(0)
    expect(pulled).toBeLessThan(64 * 2 ** 20)
    socket.destroy()
  })

  it('that leaves meanwhile ends the wait, and the producer (hazard 136)', async () => {
    const cancelled = createDeferred<unknown>()
    const cancel = jest.fn(() => cancelled.resolve(undefined))
    let pulled = 0
    const body = new ReadableStream({
      pull(controller) {
        pulled++
        controller.enqueue(Buffer.alloc(65_536))
      },
      cancel,
    })
    const { socket, errors } = await request(host, () => new Response(body))
    socket.pause()
    await untilStill(() => pulled)
    socket.destroy()
    await cancelled.promise
    await turns(3)
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(errors).toEqual([])
    expect(log).not.toHaveBeenCalled()
  })
})

describe('sendResponse()', () => {
  it('settles when the client leaves while it waits for `drain` (hazard 136)', async () => {
    const settled = createDeferred<string>()
    let pulled = 0
    const { port } = await listen((_req, res) => {
      const body = new ReadableStream({
        pull(controller) {
          pulled++
          controller.enqueue(Buffer.alloc(65_536))
        },
      })
      Promise.resolve(sendResponse(res, new Response(body), new ResponseState())).then(
        () => settled.resolve('settled'),
        () => settled.resolve('rejected'),
      )
    })
    const socket = await open(port)
    socket.write(rawHead('GET / HTTP/1.1'))
    socket.pause()
    await untilStill(() => pulled)
    socket.destroy()
    expect(await settled.promise).toBe('settled')
  })
})

describeHosts('1 GB', (host) => {
  it('passes with less than 64 MB under way (hazard 146)', async () => {
    const chunk = Buffer.alloc(2 ** 20)
    let left = 1024
    let sent = 0
    let received = 0
    let most = 0
    const body = new ReadableStream({
      async pull(controller) {
        if (left-- === 0) return controller.close()
        sent += chunk.byteLength
        most = Math.max(most, sent - received)
        controller.enqueue(chunk)
        await turns(1)
      },
    })
    const { socket } = await request(host, () => new Response(body))
    for await (const part of socket) {
      received += (part as Buffer).byteLength
      if (left % 100 === 0) await turns(20)
    }
    expect(received).toBeGreaterThan(2 ** 30)
    expect(most).toBeLessThan(64 * 2 ** 20)
  })
})

describeHosts(
  'memory',
  (host) => {
    it('grows by less than 64 MB while 1 GB passes', async () => {
      const sizes: number[] = []
      let left = 1024
      const body = new ReadableStream({
        async pull(controller) {
          if (left % 32 === 0) {
            // What is held is measured, not what waits for the garbage collector.
            collectGarbage()
            sizes.push(process.memoryUsage.rss())
          }
          if (left-- === 0) return controller.close()
          // Chunks of their own, as a file gives them.
          controller.enqueue(Buffer.alloc(2 ** 20))
          await turns(1)
        },
      })
      const { socket } = await request(host, () => new Response(body))
      let size = 0
      for await (const part of socket) size += (part as Buffer).byteLength
      expect(size).toBeGreaterThan(2 ** 30)
      expect(Math.max(...sizes) - sizes[0]!).toBeLessThan(64 * 2 ** 20)
    }, 20_000)
  },
  hosts.slice(0, 1),
)

describeHosts('a client that leaves', (host) => {
  it.each<[string, (port: number) => Promise<Socket>]>([
    [
      'GET',
      async (port) => {
        const socket = await open(port)
        socket.write(rawHead('GET /api/x HTTP/1.1'))
        return socket
      },
    ],
    [
      'POST whose body was read (hazard 135)',
      async (port) => {
        const socket = await open(port)
        socket.write(`${rawHead('POST /api/x HTTP/1.1', ['Content-Length: 4'])}body`)
        return socket
      },
    ],
  ])('cancels the producer once: %s', async (_name, send) => {
    const { body, controller, cancel, cancelled } = createProducer()
    const read: string[] = []
    const app = await serve(host, [
      routeX(async ({ request }) => {
        read.push(await request.text())
        return new Response(body)
      }),
    ])
    const unhandled = await recordProcessErrors(async () => {
      const socket = await send(app.port)
      controller.enqueue(Buffer.from('first'))
      await readUntil(socket, 'first')
      socket.destroy()
      expect(await cancelled).toMatchObject({ name: 'AbortError' })
      await turns(3)
    })
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(app.errors).toEqual([])
    expect(log).not.toHaveBeenCalled()
    expect(unhandled).toEqual([])
  })

  it('before the first byte cancels the producer', async () => {
    const { body, cancel, cancelled } = createProducer()
    const called = createDeferred<void>()
    const { socket, errors } = await request(host, () => {
      called.resolve()
      return new Response(body)
    })
    await called.promise
    await turns(3)
    socket.destroy()
    await cancelled
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(errors).toEqual([])
  })

  it('before the handler returns cancels the producer, and is no error (hazard 137)', async () => {
    const cancelled = createDeferred<void>()
    const cancel = jest.fn(() => cancelled.resolve())
    const pull = jest.fn()
    const called = createDeferred<void>()
    const { socket, errors } = await request(host, async ({ context: { res } }) => {
      const closed = once(res, 'close')
      called.resolve()
      await closed
      return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }))
    })
    await called.promise
    socket.destroy()
    await cancelled.promise
    await turns(3)
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(pull).not.toHaveBeenCalled()
    expect(errors).toEqual([])
    expect(log).not.toHaveBeenCalled()
  })

  it('is silent when the producer fails for it (hazards 165, 169)', async () => {
    const unhandled = await recordProcessErrors(async () => {
      const failed = createDeferred<void>()
      const { socket, errors } = await request(host, ({ request: { signal } }) => {
        const body = new ReadableStream({
          start(controller) {
            controller.enqueue(Buffer.from('first'))
            signal.addEventListener('abort', () => {
              controller.error(signal.reason)
              failed.resolve()
            })
          },
          cancel() {
            throw new Error('cancel fails too')
          },
        })
        return new Response(body)
      })
      await readUntil(socket, 'first')
      socket.destroy()
      await failed.promise
      await turns(3)
      expect(errors).toEqual([])
      expect(log).not.toHaveBeenCalled()
    })
    expect(unhandled).toEqual([])
  })

  it('lets a proxied answer stop upstream', async () => {
    const left = createDeferred<string>()
    const { url } = await listen((_req, res) => {
      res.write('first')
      res.once('close', () => left.resolve('left'))
    })
    const { socket } = await request(host, () => fetch(url))
    await readUntil(socket, 'first')
    socket.destroy()
    expect(await left.promise).toBe('left')
  })
})

describeHosts('a stream that fails', (host) => {
  const thrown = (what: string, cause: unknown) => ({
    message: `The response stream threw ${what}, which is not an Error. Throw an Error or a Response.`,
    cause,
  })
  const reasons: readonly [string, unknown, object][] = [
    ['an Error', new Error('broken'), { message: 'broken' }],
    ['undefined (hazard 134)', undefined, thrown('undefined', undefined)],
    ['null', null, thrown('null', null)],
    ['a string', 'route', thrown('a string', 'route')],
  ]

  it.each(reasons)(
    'with %s before the first byte is an error page (hazard 133)',
    async (_name, reason, error) => {
      for (const when of ['at once', 'later']) {
        const unhandled = await recordProcessErrors(async () => {
          const body = new ReadableStream({
            async start(controller) {
              if (when === 'later') await turns(4)
              controller.error(reason)
            },
          })
          const app = await serve(host, [
            routeX(
              () =>
                new Response(body, { status: 201, headers: { 'x-own': '1', 'set-cookie': 'a=1' } }),
            ),
          ])
          const answer = await rawGet(app.port, '/api/x')
          expect([answer.status, answer.body]).toEqual([500, 'error handler'])
          expect(answer.headers).not.toHaveProperty('x-own')
          expect(answer.headers).not.toHaveProperty('set-cookie')
          expect(app.errors).toEqual([expect.objectContaining(error)])
        })
        expect(unhandled).toEqual([])
      }
    },
  )

  it.each(reasons)(
    'with %s after the first byte breaks the connection off, and is logged once (hazards 132, 164)',
    async (_name, reason) => {
      const unhandled = await recordProcessErrors(async () => {
        const { body, controller } = createProducer()
        controller.enqueue(Buffer.from('first'))
        const { socket, errors } = await request(host, () => new Response(body))
        await readUntil(socket, 'first')
        controller.error(reason)
        const rest = (await readAll(socket)).toString()
        // The last chunk, which says that the answer is complete, does not come.
        expect(rest).not.toContain('0\r\n\r\n')
        expect(errors).toEqual([])
        expect(log).toHaveBeenCalledTimes(1)
        expect(log.mock.calls[0][0]).toBe('[start-api] GET failed after its answer had begun:')
      })
      expect(unhandled).toEqual([])
    },
  )

  it('while the client is slow is broken off when the client goes on, and is no unhandled rejection', async () => {
    const unhandled = await recordProcessErrors(async () => {
      const { body, controller } = createProducer()
      // More than the socket takes: the next read has begun when the failure comes.
      controller.enqueue(Buffer.alloc(16 * 2 ** 20))
      const { socket, errors } = await request(host, () => new Response(body))
      await once(socket, 'readable')
      controller.error(new Error('broken'))
      await turns(3)
      expect(log).not.toHaveBeenCalled()
      expect((await readAll(socket)).toString('latin1')).not.toMatch(/\r\n0\r\n\r\n$/)
      expect(errors).toEqual([])
      expect(log).toHaveBeenCalledTimes(1)
    })
    expect(unhandled).toEqual([])
  })

  it('is broken off, once it is its turn, where its client has asked for more than one answer', async () => {
    const first = createDeferred<Response>()
    const { body, controller } = createProducer()
    controller.enqueue(Buffer.from('begun'))
    const answers = [first.promise, new Response(body)]
    const app = await serve(host, [routeX(() => answers.shift())])
    const socket = await open(app.port)
    const head = 'GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
    socket.write(head + head)
    while (answers.length > 0) await turns(1)
    await turns(3)
    controller.error(new Error('broken'))
    while (log.mock.calls.length === 0) await turns(1)
    first.resolve(new Response('first'))
    const seen = (await readAll(socket)).toString('latin1')
    expect(seen).toMatch(/first/)
    expect(seen).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  it('with compression() in front is broken off too', async () => {
    const { body, controller } = createProducer()
    const compress = compression({ filter: () => true, threshold: 0 }) as Middleware
    const app = await serve(host, [compress, routeX(() => new Response(body))])
    controller.enqueue(Buffer.from('first'))
    const answer = await fetch(`${app.url}/api/x`, { headers: { 'accept-encoding': 'gzip' } })
    controller.error(new Error('broken'))
    await expect(answer.text()).rejects.toThrow('terminated')
  })

  it('in the middle of what is at hand is an error page', async () => {
    const cancel = jest.fn()
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(1))
        controller.enqueue(1)
      },
      cancel,
    })
    const app = await serve(host, [routeX(() => new Response(body))])
    expect((await rawGet(app.port, '/api/x')).status).toBe(500)
    expect(app.errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining('neither bytes nor text') }),
    ])
    expect(cancel).toHaveBeenCalledTimes(1)
  })

  it('with a chunk that is no bytes breaks off, and the producer stops (hazard 139)', async () => {
    const { body, controller, cancel, cancelled } = createProducer()
    controller.enqueue(Buffer.from('first'))
    const { socket } = await request(host, () => new Response(body))
    await readUntil(socket, 'first')
    controller.enqueue({ not: 'bytes' })
    await readAll(socket)
    await cancelled
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(log).toHaveBeenCalledTimes(1)
  })
})

describeHosts('a stream of another length than declared (hazard 111)', (host) => {
  const start = async (declared: string) => {
    const { body, controller, cancel } = createProducer()
    controller.enqueue(Buffer.from('abc'))
    const init = { headers: { 'content-length': declared } }
    const { socket, errors } = await request(host, () => new Response(body, init))
    return { controller, cancel, socket, errors }
  }

  it('is broken off when it ends early', async () => {
    const { controller, socket } = await start('5')
    await readUntil(socket, 'abc')
    controller.close()
    await readAll(socket)
    expect(log).toHaveBeenCalledTimes(1)
    expect(String(log.mock.calls[0][1])).toContain('declares a content-length of 5 bytes')
  })

  it('is broken off when it goes on, without the bytes that are too many', async () => {
    const { controller, cancel, socket } = await start('5')
    await readUntil(socket, 'abc')
    controller.enqueue(Buffer.from('def'))
    expect((await readAll(socket)).toString()).toBe('')
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(log).toHaveBeenCalledTimes(1)
  })

  it.each(['0x3', '+3', '3.0', '3e0', '', '-1'])(
    'is an error page where %j is declared, which is no length (RFC 9110, 8.6)',
    async (declared) => {
      for (const type of ['text/plain', 'text/event-stream']) {
        const { body, controller, cancel } = createProducer()
        controller.enqueue(Buffer.from('abc'))
        const headers = { 'content-length': declared, 'content-type': type }
        const { socket, errors } = await request(host, () => new Response(body, { headers }))
        const answer = parseAnswer((await readAll(socket)).toString())
        expect([answer.status, answer.headers['content-length']]).not.toContain(declared)
        expect(answer.status).toBe(500)
        expect(cancel).toHaveBeenCalledTimes(1)
        expect(errors).toHaveLength(1)
      }
    },
  )

  it.each(['2', 'abc', '3, 3'])(
    'is an error page when it begins with more than %j',
    async (declared) => {
      const { socket, cancel, errors } = await start(declared)
      const answer = parseAnswer((await readAll(socket)).toString())
      expect(answer.status).toBe(500)
      expect(cancel).toHaveBeenCalledTimes(1)
      expect(errors).toHaveLength(1)
    },
  )
})

describeHosts(
  'a stream to an HTTP/1.0 client, which takes the end of the connection for its end',
  (host) => {
    const ask = async (headers: Record<string, string>) => {
      const { body, controller } = createProducer()
      controller.enqueue(Buffer.from('half'))
      const app = await serve(host, [routeX(() => new Response(body, { headers }))])
      const socket = await open(app.port)
      const failure = once(socket, 'error').then(([error]) => (error as { code: string }).code)
      const end = once(socket, 'end').then(() => 'end')
      socket.write('GET /api/x HTTP/1.0\r\nHost: localhost\r\n\r\n')
      await readUntil(socket, 'half')
      return { controller, outcome: Promise.race([failure, end]) }
    }

    it.each<[string, Record<string, string>]>([
      ['bytes', {}],
      ['events', events],
    ])('resets the connection when it fails: %s', async (_, headers) => {
      const { controller, outcome } = await ask(headers)
      controller.error(new Error('late'))
      expect(await outcome).toBe('ECONNRESET')
    })

    it('is cut without a reset where its length tells that something is missing', async () => {
      const { controller, outcome } = await ask({ 'content-length': '8' })
      controller.error(new Error('late'))
      expect(await outcome).toBe('end')
    })

    it('ends as any other when it is over', async () => {
      const { controller, outcome } = await ask({})
      controller.close()
      expect(await outcome).toBe('end')
    })
  },
)

describeHosts('the head of a stream', (host) => {
  it.each<[string, Record<string, string>, readonly Layer[]]>([
    ['bytes', {}, []],
    ['events', events, []],
    ['events behind compression()', events, [compression() as Middleware]],
  ])('has letters of Latin-1 as bytes: %s', async (_, headers, before) => {
    const { body, controller } = createProducer()
    const { socket } = await request(
      host,
      () => new Response(body, { headers: { ...headers, 'x-name': 'J\xfcr' }, statusText: '\xe9' }),
      before,
    )
    controller.enqueue(Buffer.from('data: 1\n\n'))
    const head = await readUntil(socket, '\r\n\r\n')
    expect(head).toContain('x-name: J\xfcr\r\n')
    expect(head).toContain('HTTP/1.1 200 \xe9\r\n')
    controller.close()
    await readAll(socket)
  })
})

describeHosts('HEAD of a stream without end (hazard 37)', (host) => {
  it.each<[string, HeadersInit]>([
    ['events', events],
    ['bytes', {}],
    ['bytes of a declared length', { 'content-length': '5000000' }],
  ])('is answered, and the producer stops: %s', async (_name, headers) => {
    const cancelled = createDeferred<void>()
    let pulled = 0
    const app = await serve(host, [
      routeX(() => {
        const body = new ReadableStream({
          pull(controller) {
            pulled++
            controller.enqueue(Buffer.alloc(1024))
          },
          cancel: () => cancelled.resolve(),
        })
        return new Response(body, { headers })
      }),
    ])
    const answer = await rawRequest(app.port, rawHead('HEAD /api/x HTTP/1.1'))
    expect([answer.status, answer.body]).toEqual([200, ''])
    await cancelled.promise
    expect(pulled).toBeLessThan(100)
  })
})
