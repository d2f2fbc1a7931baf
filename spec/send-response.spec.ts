import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { Response as PolyfillResponse } from '@whatwg-node/fetch'
import compression from 'compression'
import { json } from 'express-start-api'
import { appendHeader, setHeader, setResponseStatus } from 'express-start-api/server'
import { type TestHandler, routeX } from './support/handlers'
import {
  type Host,
  type Layer,
  type Middleware,
  describeHosts,
  expressHosts,
  serve,
} from './support/hosts'
import { recordProcessErrors, recordWarnings } from './support/process-errors'
import { open, parseAnswer, rawGet, rawHead, rawRequest, readAll } from './support/raw-request'

const getX = async (host: Host, handler: TestHandler, before: readonly Layer[] = []) => {
  const app = await serve(host, [...before, routeX(handler)])
  return { ...(await rawGet(app.port, '/api/x')), errors: app.errors }
}

const headX = async (host: Host, handler: TestHandler, before: readonly Layer[] = []) => {
  const app = await serve(host, [...before, routeX(handler)])
  return rawRequest(app.port, rawHead('HEAD /api/x HTTP/1.1'))
}

const messages = (errors: readonly unknown[]) => errors.map((error) => (error as Error).message)

describe('a body of known length', () => {
  const form = new FormData()
  form.append('a', '1')
  const buffer = Uint8Array.from('..cd..', (c) => c.charCodeAt(0)).buffer
  const bodies: readonly [string, () => Response, string][] = [
    ['a string', () => new Response('hällo'), 'hällo'],
    ['an empty string', () => new Response(''), ''],
    ['JSON', () => json({ a: 1 }), '{"a":1}'],
    ['a Uint8Array', () => new Response(new Uint8Array([97, 98])), 'ab'],
    ['a Buffer', () => new Response(Buffer.from('ab')), 'ab'],
    ['an ArrayBuffer', () => new Response(buffer.slice(2, 4)), 'cd'],
    ['a DataView on a part (hazard 141)', () => new Response(new DataView(buffer, 2, 2)), 'cd'],
    ['URLSearchParams', () => new Response(new URLSearchParams('a=1&b=2')), 'a=1&b=2'],
    ['a Blob', () => new Response(new Blob(['blob'])), 'blob'],
    ['an empty Blob', () => new Response(new Blob([])), ''],
    ['a large string', () => new Response('x'.repeat(300_000)), 'x'.repeat(300_000)],
    ['a clone', () => new Response('cloned').clone(), 'cloned'],
    [
      'a stream that has it all at hand',
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              for (const text of ['str', 'eam']) controller.enqueue(Buffer.from(text))
              controller.close()
            },
          }),
        ),
      'stream',
    ],
    [
      "a polyfill's string",
      () => new PolyfillResponse('polyfill') as unknown as Response,
      'polyfill',
    ],
    [
      "a polyfill's URLSearchParams (hazard 140)",
      () => new PolyfillResponse(new URLSearchParams('a=1')) as unknown as Response,
      'a=1',
    ],
  ]

  describeHosts('content-length (hazard 108)', (host) => {
    it.each(bodies)('is sent for %s', async (_name, make, text) => {
      const answer = await getX(host, make)
      expect(Buffer.from(answer.body, 'latin1').toString()).toBe(text)
      expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(text)))
      expect(answer.headers['transfer-encoding']).toBeUndefined()
    })

    it('is sent for FormData', async () => {
      const answer = await getX(host, () => new Response(form))
      expect(answer.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
      expect(answer.headers['content-length']).toBe(String(answer.body.length))
      expect(answer.body).toContain('name="a"\r\n\r\n1\r\n')
    })

    it('is that of the body where the headers are those of another (hazard 110)', async () => {
      const answer = await getX(host, () => {
        const old = new Response('old', { headers: { 'content-length': '3', 'x-old': 'kept' } })
        return new Response('rewritten', old)
      })
      expect(answer.headers['content-length']).toBe('9')
      expect(answer.headers['x-old']).toBe('kept')
      expect(answer.body).toBe('rewritten')
    })

    it.each(['1', '99'])(
      'declared as %s for two bytes does not disturb the connection (hazard 111)',
      async (declared) => {
        const app = await serve(host, [
          routeX(() => new Response('ok', { headers: { 'content-length': declared } })),
        ])
        const socket = await open(app.port)
        socket.write(rawHead('GET /api/x HTTP/1.1', ['Connection: keep-alive']))
        socket.write(rawHead('GET /api/x HTTP/1.1'))
        const answers = (await readAll(socket)).toString('latin1').split(/(?=HTTP\/1\.1 )/)
        expect(answers.map((text) => parseAnswer(text).body)).toEqual(['ok', 'ok'])
      },
    )

    it('is not left from middleware in front', async () => {
      const early: Middleware = (_req, res, next) => {
        res.setHeader('content-length', '1000')
        next()
      }
      const answer = await getX(host, () => new Response('ok'), [early])
      expect(answer.headers['content-length']).toBe('2')
    })

    it('is zero without a body, whatever the headers say', async () => {
      const init = { headers: { 'content-length': '5' } }
      const answer = await getX(host, () => new Response(null, init))
      expect(answer.headers['content-length']).toBe('0')
    })
  })
})

describeHosts('the status line', (host) => {
  it('has the standard reason phrase (hazard 115)', async () => {
    const created = await getX(host, () => new Response('x', { status: 201 }))
    expect(created.statusLine).toBe('HTTP/1.1 201 Created')
    const plain = await getX(host, () => new Response('x'))
    expect(plain.statusLine).toBe('HTTP/1.1 200 OK')
  })

  it("has the Response's own reason phrase", async () => {
    const answer = await getX(host, () => new Response('x', { status: 299, statusText: 'Fine' }))
    expect(answer.statusLine).toBe('HTTP/1.1 299 Fine')
  })

  it('has neither status nor phrase of middleware in front', async () => {
    const early: Middleware = (_req, res, next) => {
      res.statusCode = 418
      res.statusMessage = 'Early'
      next()
    }
    const answer = await getX(host, () => new Response('x'), [early])
    expect(answer.statusLine).toBe('HTTP/1.1 200 OK')
  })

  it('has the status that a helper sets, with its phrase (hazard 152)', async () => {
    const answer = await getX(host, () => {
      setResponseStatus(404)
      return new Response('x', { statusText: 'Sure' })
    })
    expect(answer.statusLine).toBe('HTTP/1.1 404 Not Found')
  })

  it.each(['a\r\nX-Injected: y', 'snow ☃'])(
    'drops the reason phrase %j of a polyfill (hazard 116)',
    async (statusText) => {
      const answer = await getX(host, () => new PolyfillResponse('x', { status: 200, statusText }))
      expect(answer.statusLine).toBe('HTTP/1.1 200 OK')
      expect(answer.headers['x-injected']).toBeUndefined()
    },
  )

  it('takes the line break out of the phrase of a helper', async () => {
    const answer = await getX(host, () => {
      setResponseStatus(202, 'a\r\nX-Injected: y')
      return new Response('x')
    })
    // h3's helper drops the line break and keeps the rest.
    expect(answer.statusLine).toBe('HTTP/1.1 202 aX-Injected: y')
    expect(answer.headers['x-injected']).toBeUndefined()
  })
})

describeHosts('a Response that HTTP has no answer for', (host) => {
  it.each<[string, TestHandler]>([
    ['Response.error() (hazard 113)', () => Response.error()],
    [
      'Response.error() for which a helper has set a status',
      () => {
        setResponseStatus(201)
        return Response.error()
      },
    ],
    ['status 101 of a polyfill (hazard 114)', () => new PolyfillResponse(null, { status: 101 })],
    ['status 1000 of a polyfill', () => new PolyfillResponse('x', { status: 1000 })],
    ['a control character in a header', () => new Response('x', { headers: { 'x-a': 'a\x01' } })],
    [
      'a control character in a cookie',
      () => new Response('x', { headers: { 'set-cookie': 'a=\x01' } }),
    ],
    [
      'a character beyond latin1 in a header of a polyfill',
      () => {
        const response = new PolyfillResponse('x')
        response.headers.set('x-a', 'é→')
        return response
      },
    ],
    [
      'an undefined header value (hazard 112)',
      () => ({
        status: 200,
        body: null,
        headers: new Map<string, unknown>([
          ['x-before', 'a'],
          ['x-a', undefined],
        ]),
      }),
    ],
    [
      'a header name with a space',
      () => ({
        status: 200,
        body: null,
        headers: new Map([
          ['x-before', 'a'],
          ['a b', 'a'],
        ]),
      }),
    ],
    [
      'an undefined value by a helper',
      () => {
        setHeader('x-a', undefined as never)
        return new Response('x')
      },
    ],
  ])('is an error before anything is sent: %s', async (_name, handler) => {
    const answer = await getX(host, handler, [
      (_req, res, next) => {
        res.setHeader('x-early', 'kept')
        next()
      },
    ])
    expect(answer.status).toBe(500)
    expect(answer.body).toBe('error handler')
    expect(messages(answer.errors)).toEqual([expect.any(String)])
    expect(answer.headers['x-early']).toBe('kept')
    expect(answer.headers['x-before']).toBeUndefined()
    expect(answer.headers['x-a']).toBeUndefined()
  })

  it('is one with status 101, which the platform refuses itself (hazard 114)', async () => {
    const answer = await getX(host, () => new Response(null, { status: 101 }))
    expect(answer.status).toBe(500)
    expect(answer.errors).toEqual([expect.objectContaining({ name: 'RangeError' })])
  })
})

describeHosts('an answer without content', (host) => {
  it.each([204, 304])('has no body and no length with status %i (hazard 124)', async (status) => {
    const answer = await getX(host, () => new Response(null, { status, headers: { etag: '"1"' } }))
    expect(answer.status).toBe(status)
    expect(answer.body).toBe('')
    expect(answer.headers['content-length']).toBeUndefined()
    expect(answer.headers['transfer-encoding']).toBeUndefined()
    expect(answer.headers['etag']).toBe('"1"')
  })

  // As Express's `res.send()`: compression() goes by the type, and would say `content-encoding: gzip`, which
  // a cache may take for the encoding of what it has stored (RFC 9111, 3.2).
  it.each([204, 304])('has no type and no encoding with status %i', async (status) => {
    const app = await serve(host, [
      compression() as Middleware,
      routeX(() => new Response(null, { status, headers: { 'content-type': 'text/plain' } })),
    ])
    const answer = await fetch(`${app.url}/api/x`, { headers: { 'accept-encoding': 'gzip' } })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBeNull()
    expect(answer.headers.get('content-encoding')).toBeNull()
  })

  it.each([204, 205, 304])(
    'has none of the type and the coding that middleware has set in front, with status %i',
    async (status) => {
      const front: Middleware = (_req, res, next) => {
        res.setHeader('content-type', 'application/json')
        res.setHeader('transfer-encoding', 'chunked')
        next()
      }
      const handler = () => new Response(null, { status, headers: { 'x-a': 'b' } })
      const app = await serve(host, [front, routeX(handler)])
      const socket = await open(app.port)
      socket.write(rawHead('GET /api/x HTTP/1.1', ['Connection: keep-alive']))
      socket.write(rawHead('GET /api/x HTTP/1.1'))
      const answers = (await readAll(socket)).toString('latin1').split(/(?=HTTP\/1\.1 )/)
      expect(answers).toHaveLength(2)
      for (const answer of answers) {
        const { headers, body } = parseAnswer(answer)
        expect([headers['x-a'], body]).toEqual(['b', ''])
        expect(headers['transfer-encoding']).toBeUndefined()
        expect(headers['content-type']).toBe(status === 205 ? 'application/json' : undefined)
      }
    },
  )

  it('has length 0 with status 205', async () => {
    const answer = await getX(host, () => new PolyfillResponse('x', { status: 205 }))
    expect(answer.headers['content-length']).toBe('0')
    expect(answer.body).toBe('')
  })

  it.each([204, 304])('drops the body that a polyfill lets pass with status %i', async (status) => {
    const app = await serve(host, [routeX(() => new PolyfillResponse('body', { status }))])
    const socket = await open(app.port)
    socket.write(rawHead('GET /api/x HTTP/1.1', ['Connection: keep-alive']))
    socket.write(rawHead('GET /other HTTP/1.1'))
    const bytes = (await readAll(socket)).toString('latin1')
    expect(bytes).not.toContain('body')
    expect(bytes).toContain('legacy GET /other')
  })

  it('has no length with status 204 even if the headers declare one', async () => {
    const init = { status: 204, headers: { 'content-length': '0' } }
    const answer = await getX(host, () => new Response(null, init))
    expect(answer.headers['content-length']).toBeUndefined()
  })

  it('keeps every cookie with status 304', async () => {
    const answer = await getX(host, () => {
      const headers = new Headers([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ])
      return new Response(null, { status: 304, headers })
    })
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  })

  it('drops the body if a helper makes the status 204', async () => {
    const answer = await getX(host, () => {
      setResponseStatus(204)
      return new Response('body')
    })
    expect(answer.statusLine).toBe('HTTP/1.1 204 No Content')
    expect(answer.body).toBe('')
    expect(answer.headers['content-length']).toBeUndefined()
  })
})

describeHosts('HEAD', (host) => {
  it.each<[string, () => Response]>([
    ['a string', () => new Response('hello')],
    ['a Blob', () => new Response(new Blob(['hello']))],
    [
      'a stream with a declared length',
      () => new Response(new ReadableStream({ pull() {} }), { headers: { 'content-length': '5' } }),
    ],
    [
      'no body and a declared length',
      () => new Response(null, { headers: { 'content-length': '5' } }),
    ],
    [
      'an empty text and a declared length',
      () => new Response('', { headers: { 'content-length': '5' } }),
    ],
    ['JSON with the length of another', () => json('abc', { headers: { 'content-length': '9' } })],
  ])('has the length that GET has, and no body, for %s (hazard 38)', async (_name, make) => {
    const answer = await headX(host, make)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-length']).toBe('5')
    expect(answer.body).toBe('')
  })

  it('has no length where there is none to know', async () => {
    const answer = await headX(host, () => new Response(null))
    expect(answer.headers['content-length']).toBeUndefined()
    const stream = await headX(host, () => new Response(new ReadableStream({ pull() {} })))
    expect(stream.headers['content-length']).toBeUndefined()
    expect(stream.status).toBe(200)
  })

  it.each<[string, (init: ResponseInit) => Response]>([
    ['no body', (init) => new Response(null, init)],
    ['a stream', (init) => new Response(new ReadableStream({ pull() {} }), init)],
    ['status 304', (init) => new Response(null, { ...init, status: 304 })],
  ])('is an error page with a length that is none, for %s (RFC 9110, 8.6)', async (_, make) => {
    for (const declared of ['abc', '-1', '0x3', '3, 4', '']) {
      const answer = await headX(host, () => make({ headers: { 'content-length': declared } }))
      expect([declared, answer.status]).toEqual([declared, 500])
    }
    const twice = await headX(host, () => {
      for (const length of ['3', '3']) appendHeader('content-length', length)
      return make({})
    })
    expect(twice.status).toBe(500)
  })

  it('has the length of a text, whatever the headers say', async () => {
    const init = { headers: { 'content-length': 'abc' } }
    for (const ask of [headX, getX]) {
      for (const text of ['hello', '']) {
        const answer = await ask(host, () => new Response(text, init))
        const { status, headers } = answer
        expect([status, headers['content-length']]).toEqual([200, String(text.length)])
      }
    }
  })

  it('does not start a lazy producer whose length is declared', async () => {
    const pull = jest.fn()
    const init = { headers: { 'content-length': '5' } }
    await headX(host, () => new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), init))
    expect(pull).not.toHaveBeenCalled()
  })

  it('does not keep a length from middleware in front', async () => {
    const early: Middleware = (_req, res, next) => {
      res.setHeader('content-length', '1000')
      next()
    }
    const answer = await headX(host, () => new Response(new ReadableStream()), [early])
    expect(answer.headers['content-length']).toBeUndefined()
  })
})

describeHosts('a Response that was used before', (host) => {
  it('is an error the second time, not a hang (hazard 138)', async () => {
    const shared = new Response('once')
    const app = await serve(host, [routeX(() => shared)])
    expect((await rawGet(app.port, '/api/x')).body).toBe('once')
    const second = await rawGet(app.port, '/api/x')
    expect(second.status).toBe(500)
    expect(messages(app.errors)).toEqual([expect.stringContaining('already read or sent')])
  })

  it('is an error after its body was read', async () => {
    const answer = await getX(host, async () => {
      const response = new Response('x')
      await response.text()
      return response
    })
    expect(answer.status).toBe(500)
    expect(messages(answer.errors)).toEqual([expect.stringContaining('already read or sent')])
  })

  it('is an error after its body was read and let go', async () => {
    const answer = await getX(host, async () => {
      const response = new Response('x')
      const reader = response.body!.getReader()
      await reader.read()
      reader.releaseLock()
      return response
    })
    expect(answer.status).toBe(500)
    expect(messages(answer.errors)).toEqual([expect.stringContaining('already read or sent')])
  })

  it('is an error while someone else reads its body, who may go on', async () => {
    let reader: ReadableStreamDefaultReader | undefined
    const answer = await getX(host, () => {
      const response = new Response('x')
      reader = response.body!.getReader()
      return response
    })
    expect(answer.status).toBe(500)
    expect((await reader!.read()).value).toEqual(new Uint8Array([120]))
  })

  it('is an error while it is being sent to another client', async () => {
    const shared = new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(3)) }),
    )
    const app = await serve(host, [routeX(() => shared)])
    const socket = await open(app.port)
    socket.write(rawHead('GET /api/x HTTP/1.1'))
    await new Promise((resolve) => socket.once('data', resolve))
    expect((await rawGet(app.port, '/api/x')).status).toBe(500)
    socket.destroy()
  })

  it('is sent as often as it is returned if it has no body', async () => {
    const shared = new Response(null, { status: 202 })
    const app = await serve(host, [routeX(() => shared)])
    expect((await rawGet(app.port, '/api/x')).status).toBe(202)
    expect((await rawGet(app.port, '/api/x')).status).toBe(202)
  })

  it('is sent each time by a clone', async () => {
    const shared = new Response('again')
    const app = await serve(host, [routeX(() => shared.clone())])
    expect((await rawGet(app.port, '/api/x')).body).toBe('again')
    expect((await rawGet(app.port, '/api/x')).body).toBe('again')
  })
})

describeHosts('a Response of another implementation (hazard 213)', (host) => {
  it('is sent if it comes from a polyfill', async () => {
    const answer = await getX(
      host,
      () =>
        new PolyfillResponse('poly', {
          status: 201,
          headers: [
            ['set-cookie', 'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
            ['set-cookie', 'b=2'],
            ['x-a', 'b'],
          ],
        }),
    )
    expect(answer.statusLine).toBe('HTTP/1.1 201 Created')
    expect(answer.body).toBe('poly')
    expect(answer.headers['x-a']).toBe('b')
    expect(answer.headers['set-cookie']).toEqual([
      'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'b=2',
    ])
  })

  it("is sent if its body is a stream of Node's, as node-fetch's is", async () => {
    const answer = await getX(host, () => ({
      status: 200,
      statusText: '',
      headers: new Headers({ 'x-a': 'b' }),
      body: Readable.from([Buffer.from('no'), Buffer.from('de')]),
      bodyUsed: false,
    }))
    expect(answer.headers['x-a']).toBe('b')
    expect(answer.body).toContain('no')
    expect(answer.body).toContain('de')
  })
})

describeHosts("a Response of node-fetch's kind (hazard 213)", (host) => {
  const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2']
  /** As versions 2 and 3 have them: no `getSetCookie()`, and all values by `raw()`. */
  const toHeaders = (name: string) =>
    Object.assign(new Map([['set-cookie', cookies.join(', ')]]), {
      raw: () => ({ [name]: cookies }),
    })
  const of = (body: unknown, headers: object = new Headers()) => ({
    ...{ status: 200, statusText: '', bodyUsed: false },
    ...{ headers, body },
  })

  it.each<[string, unknown, string]>([
    ['bytes, as version 2 keeps texts', Buffer.from('bytes'), 'bytes'],
    ['no bytes', Buffer.alloc(0), ''],
    ['an ArrayBuffer', new TextEncoder().encode('buffer').buffer, 'buffer'],
    ['a text', 'text', 'text'],
  ])('is sent if its body is %s', async (_, body, text) => {
    const answer = await getX(host, () => of(body))
    expect([answer.status, answer.body]).toEqual([200, text])
    expect(answer.headers['content-length']).toBe(String(text.length))
    const head = await headX(host, () => of(body))
    expect([head.headers['content-length'], head.body]).toEqual([String(text.length), ''])
    const none = await getX(host, () => ({ ...of(body), status: 204 }))
    expect([none.status, none.body]).toEqual([204, ''])
    const later = await getX(host, async () => {
      await undefined
      setHeader('x-a', 'b')
      return of(body)
    })
    expect([later.headers['x-a'], later.body]).toEqual(['b', text])
  })

  it('is an error if its body is nothing that can be sent', async () => {
    const { status, errors } = await getX(host, () => of({ some: 'object' }))
    expect([status, messages(errors)]).toEqual([500, [expect.stringContaining('Uint8Array')]])
  })

  it.each(['set-cookie', 'Set-Cookie'])('sends each of its cookies (%s)', async (name) => {
    const answer = await getX(host, () => of(Buffer.from('x'), toHeaders(name)))
    expect(answer.headers['set-cookie']).toEqual(cookies)
  })
})

describeHosts('a handler that answers through `context.res` (hazard 122)', (host) => {
  it.each<[string, (result: unknown) => unknown]>([
    ['nothing', () => undefined],
    ['what `res.end()` gave', (result) => result],
    ['a Response', () => new Response('second')],
  ])('is not answered for when it returns %s', async (_name, toResult) => {
    const log = jest.spyOn(console, 'error').mockImplementation()
    const answer = await getX(host, ({ context: { res } }) => {
      res.statusCode = 202
      return toResult(res.end('by hand'))
    })
    expect(answer.status).toBe(202)
    expect(answer.body).toBe('by hand')
    expect(answer.errors).toEqual([])
    expect(log).not.toHaveBeenCalled()
    log.mockRestore()
  })

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a Response', () => new Response('second')],
  ])('goes on writing after it returned %s', async (_name, toResult) => {
    const answer = await getX(host, ({ context: { res } }) => {
      res.writeHead(200, { 'x-by': 'hand', 'content-length': '8' })
      res.write('one ')
      setImmediate(() => setImmediate(() => res.end('two ')))
      return toResult()
    })
    expect(answer.body).toBe('one two ')
    expect(answer.errors).toEqual([])
  })

  it('lets the producer of a Response that is not sent stop', async () => {
    const cancel = jest.fn()
    await getX(host, ({ context: { res } }) => {
      res.end('by hand')
      return new Response(new ReadableStream({ cancel }))
    })
    expect(cancel).toHaveBeenCalledTimes(1)
  })

  it('hears nothing of a producer that fails to stop (hazard 169)', async () => {
    const unhandled = await recordProcessErrors(async () => {
      const { body, errors } = await getX(host, ({ context: { res } }) => {
        res.end('by hand')
        const cancel = () => {
          throw new Error('cancel failed')
        }
        return new Response(new ReadableStream({ cancel }))
      })
      expect([body, errors]).toEqual(['by hand', []])
    })
    expect(unhandled).toEqual([])
  })

  it('leaves a form with files that nobody reads to its end', async () => {
    const makeForm = (size: number) => {
      const form = new FormData()
      for (const name of ['a', 'b', 'c']) form.append(name, new File(['x'.repeat(size)], name))
      return new Response(form)
    }
    const unhandled = await recordProcessErrors(async () => {
      const head = await headX(host, () => makeForm(10))
      expect(head.status).toBe(200)
      const empty = await getX(host, () => {
        setResponseStatus(204)
        return makeForm(10)
      })
      expect([empty.status, empty.body]).toEqual([204, ''])
      let closed: Promise<unknown> | undefined
      const app = await serve(host, [
        routeX(async ({ context: { res } }) => {
          closed = once(res, 'close')
          await undefined
          return makeForm(2_000_000)
        }),
      ])
      const socket = await open(app.port)
      socket.write(rawHead('GET /api/x HTTP/1.1'))
      await once(socket, 'data')
      socket.destroy()
      await closed
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    expect(unhandled).toEqual([])
  })

  it('cancels, a second later at most, what only looks like such a form and does not end', async () => {
    let cancel = (): void => {}
    const cancelled = new Promise<void>((resolve) => (cancel = resolve))
    const app = await serve(host, [
      routeX(({ request }) => {
        if (request.url.endsWith('fine')) return new Response('fine')
        const pull = (controller: ReadableStreamDefaultController) =>
          controller.enqueue(new Uint8Array(10))
        const type = 'multipart/form-data; boundary=----formdata-undici-012345678901'
        return new Response(new ReadableStream({ pull, cancel }), {
          headers: { 'content-type': type },
        })
      }),
    ])
    const head = await rawRequest(app.port, rawHead('HEAD /api/x HTTP/1.1'))
    expect(head.status).toBe(200)
    const other = await fetch(`${app.url}/api/x?fine`)
    expect(await other.text()).toBe('fine')
    await cancelled
  })

  it('keeps early hints in front of the answer (hazard 148)', async () => {
    const app = await serve(host, [
      routeX(({ context: { res } }) => {
        res.writeEarlyHints({ link: '</a.css>; rel=preload; as=style' })
        return new Response('after')
      }),
    ])
    const socket = await open(app.port)
    socket.write(rawHead('GET /api/x HTTP/1.1'))
    const [hints, answer] = (await readAll(socket)).toString('latin1').split(/(?=HTTP\/1\.1 200)/)
    expect(hints).toBe('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n')
    expect(parseAnswer(answer!).body).toBe('after')
  })
})

describeHosts('an answer that a timeout gives meanwhile', (host) => {
  type Controller = ReadableStreamDefaultController<Uint8Array>
  const bytes = new Uint8Array(3)
  const cases: readonly [string, (res: ServerResponse, controller: Controller) => void][] = [
    [
      'before the first chunk',
      (res, controller) => {
        setImmediate(() => {
          res.end('timeout')
          controller.enqueue(bytes)
        })
      },
    ],
    [
      'in parts, before the first chunk',
      (res, controller) => {
        setImmediate(() => {
          res.write('time')
          controller.enqueue(bytes)
          setImmediate(() => res.end('out'))
        })
      },
    ],
    [
      'just before the end of a short body',
      (res, controller) => {
        controller.enqueue(bytes)
        setImmediate(() => {
          res.end('timeout')
          controller.close()
        })
      },
    ],
    [
      'just before a short body turns out to be a stream',
      (res, controller) => {
        controller.enqueue(bytes)
        setImmediate(() => res.end('timeout'))
      },
    ],
  ]

  it.each(cases)('is left alone: %s', async (_name, start) => {
    const log = jest.spyOn(console, 'error').mockImplementation()
    const unhandled = await recordProcessErrors(async () => {
      const answer = await getX(host, ({ context: { res } }) => {
        res.statusCode = 503
        const body = new ReadableStream<Uint8Array>({ start: (own) => start(res, own) })
        return new Response(body, { headers: { 'x-own': '1' } })
      })
      expect(answer.status).toBe(503)
      expect(answer.body.replaceAll(/\r\n|^\d+$/gm, '')).toContain('time')
      expect(answer.body).not.toContain('\0')
      expect(answer.headers['x-own']).toBeUndefined()
      expect(answer.errors).toEqual([])
    })
    expect(log).not.toHaveBeenCalled()
    expect(unhandled).toEqual([])
    log.mockRestore()
  })

  it('in the middle of a stream stops the producer', async () => {
    const cancel = jest.fn()
    const unhandled = await recordProcessErrors(async () => {
      const answer = await getX(host, ({ context: { res } }) => {
        const body = new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setImmediate(resolve))
            if (res.headersSent) res.end('cut')
            controller.enqueue(Buffer.from('part'))
          },
          cancel,
        })
        return new Response(body)
      })
      expect(answer.body).toMatch(/part[^]*cut\r\n0\r\n\r\n$/)
      expect(answer.errors).toEqual([])
    })
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(unhandled).toEqual([])
  })
})

describeHosts('a partial answer (hazard 147)', (host) => {
  it('passes status 206 and its headers on', async () => {
    const answer = await getX(
      host,
      () =>
        new Response('cd', {
          status: 206,
          headers: { 'content-range': 'bytes 2-3/6', 'accept-ranges': 'bytes' },
        }),
    )
    expect(answer.statusLine).toBe('HTTP/1.1 206 Partial Content')
    expect(answer.headers['content-range']).toBe('bytes 2-3/6')
    expect(answer.headers['accept-ranges']).toBe('bytes')
    expect(answer.headers['content-length']).toBe('2')
    expect(answer.body).toBe('cd')
  })

  it('passes status 416 on', async () => {
    const init = { status: 416, headers: { 'content-range': 'bytes */6' } }
    const answer = await getX(host, () => new Response(null, init))
    expect(answer.status).toBe(416)
    expect(answer.headers['content-range']).toBe('bytes */6')
  })
})

// `res.json()` gave its answers a weak ETag and turned repeated ones into 304: handlers answer what
// they say and nothing else, so an application that counts on it sets the header (hazard 154).
describeHosts('an ETag', (host) => {
  const etag = (text: string) => `"${createHash('sha1').update(text).digest('hex')}"`

  it('is not made', async () => {
    expect((await getX(host, () => json({ a: 1 }))).headers['etag']).toBeUndefined()
  })

  it("is the handler's, and so is the answer 304", async () => {
    const app = await serve(host, [
      routeX(({ request }) => {
        const headers = { etag: etag('x') }
        return request.headers.get('if-none-match') === etag('x')
          ? new Response(null, { status: 304, headers })
          : new Response('x', { headers })
      }),
    ])
    expect((await rawGet(app.port, '/api/x')).headers['etag']).toBe(etag('x'))
    const again = await rawGet(app.port, '/api/x', [`If-None-Match: ${etag('x')}`])
    expect(again.status).toBe(304)
    expect(again.headers['etag']).toBe(etag('x'))
  })
})

describeHosts('middleware that reads the answer as it goes out (hazard 241)', (host) => {
  it.each<[string, () => Response, string | undefined]>([
    ['a string', () => new Response('hello', { status: 201 }), '5'],
    [
      'a stream',
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              await new Promise((resolve) => setTimeout(resolve, 1))
              controller.enqueue(new Uint8Array(3))
              controller.close()
            },
          }),
          { status: 201 },
        ),
      undefined,
    ],
  ])('sees status and length of %s', async (_name, make, length) => {
    const seen: unknown[] = []
    const log: Middleware = (_req, res, next) => {
      const { writeHead } = res
      res.writeHead = (...args: unknown[]) => {
        seen.push(['head', res.statusCode, res.getHeader('content-length')?.toString()])
        return writeHead.apply(res, args)
      }
      res.on('finish', () => {
        seen.push(['finish', res.statusCode, res.getHeader('content-length')?.toString()])
      })
      next()
    }
    const app = await serve(host, [log, routeX(make)])
    await (await fetch(`${app.url}/api/x`)).text()
    expect(seen).toEqual([
      ['head', 201, length],
      ['finish', 201, length],
    ])
  })
})

describeHosts('middleware that keeps what `res.write()` and `res.end()` are given', (host) => {
  const lines = (count: number) => {
    let index = 0
    return new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        if (index === count) controller.close()
        else controller.enqueue(new TextEncoder().encode(`line ${index++};`.repeat(5000)))
      },
    })
  }

  it.each<[string, () => Response, number]>([
    ['a short text', () => new Response('plain'), 5],
    ['a text', () => new Response('hällo'.repeat(2000)), 12_000],
    ['`json()`', () => json({ a: 1 }), 7],
    ['`json()` of more than ASCII', () => json({ a: 'é' }), 10],
    ['short bytes', () => new Response(Uint8Array.from([97, 98])), 2],
    ['bytes', () => new Response(new Uint8Array([0xe4, 98, 99])), 3],
    ['a Blob', () => new Response(new Blob(['hällo'])), 6],
    ['a stream', () => new Response(lines(20)), 20 * 7 * 5000 + 10 * 5000],
  ])('gets Buffers of %s, and may forget to say that all is well', async (_name, make, size) => {
    const kept: unknown[] = []
    const keep: Middleware = (_req, res, next) => {
      const { write, end } = res
      res.write = (...args: unknown[]) => {
        kept.push(args[0])
        write.apply(res, args)
      }
      res.end = (...args: unknown[]) => {
        if (args[0] !== undefined) kept.push(args[0])
        end.apply(res, args)
      }
      next()
    }
    const app = await serve(host, [keep, routeX(make)])
    const answer = Buffer.from(await (await fetch(`${app.url}/api/x`)).arrayBuffer())
    expect(answer.length).toBe(size)
    expect(kept.map((chunk) => Buffer.isBuffer(chunk))).toEqual(kept.map(() => true))
    expect(Buffer.concat(kept as Buffer[]).equals(answer)).toBe(true)
  })

  it.each<[string, () => Response]>([
    ['`json()`', () => json({ a: 1 })],
    ['`json()` of more than ASCII', () => json({ a: 1, b: 'ü' })],
    ['`json()` with a status', () => json({ a: 1 }, { status: 201 })],
    ['a native text', () => new Response('{"a":1}')],
    ['bytes', () => new Response(Buffer.from('{"a":1}'))],
  ])('may write more than ASCII into the text of %s', async (_name, make) => {
    const rewrite: Middleware = (_req, res, next) => {
      const { end } = res
      res.end = (chunk: unknown, ...rest: unknown[]) => {
        const text = String(chunk).replace('{', '{"é":0,')
        res.setHeader('content-length', Buffer.byteLength(text))
        end.apply(res, [text, ...rest])
      }
      next()
    }
    const app = await serve(host, [rewrite, routeX(make)])
    for (let turn = 0; turn < 2; turn++) {
      const text = await (await fetch(`${app.url}/api/x`)).text()
      expect(text).toBe((await make().text()).replace('{', '{"é":0,'))
    }
  })
})

describeHosts('the connection', (host) => {
  it('keeps the timeout that the application gave it while a stream is sent (hazard 145)', async () => {
    let timeout: number | undefined
    const app = await serve(host, [
      (req, _res, next) => {
        req.socket.setTimeout(12_345)
        next()
      },
      routeX(({ context: { req } }) => {
        let pulls = 0
        const body = new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setImmediate(resolve))
            controller.enqueue(new Uint8Array(3))
            if (++pulls < 3) return
            timeout = req.socket.timeout
            controller.close()
          },
        })
        return new Response(body)
      }),
    ])
    await (await fetch(`${app.url}/api/x`)).text()
    expect(timeout).toBe(12_345)
  })
})

describeHosts(
  "Express's `req.route` (hazard 240)",
  (host) => {
    it('names the route for metrics, once it is served', async () => {
      const seen: unknown[] = []
      const watch: Middleware = (req, res, next) => {
        res.once('finish', () => seen.push([req.baseUrl ?? '', req.route?.path]))
        next()
      }
      const app = await serve(host, [watch, routeX(() => new Response('x'))])
      await (await fetch(`${app.url}/api/x`)).text()
      await (await fetch(`${app.url}/other`)).text()
      expect(seen).toEqual([
        ['', '/api/x'],
        ['', undefined],
      ])
    })
  },
  expressHosts,
)

// Express has no HTTP/2 of its own: its prototypes are those of Node's HTTP/1 classes (hazard 243).
describe('startApi() as the listener of an HTTP/2 server', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  const start = async (handler: TestHandler, headers: http2.OutgoingHttpHeaders = {}) => {
    const server = http2.createServer(routeX(handler) as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    closing.push(() => {
      client.destroy()
      server.close()
    })
    return client.request({ ':path': '/api/x', ...headers })
  }

  const answer = async (handler: TestHandler, headers?: http2.OutgoingHttpHeaders) => {
    const stream = await start(handler, headers)
    const answered = once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>
    const body = await readAll(stream as never)
    return { head: (await answered)[0], body: body.toString() }
  }

  it('sends no reason phrase and causes no warning about one (hazard 117)', async () => {
    const warnings = await recordWarnings(async () => {
      const init = { status: 201, statusText: 'Made' }
      const { head, body } = await answer(() => new Response('h2', init))
      expect(head[':status']).toBe(201)
      expect(head['content-length']).toBe('2')
      expect(body).toBe('h2')
    })
    expect(warnings).toEqual([])
  })

  it('drops headers that HTTP/2 forbids (hazard 126)', async () => {
    const warnings = await recordWarnings(async () => {
      const { head, body } = await answer(() => {
        setHeader('transfer-encoding', 'chunked')
        return new Response('h2', {
          headers: {
            connection: 'keep-alive, x-hop',
            'keep-alive': 'timeout=5',
            'x-hop': '1',
            'x-a': 'b',
          },
        })
      })
      expect(body).toBe('h2')
      expect(head['x-a']).toBe('b')
      for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'x-hop']) {
        expect(head[name]).toBeUndefined()
      }
    })
    expect(warnings).toEqual([])
  })

  it('sends streams, cookies and HEAD', async () => {
    const make = () => {
      const body = new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setImmediate(resolve))
          controller.enqueue(Buffer.from('str'))
          await new Promise((resolve) => setImmediate(resolve))
          controller.enqueue(Buffer.from('eam'))
          controller.close()
        },
      })
      const headers = new Headers([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ])
      return new Response(body, { headers })
    }
    const get = await answer(make)
    expect(get.body).toBe('stream')
    expect(get.head['set-cookie']).toEqual(['a=1', 'b=2'])
    const head = await answer(make, { ':method': 'HEAD' })
    expect(head.head[':status']).toBe(200)
    expect(head.body).toBe('')
  })

  it('breaks off an answer whose stream fails (hazard 132)', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation()
    let controller!: ReadableStreamDefaultController
    const body = new ReadableStream({
      start(own) {
        controller = own
        own.enqueue(Buffer.from('part'))
      },
    })
    const stream = await start(() => new Response(body))
    await once(stream, 'data')
    controller.error(new Error('broken'))
    await expect(once(stream, 'end')).rejects.toMatchObject({ code: 'ERR_HTTP2_STREAM_ERROR' })
    expect(log).toHaveBeenCalledTimes(1)
    log.mockRestore()
  })

  it('cancels the producer when the client leaves, even before the handler returns (hazards 135, 137)', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation()
    for (const when of ['while it streams', 'before the handler returns']) {
      const cancel = jest.fn()
      const cancelled = new Promise((resolve) => cancel.mockImplementation(resolve))
      const body = new ReadableStream({ start: (own) => own.enqueue(Buffer.from('part')), cancel })
      let called!: () => void
      const running = new Promise<void>((resolve) => (called = resolve))
      const stream = await start(async ({ context: { res } }) => {
        const closed = once(res, 'close')
        called()
        if (when === 'before the handler returns') await closed
        return new Response(body)
      })
      await (when === 'while it streams' ? once(stream, 'data') : running)
      stream.close(http2.constants.NGHTTP2_CANCEL)
      await cancelled
      expect(cancel).toHaveBeenCalledTimes(1)
    }
    expect(log).not.toHaveBeenCalled()
    log.mockRestore()
  })

  it('answers methods in any spelling without a handler (hazards 42, 43)', async () => {
    for (const method of ['get', 'constructor', 'toString', '__proto__']) {
      const { head } = await answer(() => new Response('never'), { ':method': method })
      expect(head[':status']).toBe(405)
    }
  })
})
