// The Request is the platform's own, in every way that a handler can tell.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Socket, connect } from 'node:net'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import express5 from 'express'
import { json, startApi } from 'express-start-api'
import { type Host, type Layer, describeHosts, listen, serve } from './support/hosts'
import { post as sendTo } from './support/post'
import { open, rawHead, rawRequest } from './support/raw-request'
import { apiRoutes } from './support/routes'

type Handler = (request: Request) => Response | Promise<Response>

/** One handler under every method, at `/api/x`. */
const apiOf = (handler: Handler, options = {}) => {
  const run = ({ request }: { request: Request }) => handler(request)
  return startApi(apiRoutes({ 'api/x.ts': { GET: run, POST: run, PUT: run } }), options)
}

async function post(
  host: Host,
  handler: Handler,
  init: RequestInit = {},
  layers: readonly Layer[] = [],
) {
  const { url } = await serve(host, [...layers, apiOf(handler)])
  return fetch(`${url}/api/x?q=1`, { method: 'POST', body: 'hello', ...init })
}

/** A server that tells what it was sent. */
const startUpstream = () =>
  listen((req, res) => {
    let body = ''
    req.setEncoding('utf8')
    req.on('data', (chunk: string) => (body += chunk))
    req.on('end', () => {
      res.setHeader('content-type', 'application/json')
      const { method, url, headers } = req
      res.end(
        JSON.stringify({ method, url, type: headers['content-type'], own: headers['x-own'], body }),
      )
    })
  })

describeHosts('the Request', (host) => {
  it('is an instance of the global class, unpatched (hazards 59, 65)', async () => {
    const { Request: native, Response: nativeResponse, fetch: nativeFetch } = globalThis
    const answer = await post(host, (request) =>
      json([
        request instanceof Request,
        Object.getPrototypeOf(request.headers) === Headers.prototype,
        request.constructor === native,
        request.signal instanceof AbortSignal,
        request.headers instanceof Headers,
        Object.prototype.toString.call(request),
        Request === native && Response === nativeResponse && fetch === nativeFetch,
      ]),
    )
    expect(await answer.json()).toEqual([true, true, true, true, true, '[object Request]', true])
  })

  it('can be copied with changes, its body included (hazard 60)', async () => {
    const answer = await post(host, async (request) => {
      const copy = new Request(request, { headers: { 'x-own': '1' } })
      return json([
        copy.method,
        copy.url === request.url,
        copy.headers.get('x-own'),
        await copy.text(),
      ])
    })
    expect(await answer.json()).toEqual(['POST', true, '1', 'hello'])
  })

  it('can be the base of a class (hazard 60)', async () => {
    class Traced extends Request {
      readonly trace: string
      constructor(request: Request) {
        super(request)
        this.trace = `${request.method} trace`
      }
    }
    const answer = await post(host, async (request) => {
      const traced = new Traced(request)
      return json([traced instanceof Request, traced.trace, await traced.text()])
    })
    expect(await answer.json()).toEqual([true, 'POST trace', 'hello'])
  })

  it.each([
    ['of known length', 'hello'],
    ['chunked', new Blob(['hel', 'lo']).stream()],
  ])('can be sent on with fetch(), with a body %s (hazard 60)', async (_kind, body) => {
    const upstream = await startUpstream()
    const answer = await post(
      host,
      (request) => fetch(new Request(`${upstream.url}/up${new URL(request.url).search}`, request)),
      { body, duplex: 'half', headers: { 'x-own': '1', 'content-type': 'text/x' } } as RequestInit,
    )
    expect(await answer.json()).toEqual({
      method: 'POST',
      url: '/up?q=1',
      type: 'text/x',
      own: '1',
      body: 'hello',
    })
  })

  it('can be given to fetch() as it is', async () => {
    const upstream = await startUpstream()
    const { port } = await serve(host, [apiOf((request) => fetch(request))])
    // Its URL is what the client says: here the other server's.
    const answer = await rawRequest(
      port,
      `${rawHead('POST /api/x?a=1&a=2 HTTP/1.1', [`Host: 127.0.0.1:${upstream.port}`, 'Transfer-Encoding: chunked', 'Connection: close, Upgrade', 'Keep-Alive: timeout=1', 'X-Own: 1'])}5\r\nhello\r\n0\r\n\r\n`,
    )
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('"url":"/api/x?a=1&a=2","own":"1","body":"hello"')
  })

  it('clones, and both bodies can be read in any order (hazard 61)', async () => {
    const answer = await post(host, async (request) => {
      const clone = request.clone()
      const [first, second] = await Promise.all([request.text(), clone.arrayBuffer()])
      return json([
        clone !== request,
        first,
        Buffer.from(second).toString(),
        request.bodyUsed,
        clone.bodyUsed,
      ])
    })
    expect(await answer.json()).toEqual([true, 'hello', 'hello', true, true])
  })

  it('lets its body be read once (hazard 62)', async () => {
    const answer = await post(host, async (request) => {
      const before = request.bodyUsed
      await request.text()
      const again = await request.json().then(
        () => 'read again',
        (error: Error) => error.name,
      )
      return json([before, request.bodyUsed, again])
    })
    expect(await answer.json()).toEqual([false, true, 'TypeError'])
  })

  it('can be copied as it is by then: headers set, replaced and deleted between two copies', async () => {
    const answer = await post(
      host,
      (request) => {
        const seen = (copy: Request) => ['x-own', 'x-other'].map((name) => copy.headers.get(name))
        const kept = request.headers
        kept.set('x-own', '1')
        const first = seen(request.clone())
        kept.set('x-other', '2')
        kept.append('x-own', '3')
        const second = seen(request.clone())
        kept.delete('x-other')
        return json([first, second, seen(new Request(request)), request.headers === kept])
      },
      { headers: { 'x-own': '0' } },
    )
    expect(await answer.json()).toEqual([['1', null], ['1, 3', '2'], ['1, 3', null], true])
  })

  it('says that its body is used, and is not copied, from the start of a read', async () => {
    const answer = await post(host, async (request) => {
      const before = request.bodyUsed
      const text = request.text()
      const thrown = [() => request.clone(), () => new Request(request)].map((copy) => {
        try {
          return copy()
        } catch (error) {
          return (error as Error).name
        }
      })
      return json([before, request.bodyUsed, thrown, await text, request.bodyUsed])
    })
    expect(await answer.json()).toEqual([false, true, ['TypeError', 'TypeError'], 'hello', true])
  })

  it('has a used stream, held by its reader, for whoever asks for one after a read', async () => {
    const answer = await post(host, async (request) => {
      const text = await request.text()
      const body = request.body!
      const open = () => body.getReader()
      const refused = await Promise.resolve()
        .then(open)
        .catch((error: Error) => error.name)
      return json([text, body.locked, refused, request.bodyUsed])
    })
    expect(await answer.json()).toEqual(['hello', true, 'TypeError', true])
  })

  it('gives real buffers and blobs of exactly the body (hazard 63)', async () => {
    const answer = await post(
      host,
      async (request) => {
        const blob = await request.clone().blob()
        const buffer = await request.arrayBuffer()
        return json([
          Object.prototype.toString.call(buffer),
          buffer.byteLength,
          new Uint8Array(buffer).length,
          blob instanceof Blob,
          blob.size,
          blob.type,
        ])
      },
      { headers: { 'content-type': 'text/x-own' } },
    )
    expect(await answer.json()).toEqual(['[object ArrayBuffer]', 5, 5, true, 5, 'text/x-own'])
  })

  it('has a body that streams, for Node and for `for await`', async () => {
    const answer = await post(host, async (request) => {
      const copy = request.clone()
      let text = ''
      for await (const chunk of Readable.fromWeb(request.body as never)) text += String(chunk)
      const [first, second] = (copy.body as ReadableStream<Uint8Array>).tee()
      return json([
        request.body instanceof ReadableStream,
        text,
        await new Response(first).text(),
        await new Response(second).text(),
        request.bodyUsed,
      ])
    })
    expect(await answer.json()).toEqual([true, 'hello', 'hello', 'hello', true])
  })

  it('gives one and the same, genuine stream, which can be sent to a worker', async () => {
    const answer = await post(host, async (request) => {
      const body = request.body!
      const isGenuine =
        Object.getPrototypeOf(body) === ReadableStream.prototype &&
        Reflect.ownKeys(body).length === Reflect.ownKeys(new ReadableStream()).length
      const before = [request.body === body, body.locked, request.bodyUsed]
      const sent = structuredClone(body, { transfer: [body] })
      return json([isGenuine, before, request.bodyUsed, await new Response(sent).text()])
    })
    expect(await answer.json()).toEqual([true, [true, false, false], true, 'hello'])
  })

  it.each<[string, (request: Request) => Promise<unknown>]>([
    ['text', (request) => request.text()],
    ['bytes', async (request) => String(Buffer.from(await request.bytes()))],
    ['arrayBuffer', async (request) => String(Buffer.from(await request.arrayBuffer()))],
  ])('makes no stream for a body that is read whole, by %s()', async (_, read) => {
    const { ReadableStream: native } = globalThis
    let made = 0
    const answer = await post(host, async (request) => {
      globalThis.ReadableStream = new Proxy(native, {
        construct(...call) {
          made++
          return Reflect.construct(...call) as object
        },
      })
      try {
        const text = await read(request)
        const whole = made
        return json([text, whole, request.body instanceof native, made])
      } finally {
        globalThis.ReadableStream = native
      }
    })
    expect(await answer.json()).toEqual(['hello', 0, true, 1])
  })

  it('makes no stream for the fields of a form, from the second form on', async () => {
    const { ReadableStream: native } = globalThis
    const made: number[] = []
    const { url } = await serve(host, [
      apiOf(async (request) => {
        let count = 0
        globalThis.ReadableStream = new Proxy(native, {
          construct(...call) {
            count++
            return Reflect.construct(...call) as object
          },
        })
        try {
          return json((await request.formData()).getAll('a'))
        } finally {
          globalThis.ReadableStream = native
          made.push(count)
        }
      }),
    ])
    for (let visit = 0; visit < 2; visit++) {
      const body = new URLSearchParams('a=1&a=2')
      const answer = await fetch(`${url}/api/x`, { method: 'POST', body })
      expect(await answer.json()).toEqual(['1', '2'])
    }
    expect(made[1]).toBe(0)
  })

  it('has a body of its own beside each clone', async () => {
    const answer = await post(host, async (request) => {
      const first = request.body
      const clone = request.clone()
      const texts = [await new Response(request.body).text(), await clone.text()]
      return json([texts, first === request.body, first?.locked, request.bodyUsed])
    })
    expect(await answer.json()).toEqual([['hello', 'hello'], false, true, true])
  })

  it('does not call its body used because a clone of it was read', async () => {
    const answer = await post(host, async (request) => {
      const { body } = request
      await request.clone().text()
      return json([request.bodyUsed, request.body === body, await request.text()])
    })
    expect(await answer.json()).toEqual([false, false, 'hello'])
  })

  it.each(['text', 'json', 'arrayBuffer', 'bytes', 'blob', 'formData'] as const)(
    'has, after `%s()`, a body that is locked: a second reader is told',
    async (method) => {
      const read = async (request: Request) => {
        await request[method]().catch(() => {})
        const body = request.body!
        const open = (run: () => unknown) =>
          Promise.resolve()
            .then(run)
            .then(String, (error: Error) => error.name)
        return [
          body.locked,
          request.bodyUsed,
          await open(() => body.getReader().closed),
          await open(() => body.tee()),
          await open(() => body.cancel()),
          await open(() => request.clone()),
          await open(() => new Request(request)),
        ]
      }
      const init = { method: 'POST', body: '"hello"' }
      const genuine = new Request('http://localhost', init)
      const answer = await post(host, async (request) => json(await read(request)))
      expect(await answer.json()).toEqual(await read(genuine))
    },
  )

  it('gives of a body that is read whole what a genuine one gives', async () => {
    const bodies = [
      'a=1&b=two+words&a=%C3%BC%ff&=none&empty&c=%',
      '',
      `long=${'x'.repeat(20_000)}`,
      '\ufeffa=1',
      Buffer.from('613dff26c33d31', 'hex'),
      '--x\r\ncontent-disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n',
    ]
    const form = 'application/x-www-form-urlencoded'
    const types = [
      ...[form, form.toUpperCase(), `${form};charset=latin1`, `${form} ; a="b,c"`, `${form};`],
      ...[
        `${form}, text/plain`,
        `text/plain, ${form}`,
        `${form}x`,
        'multipart/form-data; boundary=x',
      ],
      ...['text/plain;charset=UTF-8', 'nonsense', undefined],
    ]
    const ways: ((request: Request) => Promise<unknown>)[] = [
      async (request) => {
        const fields = [...(await request.formData())]
        return Promise.all(
          fields.map(async ([name, value]) =>
            typeof value === 'string' ? [name, value] : [name, value.name, await value.text()],
          ),
        )
      },
      async (request) => request.text(),
      async (request) => {
        const blob = await request.blob()
        return [
          blob.type,
          blob instanceof Blob,
          Buffer.from(await blob.arrayBuffer()).toString('hex'),
        ]
      },
      async (request) => {
        const buffer = await request.arrayBuffer()
        return [Object.prototype.toString.call(buffer), Buffer.from(buffer).toString('hex')]
      },
      async (request) => {
        const bytes = await request.bytes()
        return [Object.prototype.toString.call(bytes), Buffer.from(bytes).toString('hex')]
      },
    ]
    const read = async (request: Request, way: number) =>
      ways[way]!(request).catch((error: Error) => error.name)
    const { port } = await serve(host, [
      apiOf(async (request) => json(await read(request, Number(request.headers.get('x-way'))))),
    ])
    for (const body of bodies) {
      for (const type of types) {
        for (const way of ways.keys()) {
          const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
          // A view: a text brings a type of its own.
          const genuine = new Request('http://localhost', {
            method: 'POST',
            headers,
            body: Buffer.from(body as string),
          })
          const answer = await sendTo(port, '/api/x', {
            body,
            headers: { ...headers, 'x-way': String(way) },
          })
          const given = [String(body), type, way, JSON.parse(answer.body) as unknown]
          expect(given).toEqual([String(body), type, way, await read(genuine, way)])
        }
      }
    }
  })

  it('gives forms of the platform, whatever has been put in the place of the global class', async () => {
    const { FormData: native } = globalThis
    const { url } = await serve(host, [
      apiOf(async (request) => json((await request.formData()) instanceof native)),
    ])
    globalThis.FormData = function FormDataOfPackage() {} as unknown as typeof FormData
    try {
      for (let count = 0; count < 2; count++) {
        const answer = await fetch(`${url}/api/x`, {
          method: 'POST',
          body: new URLSearchParams('a=1'),
        })
        expect(await answer.json()).toBe(true)
      }
    } finally {
      globalThis.FormData = native
    }
  })

  it('enumerates what a genuine one does', async () => {
    const list = (request: Request) => {
      const names: string[] = []
      for (const name in request) names.push(name)
      return names.sort()
    }
    const answer = await post(host, (request) => json(list(request)))
    expect(await answer.json()).toEqual(list(new Request('http://localhost')))
  })

  it('has a body that ends for readers with buffers of their own', async () => {
    const answer = await post(host, async (request) => {
      const reader = request.body!.getReader({ mode: 'byob' })
      let text = ''
      for (let isOver = false; !isOver;) {
        const { done, value } = await reader.read(new Uint8Array(3))
        text += new TextDecoder().decode(value)
        isOver = done
      }
      return json(text)
    })
    expect(await answer.json()).toBe('hello')
  })

  it('takes nothing from the socket to be cloned, and clones have streams of bytes as well', async () => {
    const seen: unknown[] = []
    const look: Layer = (req, _res, next) => {
      seen.push(() => (req as IncomingMessage).readableDidRead)
      next()
    }
    const handler: Handler = async (request) => {
      const clone = request.clone()
      const again = clone.clone()
      await new Promise((resolve) => setTimeout(resolve, 20))
      const didRead = (seen.pop() as () => boolean)()
      const reader = again.body!.getReader({ mode: 'byob' })
      const { value } = await reader.read(new Uint8Array(2))
      const texts = [new TextDecoder().decode(value), await clone.text(), await request.text()]
      return json([didRead, clone instanceof Request, clone.url === request.url, texts])
    }
    const answer = await post(host, handler, {}, [look])
    expect(await answer.json()).toEqual([false, true, true, ['he', 'hello', 'hello']])
  })

  it('lets its body be cancelled, and refuses to be read while somebody holds it', async () => {
    const answer = await post(host, async (request) => {
      const reader = request.body!.getReader()
      const whileHeld = await request.text().catch((error: Error) => error.name)
      reader.releaseLock()
      await request.body!.cancel()
      const cancelled = await request.text().catch((error: Error) => error.name)
      return json([whileHeld, request.bodyUsed, cancelled])
    })
    expect(await answer.json()).toEqual(['TypeError', true, 'TypeError'])
  })

  it.each<[string, (request: Request) => unknown]>([
    ['looked at', (request) => request.body],
    ['held', (request) => request.body!.getReader()],
    ['held no more', (request) => request.body!.getReader().releaseLock()],
    ['read in part', (request) => request.body!.getReader().read()],
    ['read whole', (request) => new Response(request.body).text()],
    ['piped', (request) => request.body!.pipeThrough(new TransformStream())],
    ['cancelled', (request) => request.body!.cancel()],
    ['split', (request) => request.body!.tee()],
  ])('is as any other whose body was %s', async (_, treat) => {
    /** What it is, first of all, to whoever asks it for one thing. */
    const asks: ((request: Request) => unknown)[] = [
      ({ bodyUsed }) => bodyUsed,
      ({ body }) => body!.locked,
      ({ redirect, signal, method }) => [redirect, signal.aborted, method],
      (request) => request.clone().bodyUsed,
      (request) => new Request(request).bodyUsed,
      (request) => new Request(request, { method: 'PUT', body: 'other' }).text(),
      (request) => request.text(),
      (request) => request.arrayBuffer().then(({ byteLength }) => byteLength),
      (request) => inspect(request).includes('Request'),
    ]
    const look = async (request: Request, ask: (request: Request) => unknown) => {
      await treat(request)
      const outcome = async () => [await ask(request), request.bodyUsed]
      return outcome().catch((error: Error) => error.name)
    }
    for (const ask of asks) {
      const answer = await post(host, async (request) => json(await look(request, ask)))
      const native = new Request('http://localhost/', { method: 'POST', body: 'hello' })
      expect(await answer.json()).toEqual(await look(native, ask))
    }
  })

  it('gives the first chunk before the last is sent', async () => {
    const { port } = await serve(host, [
      apiOf(async (request) => {
        const reader = request.body!.getReader()
        const { value } = await reader.read()
        await reader.cancel()
        return new Response(value as BodyInit)
      }),
    ])
    const socket = await open(port)
    socket.write(`POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nfirst`)
    const [data] = await new Promise<[Buffer]>((resolve) =>
      socket.once('data', (chunk: Buffer) => resolve([chunk])),
    )
    expect(data.toString()).toContain('first')
    socket.destroy()
  })

  it('parses forms: repeated fields, real files (hazard 90)', async () => {
    const form = new FormData()
    form.append('tag', 'a')
    form.append('tag', 'b')
    form.append('file', new Blob([new Uint8Array([0, 255, 10])], { type: 'image/x' }), 'ä "1".bin')
    form.append('file', new Blob(['two']), 'two.txt')
    const answer = await post(
      host,
      async (request) => {
        const got = await request.formData()
        const files = got.getAll('file') as File[]
        return json([
          got instanceof FormData,
          got.getAll('tag'),
          files.map((file) => [file instanceof File, file.name, file.type, file.size]),
          [...new Uint8Array(await files[0]!.arrayBuffer())],
        ])
      },
      { body: form },
    )
    expect(await answer.json()).toEqual([
      true,
      ['a', 'b'],
      [
        [true, 'ä "1".bin', 'image/x', 3],
        [true, 'two.txt', 'application/octet-stream', 3],
      ],
      [0, 255, 10],
    ])
  })

  it('prints, and tolerates instrumentation (hazards 66, 67)', async () => {
    const answer = await post(host, (request) => {
      Object.defineProperty(request, 'traceId', { value: 'x1', configurable: true })
      Object.defineProperty(request, 'url', { value: `${request.url}&patched`, configurable: true })
      return json([
        inspect(request).startsWith('Request {'),
        (request as { traceId?: string }).traceId,
        request.url.slice(-8),
      ])
    })
    expect(await answer.json()).toEqual([true, 'x1', '&patched'])
  })

  it('ignores what parsers and frameworks call `raw`, `req` and `query` (hazard 70)', async () => {
    const { url } = await serve(host, [
      (req, res, next) => {
        Object.assign(req, { raw: Buffer.from('bytes'), request: { url: '/graphql' } })
        Object.defineProperty(req, 'query', { value: { a: 1 } })
        Object.assign(res, { raw: {}, res: {} })
        // Node's own stream code looks at `req.req` where there is a body.
        if (req.method === 'GET') req.req = { url: '/graphql' }
        next()
      },
      apiOf(
        async (request) => new Response(`${new URL(request.url).pathname} ${await request.text()}`),
      ),
    ])
    const answer = await fetch(`${url}/api/x`, { method: 'POST', body: 'hello' })
    expect(await answer.text()).toBe('/api/x hello')
    expect(await (await fetch(`${url}/api/x`)).text()).toBe('/api/x ')
  })

  it('rejects reads of its body after the answer (hazard 64)', async () => {
    let late: Promise<string> | undefined
    let kept: Request | undefined
    const { url } = await serve(host, [
      apiOf((request) => {
        kept = request
        return new Response('early')
      }),
    ])
    const answer = await fetch(`${url}/api/x`, { method: 'POST', body: 'x'.repeat(100_000) })
    await answer.text()
    late = kept!.text()
    await expect(late).rejects.toThrow(/request body/i)
  })

  it('makes of redirects, credentials and the rest what a fresh Request has', async () => {
    const answer = await post(host, (request) => {
      const fresh = new Request('http://x')
      const names = ['redirect', 'credentials', 'cache', 'mode', 'referrer', 'integrity'] as const
      return json(names.filter((name) => request[name] !== fresh[name]))
    })
    expect(await answer.json()).toEqual([])
  })

  it('is not made for those who do not ask for it (hazard 68)', async () => {
    const made = jest.spyOn(globalThis, 'Request')
    try {
      const { port } = await serve(host, [
        startApi(apiRoutes({ 'api/y.ts': { GET: () => new Response('y') } })),
        apiOf((request) => new Response(request.method)),
      ])
      await rawRequest(port, rawHead('GET /other HTTP/1.1'))
      await rawRequest(port, rawHead('GET /api/y HTTP/1.1'))
      expect(made).not.toHaveBeenCalled()
    } finally {
      made.mockRestore()
    }
  })
})

describeHosts('request.signal', (host) => {
  const watch = (res: ServerResponse): Promise<void> =>
    new Promise((resolve) => res.once('close', () => setImmediate(resolve)))

  /** Serves a handler, and tells when the answer's `close` has passed. */
  async function start(
    handler: (request: Request, res: ServerResponse) => Response | Promise<Response>,
  ) {
    const closed: Promise<void>[] = []
    let res: ServerResponse | undefined
    let begun: () => void = () => {}
    const entered = new Promise<void>((resolve) => (begun = resolve))
    const running = await serve(host, [
      (_req, own: ServerResponse, next) => {
        res = own
        closed.push(watch(own))
        next()
      },
      apiOf((request) => {
        begun()
        return handler(request, res!)
      }),
    ])
    return { ...running, entered, closed: () => Promise.all(closed) }
  }

  it.each(['GET', 'POST'])(
    'never fires on a normal end, keep-alive or not: %s (hazards 230, 102)',
    async (method) => {
      const signals: AbortSignal[] = []
      const { url, closed } = await start(async (request) => {
        signals.push(request.signal)
        await request.text()
        await new Promise((resolve) => setTimeout(resolve, 20))
        return new Response('done')
      })
      for (const connection of ['keep-alive', 'close']) {
        const answer = await fetch(`${url}/api/x`, {
          method,
          headers: { connection },
          ...(method === 'POST' ? { body: 'hello' } : {}),
        })
        expect(await answer.text()).toBe('done')
      }
      await closed()
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
    },
  )

  it('does not fire on a request because of one before it on the same connection (hazard 232)', async () => {
    const signals: AbortSignal[] = []
    const { port, closed } = await start((request) => {
      signals.push(request.signal)
      return new Response('done')
    })
    const head = 'GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
    await rawRequest(port, head + head + rawHead('GET /api/x HTTP/1.1'))
    await closed()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false])
  })

  it.each([
    ['a GET', 'GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n', async () => {}],
    [
      'a POST whose body was read',
      'POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
      async (request: Request) => void (await request.text()),
    ],
    [
      'a POST whose body is waiting',
      'POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
      async () => {},
    ],
    [
      'a POST whose body never came',
      'POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n',
      async () => {},
    ],
  ])('fires when the client leaves during %s', async (_kind, bytes, first) => {
    const { port, entered, errors } = await start(async (request) => {
      await first(request)
      heard.push(request.signal.aborted)
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
      heard.push(request.signal.aborted, (request.signal.reason as Error).name)
      finish()
      return new Response('nobody reads this')
    })
    const heard: unknown[] = []
    let finish: () => void = () => {}
    const finished = new Promise<void>((resolve) => (finish = resolve))
    const socket = await open(port)
    socket.write(bytes)
    await entered
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.destroy()
    await finished
    expect(heard).toEqual([false, true, 'AbortError'])
    expect(errors).toEqual([])
  })

  it.each([
    ['a clone', (request: Request) => request.clone()],
    ['a clone of a clone', (request: Request) => request.clone().clone()],
    ['a copy', (request: Request) => new Request(request)],
    ['a copy with changes', (request: Request) => new Request('http://other/', request)],
    ['a copy of a clone', (request: Request) => new Request(request.clone())],
  ])('fires on %s as well', async (_kind, derive) => {
    const { port, entered, errors } = await start(async (request) => {
      const derived = derive(request)
      const before = derived.signal.aborted
      await new Promise((resolve) => derived.signal.addEventListener('abort', resolve))
      finish([before, derived.signal.aborted, (derived.signal.reason as Error).name])
      return new Response('nobody reads this')
    })
    let finish: (heard: unknown) => void = () => {}
    const heard = new Promise((resolve) => (finish = resolve))
    const socket = await open(port)
    socket.write('GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await entered
    socket.destroy()
    expect(await heard).toEqual([false, true, 'AbortError'])
    expect(errors).toEqual([])
  })

  it('is aborted already where it is first asked for after the client left (hazard 231)', async () => {
    let aborted: boolean | undefined
    const running = await serve(host, [
      // The Request does not exist yet when the client leaves.
      async (_req: IncomingMessage, res: ServerResponse, next: () => void) => {
        const left = watch(res)
        leave()
        await left
        next()
      },
      apiOf((request) => {
        aborted = request.signal.aborted
        finish()
        return new Response('late')
      }),
    ])
    let leave: () => void = () => {}
    let finish: () => void = () => {}
    const finished = new Promise<void>((resolve) => (finish = resolve))
    const socket: Socket = connect(running.port, '127.0.0.1')
    leave = () => socket.destroy()
    socket.on('error', () => {})
    socket.write('GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await finished
    expect(aborted).toBe(true)
    expect(running.errors).toEqual([])
  })

  it('is not aborted where it is first asked for after a normal end (hazards 101, 231)', async () => {
    let request: Request | undefined
    const { url, closed } = await start((own) => {
      request = own
      return new Response('done')
    })
    await (await fetch(`${url}/api/x`, { headers: { connection: 'close' } })).text()
    await closed()
    expect(request!.signal.aborted).toBe(false)
  })

  it('aborts what was copied from the Request, before its own signal was asked for', async () => {
    let resolve: (aborted: readonly boolean[]) => void
    const result = new Promise((settle) => (resolve = settle))
    const { port, entered } = await start(async (request) => {
      const copies = [new Request(request), request.clone()]
      await Promise.all(
        copies.map(({ signal }) => new Promise((abort) => signal.addEventListener('abort', abort))),
      )
      resolve([...copies, request].map(({ signal }) => signal.aborted))
      return json(null)
    })
    const socket = await open(port)
    socket.write(rawHead('GET /api/x HTTP/1.1'))
    await entered
    socket.destroy()
    expect(await result).toEqual([true, true, true])
  })

  it('stops a fetch() made with it, and AbortSignal.any() of it', async () => {
    let upstreamLeft: () => void = () => {}
    const left = new Promise<void>((resolve) => (upstreamLeft = resolve))
    let asked: () => void = () => {}
    const reached = new Promise<void>((resolve) => (asked = resolve))
    const upstream = await listen((_req, res) => {
      res.once('close', upstreamLeft)
      asked()
    })
    let any: AbortSignal | undefined
    const { port } = await start(async (request) => {
      any = AbortSignal.any([request.signal, new AbortController().signal])
      return fetch(upstream.url, { signal: request.signal })
    })
    const socket = await open(port)
    socket.write('GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await reached
    expect(any!.aborted).toBe(false)
    socket.destroy()
    await left
    expect(any!.aborted).toBe(true)
  })

  it('fires for a request that waits behind another on its connection', async () => {
    const log: string[] = []
    let finish: () => void = () => {}
    const finished = new Promise<void>((resolve) => (finish = resolve))
    let begun = 0
    let bothBegan: () => void = () => {}
    const began = new Promise<void>((resolve) => (bothBegan = resolve))
    const { port } = await start(async (request) => {
      const name = new URL(request.url).search
      if (++begun === 2) bothBegan()
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
      log.push(name)
      if (log.length === 2) finish()
      return new Response('nobody reads this')
    })
    const socket = await open(port)
    socket.write('GET /api/x?1 HTTP/1.1\r\nHost: a\r\n\r\nGET /api/x?2 HTTP/1.1\r\nHost: a\r\n\r\n')
    await began
    socket.destroy()
    await finished
    expect(log.sort()).toEqual(['?1', '?2'])
  })

  it('leaves `req.aborted` to Node (hazard 69)', async () => {
    let req: IncomingMessage | undefined
    const { url } = await serve(host, [
      (own: IncomingMessage, _res, next) => {
        req = own
        next()
      },
      apiOf(async (request) => new Response(`${request.signal.aborted} ${await request.text()}`)),
    ])
    await (await fetch(`${url}/api/x`, { method: 'POST', body: 'hello' })).text()
    expect(Object.hasOwn(req!, 'aborted')).toBe(true)
    expect(Object.getOwnPropertyDescriptor(req!, 'aborted')).toMatchObject({
      value: false,
      writable: true,
    })
  })
})

describe('the Request behind body parsers', () => {
  it('is as genuine as any (hazard 60)', async () => {
    const upstream = await startUpstream()
    const app = express5()
      .use(express5.json())
      .use(
        apiOf(async (request) => {
          const copy = new Request(request.clone())
          expect(copy).toBeInstanceOf(Request)
          expect(await copy.json()).toEqual({ a: 1 })
          return fetch(new Request(`${upstream.url}/up`, request))
        }),
      )
    const { url } = await listen(app)
    const answer = await fetch(`${url}/api/x`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    })
    expect(await answer.json()).toMatchObject({ body: '{"a":1}', type: 'application/json' })
  })
})
