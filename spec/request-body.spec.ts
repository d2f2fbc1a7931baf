// Bodies that a handler reads from the socket, as the client sends them.
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import * as http2 from 'node:http2'
import { type AddressInfo, type Socket, connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import express5 from 'express'
import express4 from 'express4'
import { json, startApi, type StartApiOptions } from 'express-start-api'
import { getRequestHeader } from 'express-start-api/server'
import { routeX } from './support/handlers'
import { type Host, describeHosts, expressHosts, hosts, listen, serve } from './support/hosts'
import { post, toForm, toNode } from './support/post'
import { recordProcessErrors } from './support/process-errors'
import { open, parseAnswer, rawHead, rawRequest, readAll } from './support/raw-request'
import { apiRoutes } from './support/routes'

type Given = Parameters<typeof toNode>[0] & { request: Request }

function bodyApi(read: (request: Request, given: Given) => unknown, options?: StartApiOptions) {
  return startApi(
    apiRoutes({
      'api/body.ts': {
        POST: async (given) => json({ read: await read(given.request, given) }),
      },
    }),
    options,
  )
}

/** A promise and its ends, for a handler to tell the spec where it is. */
function signal<T = void>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}

/** What a read rejects with. */
async function failureOf(read: Promise<unknown>): Promise<{ name: string; code?: string }> {
  return read.then(
    (value) => {
      throw new Error(`read ${JSON.stringify(value)}`)
    },
    (error: { name: string; code?: string }) => error,
  )
}

/** Reads bytes and then does with them what their owner may. */
function takeOver(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString()
  bytes.fill(0)
  return text
}

const CHUNKED = { 'transfer-encoding': 'chunked' }

describeHosts('A request body', (host) => {
  it('is read as it is: with a length, chunked, without a type (hazards 104, 106)', async () => {
    const api = bodyApi(async (request) => [
      request.headers.get('content-type'),
      request.headers.get('content-length'),
      await request.text(),
    ])
    const { port } = await serve(host, [api])
    const ask = async (sent: Parameters<typeof post>[2]) =>
      (JSON.parse((await post(port, '/api/body', sent)).body) as { read: unknown }).read
    expect(await ask({ type: 'text/plain', body: 'ü' })).toEqual(['text/plain', '2', 'ü'])
    expect(await ask({ body: 'ü' })).toEqual([null, '2', 'ü'])
    expect(await ask({ body: 'ü', headers: CHUNKED })).toEqual([null, null, 'ü'])
  })

  it('is empty if there is none (hazard 105)', async () => {
    const api = bodyApi(async (request) => [
      await request.clone().text(),
      (await request.clone().arrayBuffer()).byteLength,
      (await failureOf(request.json())).name,
    ])
    const { port } = await serve(host, [api])
    for (const headers of [{}, CHUNKED]) {
      const { body } = await post(port, '/api/body', { body: '', headers })
      expect(JSON.parse(body)).toEqual({ read: ['', 0, 'SyntaxError'] })
    }
    const bare = await rawRequest(port, rawHead('POST /api/body HTTP/1.1'))
    expect(bare.body).toBe('{"read":["",0,"SyntaxError"]}')
  })

  it('may begin with a byte order mark (hazard 88)', async () => {
    const { port } = await serve(host, [bodyApi((request) => request.json())])
    const { body } = await post(port, '/api/body', { body: '\ufeff{"a":1}' })
    expect(JSON.parse(body)).toEqual({ read: { a: 1 } })
  })

  it('is one of many kinds of transfer coding (hazard 56)', async () => {
    const { port } = await serve(host, [bodyApi((request) => request.text())])
    for (const coding of ['Chunked', 'CHUNKED', 'gzip, chunked']) {
      const head = rawHead('POST /api/body HTTP/1.1', [`Transfer-Encoding: ${coding}`])
      const answer = await rawRequest(port, `${head}1\r\na\r\n0\r\n\r\n`)
      expect([coding, answer.body]).toEqual([coding, '{"read":"a"}'])
    }
  })

  it('never has a length and a transfer coding: Node refuses both (hazard 56)', async () => {
    const read = jest.fn()
    const { port } = await serve(host, [bodyApi(read)])
    const head = rawHead('POST /api/body HTTP/1.1', [
      'Content-Length: 1',
      'Transfer-Encoding: chunked',
    ])
    expect((await rawRequest(port, `${head}1\r\na\r\n0\r\n\r\n`)).status).toBe(400)
    expect(read).not.toHaveBeenCalled()
  })

  it('may have trailers, which Node has then read (hazard 57)', async () => {
    const api = bodyApi(async (request, given) => [await request.text(), toNode(given).trailers])
    const { port } = await serve(host, [api])
    const head = rawHead('POST /api/body HTTP/1.1', ['Transfer-Encoding: chunked'])
    const answer = await rawRequest(port, `${head}1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n`)
    expect(JSON.parse(answer.body)).toEqual({ read: ['a', { 'x-sum': '1' }] })
  })

  it('is streamed while it comes, byte for byte', async () => {
    const first = signal<string>()
    const api = bodyApi(async (request) => {
      const reader = request.body!.getReader()
      const { value } = await reader.read()
      first.resolve(Buffer.from(value!).toString())
      let rest = ''
      for (;;) {
        const read = await reader.read()
        if (read.done) return rest
        rest += Buffer.from(read.value).toString()
      }
    })
    const { port } = await serve(host, [api])
    const socket = await open(port)
    socket.write(rawHead('POST /api/body HTTP/1.1', ['Content-Length: 4']) + 'ab')
    expect(await first.promise).toBe('ab')
    socket.write('cd')
    expect((await readAll(socket)).toString()).toContain('{"read":"cd"}')
  })

  it('is given in order to several reads at once', async () => {
    const begun = signal()
    const api = bodyApi(async (request) => {
      const reader = request.body!.getReader()
      const reads = [reader.read(), reader.read(), reader.read()]
      begun.resolve()
      const read = await Promise.all(reads)
      return read.map(({ value, done }) => (done ? 'end' : Buffer.from(value).toString()))
    })
    const { port } = await serve(host, [api])
    const socket = await open(port)
    socket.write(rawHead('POST /api/body HTTP/1.1', ['Content-Length: 4']))
    await begun.promise
    socket.write('ab')
    setTimeout(() => socket.write('cd'), 20)
    expect((await readAll(socket)).toString()).toContain('{"read":["ab","cd","end"]}')
  })

  it('is given to sinks in the context of the handler, however late its chunks come', async () => {
    const storage = new AsyncLocalStorage<string>()
    const api = bodyApi((request) => {
      const seen: unknown[] = []
      const sink = () => new WritableStream({ write: () => void seen.push(storage.getStore()) })
      return storage.run('handler', async () => {
        const [one, other] = request.body!.tee()
        await Promise.all([
          one.pipeTo(sink()),
          other.pipeThrough(new TransformStream()).pipeTo(sink()),
        ])
        return seen
      })
    })
    const { port } = await serve(host, [api])
    const { body } = await sendLate(port)
    expect(JSON.parse(body)).toEqual({ read: Array.from({ length: 6 }, () => 'handler') })
  })

  it('is given to transforms that ask helpers, however late its chunks come', async () => {
    const api = startApi(
      apiRoutes({
        'api/body.ts': {
          POST: async ({ request }) => {
            const tagging = new TransformStream<Uint8Array, string>({
              transform: (chunk, controller) =>
                controller.enqueue(
                  `${getRequestHeader('x-tag')}:${Buffer.from(chunk).toString()} `,
                ),
            })
            const texts: string[] = []
            const sink = new WritableStream<string>({ write: (text) => void texts.push(text) })
            await request.body!.pipeThrough(tagging).pipeTo(sink)
            return new Response(texts.join(''))
          },
        },
      }),
    )
    const { port } = await serve(host, [api])
    expect((await sendLate(port)).body).toBe('T:a T:b T:c ')
  })

  /** Three chunks, each in a turn of its own. */
  async function sendLate(port: number) {
    const socket = await open(port)
    const answer = readAll(socket)
    socket.write(rawHead('POST /api/body HTTP/1.1', ['Content-Length: 3', 'X-Tag: T']))
    for (const chunk of 'abc') {
      await sleep(20)
      socket.write(chunk)
    }
    return parseAnswer((await answer).toString())
  }

  it('reaches listeners in front of the handler as well', async () => {
    const heard: string[] = []
    const api = bodyApi(async (request) => {
      await sleep(5)
      return (await request.text()).length
    })
    await api.ready
    const { port } = await serve(host, [
      (req: IncomingMessage, _res: unknown, next: () => void) => {
        req.on('data', (chunk) => heard.push(String(chunk)))
        next()
      },
      api,
    ])
    const { body } = await post(port, '/api/body', { body: 'x'.repeat(300_000) })
    expect(JSON.parse(body)).toEqual({ read: 300_000 })
    expect(heard.join('')).toHaveLength(300_000)
  })

  it.each<[string, (request: Request) => unknown]>([
    ['as a stream', (request) => new Response(request.body).text()],
    ['as bytes', async (request) => takeOver(await request.bytes())],
    ['as a buffer', async (request) => takeOver(new Uint8Array(await request.arrayBuffer()))],
  ])('leaves such a listener its chunks, read %s', async (_, read) => {
    const heard: Buffer[] = []
    const api = bodyApi(read)
    await api.ready
    const { port } = await serve(host, [
      (req: IncomingMessage, _res: unknown, next: () => void) => {
        req.on('data', (chunk: Buffer) => heard.push(chunk))
        next()
      },
      api,
    ])
    expect((await post(port, '/api/body', { body: 'hello' })).body).toBe('{"read":"hello"}')
    expect(Buffer.concat(heard).toString()).toBe('hello')
  })

  it('is the same bytes after a setEncoding() in front', async () => {
    const { port } = await serve(host, [
      (req: IncomingMessage, _res: unknown, next: () => void) => {
        req.setEncoding('latin1')
        next()
      },
      bodyApi(async (request) => Buffer.from(await request.arrayBuffer()).toString('hex')),
    ])
    const { body } = await post(port, '/api/body', { body: Buffer.from('00ff80c3bc', 'hex') })
    expect(JSON.parse(body)).toEqual({ read: '00ff80c3bc' })
  })

  it('is a form with all repeated fields, and real Files (hazard 90)', async () => {
    const api = bodyApi(async (request) => {
      const form = await request.formData()
      const files = form.getAll('f') as File[]
      return [form.getAll('a'), await Promise.all(files.map((file) => file.text())), files[0]!.name]
    })
    const { port } = await serve(host, [api])
    const form = toForm([
      { name: 'a', content: '1' },
      { name: 'a', content: 'ü' },
      { name: 'f', filename: 'Jür.txt', type: 'text/plain', content: 'F' },
      { name: 'f', filename: 'g.txt', type: 'text/plain', content: 'G' },
    ])
    const { body } = await post(port, '/api/body', form)
    expect(JSON.parse(body)).toEqual({ read: [['1', 'ü'], ['F', 'G'], 'Jür.txt'] })
    const coded = { type: 'application/x-www-form-urlencoded', body: 'a=1&a=2&f=3' }
    const { body: text } = await post(port, '/api/body', coded)
    expect(text).toBe('error handler')
  })

  it('is a form whose fields have no limit of ours (hazard 91)', async () => {
    const api = bodyApi(async (request) => String((await request.formData()).get('a')).length)
    const { port } = await serve(host, [api])
    const form = toForm([{ name: 'a', content: 'x'.repeat(3e6) }])
    expect(JSON.parse((await post(port, '/api/body', form)).body)).toEqual({ read: 3e6 })
  })

  it('is left to the client by "Expect: 100-continue" until Node asks for it (hazard 55)', async () => {
    const { port } = await serve(host, [bodyApi((request) => request.text())])
    const socket = await open(port)
    socket.write(rawHead('POST /api/body HTTP/1.1', ['Content-Length: 1', 'Expect: 100-continue']))
    const interim = await new Promise((resolve) => socket.once('data', resolve))
    expect(String(interim)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('a')
    expect((await readAll(socket)).toString()).toContain('{"read":"a"}')
  })

  it('is asked for by the application where it listens to `checkContinue` (hazard 55)', async () => {
    const { port, server } = await serve(host, [
      startApi(
        apiRoutes({
          'api/body.ts': { POST: async ({ request }) => json({ read: await request.text() }) },
          'api/refuse.ts': { POST: () => new Response('no', { status: 401 }) },
        }),
      ),
    ])
    server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      if (req.url === '/api/body') res.writeContinue()
      server.emit('request', req, res)
    })
    const headers = ['Content-Length: 1', 'Expect: 100-continue']
    const refused = await open(port)
    refused.write(rawHead('POST /api/refuse HTTP/1.1', headers))
    const answer = await new Promise((resolve) => refused.once('data', resolve))
    expect(String(answer)).toMatch(/^HTTP\/1.1 401 .*\r\n\r\nno$/s)
    refused.destroy()
    const accepted = await open(port)
    accepted.write(rawHead('POST /api/body HTTP/1.1', headers))
    await new Promise((resolve) => accepted.once('data', resolve))
    accepted.write('a')
    expect((await readAll(accepted)).toString()).toContain('{"read":"a"}')
  })
})

describeHosts('A malformed request body', (host) => {
  const secret = '{"password": hunter2}'

  it('rejects json() with a SyntaxError of status 400 that does not quote it (hazard 89)', async () => {
    for (const copy of [(it: Request) => it, (it: Request) => it.clone().clone()]) {
      const { port, errors } = await serve(host, [bodyApi((request) => copy(request).json())])
      const { status } = await post(port, '/api/body', { type: 'application/json', body: secret })
      expect(status).toBe(400)
      expect(errors).toMatchObject([
        { name: 'SyntaxError', status: 400, message: 'The request body is not valid JSON.' },
      ])
    }
  })

  it('is for the handler to answer, if it likes (hazard 89)', async () => {
    const api = startApi(
      apiRoutes({
        'api/body.ts': {
          POST: async ({ request }) => {
            try {
              return json(await request.json())
            } catch (error) {
              return json({ mine: error instanceof SyntaxError }, { status: 422 })
            }
          },
        },
      }),
    )
    const { port } = await serve(host, [api])
    const answer = await post(port, '/api/body', { body: secret })
    expect(answer).toEqual({ status: 422, body: '{"mine":true}' })
  })

  it('rejects formData() with status 400: a boundary that is missing or another (hazard 92)', async () => {
    const { port, errors } = await serve(host, [bodyApi((request) => request.formData())])
    const { body } = toForm([{ name: 'a', content: '1' }])
    const types = ['multipart/form-data', 'multipart/form-data; boundary=other', 'text/plain']
    for (const type of types) {
      expect([type, (await post(port, '/api/body', { type, body })).status]).toEqual([type, 400])
    }
    expect(errors).toMatchObject(types.map(() => ({ name: 'TypeError', status: 400 })))
  })

  it('rejects formData() with status 400 if it ends early (hazard 92)', async () => {
    const { port } = await serve(host, [bodyApi((request) => request.formData())])
    const { type, body } = toForm([{ name: 'a', content: 'some text' }])
    const sent = { type, body: body.subarray(0, -20) }
    expect((await post(port, '/api/body', sent)).status).toBe(400)
  })

  it('is no excuse for the application: a second read has no status', async () => {
    const { port, errors } = await serve(host, [
      bodyApi(async (request) => {
        await request.text()
        return request.formData()
      }),
    ])
    const { status } = await post(port, '/api/body', toForm([{ name: 'a', content: '1' }]))
    expect(status).toBe(500)
    expect(errors).toMatchObject([{ name: 'TypeError' }])
  })
})

describe('A malformed request body without an error middleware', () => {
  it.each([
    ['Express 5', express5],
    ['Express 4', express4],
  ])('is not quoted to the client in development: %s (hazard 89)', async (_name, express) => {
    const app = express()
    app.set('env', 'development')
    const logged = jest.spyOn(console, 'error').mockImplementation(() => {})
    app.use(bodyApi((request) => request.json()))
    const { port } = await listen(app)
    const answer = await post(port, '/api/body', { body: '{"password": hunter2}' })
    expect(answer.status).toBe(400)
    expect(answer.body).not.toContain('hunter2')
    while (logged.mock.calls.length === 0) await sleep(1)
    expect(logged.mock.calls.join()).toContain('SyntaxError')
    expect(logged.mock.calls.join()).not.toContain('hunter2')
    logged.mockRestore()
  })

  it('is answered with 400 and nothing more on node:http (hazard 89)', async () => {
    const api = bodyApi((request) => request.json())
    const { port } = await listen((req, res) => api(req, res))
    const answer = await post(port, '/api/body', { body: '{"password": hunter2}' })
    expect(answer).toEqual({ status: 400, body: 'Bad Request' })
  })
})

describeHosts('A client that leaves', (host) => {
  /** Sends half of a body; the handler reads when told to. */
  async function leave(
    encoding: 'length' | 'chunked',
    read: (request: Request, left: Promise<void>) => Promise<unknown>,
  ): Promise<{ socket: Socket; failure: Promise<{ name: string }> }> {
    const entered = signal()
    const failure = signal<{ name: string }>()
    const api = bodyApi(async (request, given) => {
      const left = new Promise<void>((resolve) => toNode(given).once('close', resolve))
      entered.resolve()
      failure.resolve(await failureOf(read(request, left)))
    })
    const { port } = await serve(host, [api])
    const socket = await open(port)
    const half = 'x'.repeat(1000)
    socket.write(
      encoding === 'length'
        ? rawHead('POST /api/body HTTP/1.1', ['Content-Length: 2000']) + half
        : rawHead('POST /api/body HTTP/1.1', ['Transfer-Encoding: chunked']) + `3e8\r\n${half}\r\n`,
    )
    await entered.promise
    return { socket, failure: failure.promise }
  }

  it.each(['length', 'chunked'] as const)(
    'rejects the read before, during and after it left: %s (hazards 99, 100)',
    async (encoding) => {
      const aborted = { name: 'AbortError' }
      const pending = await leave(encoding, (request) => request.text())
      pending.socket.destroy()
      expect(await pending.failure).toMatchObject(aborted)

      const before = await leave(encoding, async (request, left) => {
        await left
        return request.text()
      })
      before.socket.destroy()
      expect(await before.failure).toMatchObject(aborted)

      const partly = await leave(encoding, async (request, left) => {
        const reader = request.body!.getReader()
        await reader.read()
        partly.socket.destroy()
        await left
        return reader.read()
      })
      expect(await partly.failure).toMatchObject(aborted)
    },
  )

  it('rejects the read if it only ends its side (hazard 99)', async () => {
    const { socket, failure } = await leave('length', (request) => request.text())
    socket.end()
    expect(await failure).toMatchObject({ name: 'AbortError' })
  })

  it('is answered if it ends its side after its whole request', async () => {
    const api = routeX(async ({ request }) => Response.json(await request.json()))
    const { port } = await serve(host, [api])
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(`${rawHead('POST /api/x HTTP/1.1', ['Content-Length: 7'])}{"a":1}`)
    expect((await readAll(socket)).toString()).toMatch(/^HTTP\/1\.1 200 [^]*\{"a":1\}$/)
  })

  it.each<[string, (request: Request) => Promise<unknown>]>([
    ['text()', (request) => request.text()],
    ['its stream', (request) => new Response(request.body).text()],
  ])(
    'during a second request of its connection ends no process: %s is not waited for',
    async (_, read) => {
      const outcomes: unknown[] = []
      const api = routeX(({ request }) => {
        void read(request).catch((error: Error) => outcomes.push(error.name))
        return new Response('done')
      })
      const { port } = await serve(host, [api])
      const head = 'POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length:'
      const errors = await recordProcessErrors(async () => {
        for (let round = 0; round < 20; round++) {
          const socket = await open(port)
          socket.on('error', () => {}).resume()
          socket.write(`${head} 2\r\n\r\nhe${head} 50\r\n\r\nhe`)
          await sleep(round % 4)
          socket.resetAndDestroy()
        }
        await sleep(20)
      })
      expect(errors).toEqual([])
      expect(outcomes.length).toBeGreaterThan(0)
    },
  )

  it('aborts the signal, and is no error of the application', async () => {
    const aborted = signal<boolean>()
    const { socket, failure } = await leave('length', async (request) => {
      request.signal.addEventListener('abort', () => aborted.resolve(true))
      return request.text()
    })
    socket.destroy()
    expect(await aborted.promise).toBe(true)
    await failure
  })

  it.each(['length', 'chunked'] as const)(
    'leaves a body that was complete to be read: %s (hazard 103)',
    async (encoding) => {
      const entered = signal()
      const read = signal<unknown>()
      const api = bodyApi(async (request, given) => {
        const left = new Promise<void>((resolve) => toNode(given).once('close', resolve))
        entered.resolve()
        await left
        read.resolve(await request.json())
      })
      const { port } = await serve(host, [api])
      const socket = await open(port)
      socket.write(
        encoding === 'length'
          ? rawHead('POST /api/body HTTP/1.1', ['Content-Length: 7']) + '{"a":1}'
          : rawHead('POST /api/body HTTP/1.1', ['Transfer-Encoding: chunked']) +
              '7\r\n{"a":1}\r\n0\r\n\r\n',
      )
      await entered.promise
      socket.destroy()
      expect(await read.promise).toEqual({ a: 1 })
    },
  )

  it('is told from one that has sent everything and waits (hazards 101, 102)', async () => {
    const api = bodyApi(async (request, given) => {
      const { signal } = request
      await request.text()
      // By now Node has closed the request, but not the response.
      await sleep(20)
      return [signal.aborted, request.signal.aborted, toNode(given).readableEnded]
    })
    const { port } = await serve(host, [api])
    const { body } = await post(port, '/api/body', { body: 'a' })
    expect(JSON.parse(body)).toEqual({ read: [false, false, true] })
  })
})

describeHosts('A body that is read too late', (host) => {
  it.each(['at once', 'when all is over'])(
    'rejects the read instead of waiting: %s (hazard 64)',
    async (when) => {
      const failure = signal<{ code?: string }>()
      const api = startApi(
        apiRoutes({
          'api/body.ts': {
            POST: (given) => {
              const { request } = given
              const { res } = (given as unknown as { context: { res: ServerResponse } }).context
              const done = when === 'at once' ? 'finish' : 'close'
              res.on(done, () => void failureOf(request.text()).then(failure.resolve))
              return new Response('done')
            },
          },
        }),
      )
      const { port } = await serve(host, [api])
      expect((await post(port, '/api/body', { body: 'x'.repeat(1e6) })).body).toBe('done')
      expect(await failure.promise).toMatchObject({
        code: 'ERR_START_API_BODY_CONSUMED',
        message: expect.stringContaining('when the answer had been sent'),
      })
    },
  )

  it.each([
    ['text()', (request: Request) => request.text()],
    ['a stream', (request: Request) => new Response(request.body).text()],
  ])('rejects if the answer goes out before the rest has come: %s', async (_, read) => {
    const failure = signal<{ code?: string }>()
    const api = routeX(({ request }) => {
      void failureOf(read(request)).then(failure.resolve)
      return new Response('done')
    })
    const { port } = await serve(host, [api])
    const socket = await open(port)
    socket.write(`${rawHead('POST /api/x HTTP/1.1', ['Content-Length: 5'])}he`)
    expect(await failure.promise).toMatchObject({ code: 'ERR_START_API_BODY_CONSUMED' })
    socket.destroy()
  })

  it('is no such body while the answer is still on its way', async () => {
    const read = signal<string>()
    const api = routeX(({ request }) => {
      void request.text().then(read.resolve)
      return new Response('x'.repeat(2e7))
    })
    const { port } = await serve(host, [api])
    const socket = await open(port)
    socket.write(`${rawHead('POST /api/x HTTP/1.1', ['Content-Length: 5'])}he`)
    await once(socket, 'readable')
    socket.write('llo')
    expect(await read.promise).toBe('hello')
    socket.destroy()
  })

  it('rejects the rest of a read that was begun in time', async () => {
    const failure = signal<{ code?: string }>()
    const api = startApi(
      apiRoutes({
        'api/body.ts': {
          POST: async (given) => {
            const reader = given.request.body!.getReader()
            await reader.read()
            toNode(given).on('close', () => {
              const rest = async () => {
                while (!(await reader.read()).done);
              }
              void failureOf(rest()).then(failure.resolve)
            })
            return new Response('done')
          },
        },
      }),
    )
    const { port } = await serve(host, [api])
    expect((await post(port, '/api/body', { body: 'x'.repeat(1e6) })).body).toBe('done')
    expect(await failure.promise).toMatchObject({ code: 'ERR_START_API_BODY_CONSUMED' })
  })
})

describeHosts('maxBodySize', (host) => {
  const tooLarge = { code: 'ERR_START_API_BODY_TOO_LARGE', status: 413 }

  it('answers a declared length beyond it with 413 before the handler runs (hazard 94)', async () => {
    const read = jest.fn((request: Request) => request.text())
    const { port, errors } = await serve(host, [bodyApi(read, { maxBodySize: 10 })])
    expect((await post(port, '/api/body', { body: 'x'.repeat(11) })).status).toBe(413)
    expect(errors).toMatchObject([tooLarge])
    expect(read).not.toHaveBeenCalled()
    expect((await post(port, '/api/body', { body: 'x'.repeat(10) })).status).toBe(200)
  })

  it('counts the bytes of a chunked body as they are read (hazard 94)', async () => {
    const api = bodyApi((request) => request.text(), { maxBodySize: 10 })
    const { port, errors } = await serve(host, [api])
    const small = { body: 'ü'.repeat(5), headers: CHUNKED }
    expect((await post(port, '/api/body', small)).status).toBe(200)
    const large = { body: 'ü'.repeat(6), headers: CHUNKED }
    expect((await post(port, '/api/body', large)).status).toBe(413)
    expect(errors).toMatchObject([tooLarge])
  })

  it('counts whatever way the body is read (hazard 94)', async () => {
    const ways = ['text', 'json', 'arrayBuffer', 'bytes', 'blob', 'formData'] as const
    const all = bodyApi(
      async (request) => {
        const failures = []
        for (const way of ways) failures.push((await failureOf(request.clone()[way]())).code)
        return failures
      },
      { maxBodySize: 10 },
    )
    const { port } = await serve(host, [all])
    const sent = { ...toForm([{ name: 'a', content: '1' }]), headers: CHUNKED }
    const { body } = await post(port, '/api/body', sent)
    expect(JSON.parse(body)).toEqual({ read: ways.map(() => tooLarge.code) })
    for (const way of ways) {
      const one = bodyApi(async (request) => (await failureOf(request[way]())).code, {
        maxBodySize: 10,
      })
      const server = await serve(host, [one])
      const answer = await post(server.port, '/api/body', sent)
      expect([way, JSON.parse(answer.body)]).toEqual([way, { read: tooLarge.code }])
    }
  })

  it('lets the handler answer for itself', async () => {
    const api = bodyApi(async (request) => (await failureOf(request.json())).code, {
      maxBodySize: 10,
    })
    const { port } = await serve(host, [api])
    const sent = { body: 'x'.repeat(1e6), headers: CHUNKED }
    expect(JSON.parse((await post(port, '/api/body', sent)).body)).toEqual({
      read: tooLarge.code,
    })
  })

  it('leaves the connection usable, with a body that is still coming', async () => {
    const { port } = await serve(host, [bodyApi((request) => request.text(), { maxBodySize: 10 })])
    const socket = await open(port)
    socket.write(
      rawHead('POST /api/body HTTP/1.1', ['Transfer-Encoding: chunked', 'Connection: keep-alive']),
    )
    const chunk = `186a0\r\n${'x'.repeat(100_000)}\r\n`
    for (let sent = 0; sent < 20; sent++) socket.write(chunk)
    socket.write('0\r\n\r\n')
    socket.write(rawHead('POST /api/body HTTP/1.1', ['Content-Length: 1']) + 'b')
    const answers = (await readAll(socket)).toString()
    expect(answers).toMatch(/^HTTP\/1.1 413 /)
    expect(answers).toMatch(/HTTP\/1.1 200 .*\{"read":"b"\}$/s)
  })
})

describe('maxBodySize on a lenient server', () => {
  it('counts bytes whatever length is declared beside a transfer coding (hazards 56, 94)', async () => {
    const api = bodyApi((request) => request.text(), { maxBodySize: 10 })
    const server = createHttpServer({ insecureHTTPParser: true }, (req, res) => api(req, res))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const head = rawHead('POST /api/body HTTP/1.1', [
      'Content-Length: 1',
      'Transfer-Encoding: chunked',
    ])
    const { port } = server.address() as AddressInfo
    const answer = await rawRequest(port, `${head}14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    expect([answer.status, answer.body]).toEqual([413, 'Payload Too Large'])
  })
})

describe('A request that the network can not produce', () => {
  /** What the handler reads of a stream with these properties. */
  async function readOf(
    stream: readonly string[] | Readable,
    properties: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const outcome = signal<unknown>()
    const api = bodyApi(
      async (request) => outcome.resolve(await request.text().catch((error: Error) => error.name)),
      { maxBodySize: 10 },
    )
    await api.ready
    const source =
      stream instanceof Readable ? stream : Readable.from(stream, { objectMode: false })
    const req = Object.assign(source, {
      method: 'POST',
      url: '/api/body',
      httpVersionMajor: 1,
      headers: { host: 'localhost', 'transfer-encoding': 'chunked' },
      ...properties,
    })
    const res = Object.assign(new Readable({ read() {} }), {
      req,
      setHeader() {},
      removeHeader() {},
      end() {},
    })
    api(req as unknown as IncomingMessage, res as unknown as ServerResponse)
    return outcome.promise
  }

  it('has a length in digits alone (hazard 95)', async () => {
    for (const length of ['0x99', '2.5', 'Infinity', '-1', '']) {
      const headers = { host: 'localhost', 'content-length': length }
      expect([length, await readOf(['a'], { headers })]).toEqual([length, ''])
    }
  })

  it('rejects the read if it ends normally but not complete, as other versions of Node may have it (hazard 100)', async () => {
    expect(await readOf(['a'], { complete: true })).toBe('a')
    expect(await readOf(['a'], { complete: false })).toBe('AbortError')
    expect(await readOf(['a'], { complete: true, aborted: true })).toBe('AbortError')
    const headers = { host: 'localhost', 'content-length': '2' }
    expect(await readOf(['a'], { complete: true, headers })).toBe('AbortError')
    const destroyed = () => {
      const stream = new Readable({ read() {} })
      stream.push('a')
      setImmediate(() => stream.destroy())
      return stream
    }
    // HTTP/2 says `complete` of any request that is over.
    const properties = { complete: true, httpVersionMajor: 2 }
    expect(await readOf(destroyed(), { complete: true })).toBe('a')
    expect(await readOf(destroyed(), properties)).toBe('AbortError')
  })

  it('rejects the read if it fails, whenever that is', async () => {
    for (const when of [process.nextTick, queueMicrotask, setImmediate]) {
      const stream = new Readable({ read() {} })
      stream.push('a')
      when(() => when(() => stream.destroy(new Error('broken'))))
      const errors = await recordProcessErrors(async () => {
        expect(await readOf(stream, { complete: false })).toBe('AbortError')
      })
      expect(errors).toEqual([])
    }
  })
})

describe('A request body over HTTP/2', () => {
  // Express does not run on it.
  const [connectHost] = hosts.filter((host) => host.name === 'Connect') as [Host]

  async function serveHttp2(listener: RequestListener) {
    const server = http2.createServer(listener as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const client = http2.connect(`http://127.0.0.1:${port}`)
    client.on('error', () => {})
    return {
      client,
      close: async () => {
        client.destroy()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  const head = { ':path': '/api/body', ':method': 'POST' }

  it('is read', async () => {
    const app = connectHost.create()
    app.use(
      '/',
      bodyApi(async (request) => request.text()),
    )
    const { client, close } = await serveHttp2(app.listener)
    const stream = client.request(head)
    stream.end('ü')
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    const empty = client.request(head, { endStream: true })
    let none = ''
    for await (const chunk of empty) none += String(chunk)
    await close()
    expect([text, none]).toEqual(['{"read":"ü"}', '{"read":""}'])
  })

  it.each([
    ['with a length', { 'content-length': 5 }],
    ['without', {}],
  ])('is read behind a logger that listens as well, %s', async (_, headers) => {
    let heard = ''
    const app = connectHost.create()
    app.use('/', (req, _res, next) => {
      req.on('data', (chunk: Buffer) => (heard += String(chunk)))
      next()
    })
    const api = bodyApi(async (request) => request.text())
    await api.ready
    app.use('/', api)
    const { client, close } = await serveHttp2(app.listener)
    const stream = client.request({ ...head, ...headers })
    stream.write('he')
    setImmediate(() => stream.end('llo'))
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    await close()
    expect([text, heard]).toEqual(['{"read":"hello"}', 'hello'])
  })

  it('rejects the read when the client leaves (hazard 100)', async () => {
    const entered = signal()
    const failure = signal<{ name: string }>()
    const app = connectHost.create()
    app.use(
      '/',
      bodyApi(async (request) => {
        const reader = request.body!.getReader()
        await reader.read()
        entered.resolve()
        failure.resolve(await failureOf(reader.read()))
      }),
    )
    const { client, close } = await serveHttp2(app.listener)
    const stream = client.request(head)
    stream.on('error', () => {})
    stream.write('some')
    await entered.promise
    // `stream.close()` would send an end of the body first.
    client.destroy()
    expect(await failure.promise).toMatchObject({ name: 'AbortError' })
    await close()
  })
})

describeHosts(
  'The error of a read',
  (host) => {
    it('reaches the error middleware as it was thrown', async () => {
      const { port, errors } = await serve(host, [
        bodyApi((request) => request.blob(), { maxBodySize: 1 }),
      ])
      await post(port, '/api/body', { body: 'aa', headers: CHUNKED })
      expect(errors).toHaveLength(1)
      expect(errors[0]).toMatchObject({ name: 'StartApiError', status: 413 })
    })
  },
  expressHosts,
)
