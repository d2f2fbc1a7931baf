import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import cors from 'cors'
import session from 'express-session'
import helmet from 'helmet'
import { Response as PolyfillResponse } from '@whatwg-node/fetch'
import { json } from 'express-start-api'
import { setHeader, setHeaders, setResponseStatus } from 'express-start-api/server'
import { type TestHandler, routeX } from './support/handlers'
import {
  type Host,
  type Layer,
  type Middleware,
  describeHosts,
  expressHosts,
  listen,
  serve,
} from './support/hosts'
import { type RawAnswer, open, rawGet, rawHead, rawRequest } from './support/raw-request'

const getX = async (
  host: Host,
  handler: TestHandler,
  before: readonly Layer[] = [],
  headers: readonly string[] = [],
): Promise<RawAnswer> => {
  const app = await serve(host, [...before, routeX(handler)])
  return rawGet(app.port, '/api/x', headers)
}

/** Middleware that sets one header, as those in front of the routes do. */
const early =
  (name: string, value: string | readonly string[]): Middleware =>
  (_req, res, next) => {
    res.setHeader(name, value)
    next()
  }

const later = (text: string) =>
  new ReadableStream({
    async start(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.enqueue(Buffer.from(text))
      controller.close()
    },
  })

const EXPIRES = 'a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT'

describeHosts('Set-Cookie', (host) => {
  it('has a line for each cookie, unchanged (hazard 118)', async () => {
    const answer = await getX(host, () => {
      const response = new Response('x')
      response.headers.append('set-cookie', EXPIRES)
      response.headers.append('set-cookie', 'b=2; HttpOnly')
      return response
    })
    expect(answer.lines.filter((line) => /^set-cookie:/i.test(line))).toEqual([
      `set-cookie: ${EXPIRES}`,
      'set-cookie: b=2; HttpOnly',
    ])
  })

  it.each<[string, string | readonly string[], string[]]>([
    ['one', 'lang=en', ['lang=en', 'a=1', 'b=2']],
    ['several', ['lang=en', 'tz=0'], ['lang=en', 'tz=0', 'a=1', 'b=2']],
  ])('keeps %s of middleware in front (hazard 119)', async (_name, earlier, expected) => {
    const answer = await getX(host, () => {
      const headers = new Headers([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ])
      return new Response('x', { headers })
    }, [early('Set-Cookie', earlier)])
    expect(answer.headers['set-cookie']).toEqual(expected)
  })

  it('adds up: middleware, the Response, helpers', async () => {
    const answer = await getX(host, () => {
      setHeader('Set-Cookie', ['c=3', 'd=4'])
      return new Response('x', { headers: { 'set-cookie': 'b=2' } })
    }, [early('Set-Cookie', 'a=1')])
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2', 'c=3', 'd=4'])
  })

  it("has a helper's cookie in place of the Response's with name, domain and path", async () => {
    const answer = await getX(host, () => {
      setHeader('Set-Cookie', 'a=helper; Path=/')
      const headers = new Headers([
        ['set-cookie', 'a=other; path=/deep'],
        ['set-cookie', 'a=own; Path=/'],
      ])
      return new Response('x', { headers })
    })
    expect(answer.headers['set-cookie']).toEqual(['a=other; path=/deep', 'a=helper; Path=/'])
  })

  it('reaches answers that are thrown, redirects and errors among them', async () => {
    const answer = await getX(host, () => {
      setHeader('Set-Cookie', 'b=2')
      throw new Response('no', { status: 401 })
    }, [early('Set-Cookie', 'a=1')])
    expect(answer.status).toBe(401)
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  })

  it('of express-session is sent beside, and the session is stored (hazard 131)', async () => {
    const app = await serve(host, [
      session({ secret: 's', resave: false, saveUninitialized: false }) as Middleware,
      routeX(({ context: { req } }) => {
        const own = (req as unknown as { session: { count?: number } }).session
        own.count = (own.count ?? 0) + 1
        return json({ count: own.count }, { headers: { 'set-cookie': 'a=1' } })
      }),
    ])
    const first = await rawGet(app.port, '/api/x')
    const [own, sid] = first.headers['set-cookie'] as string[]
    expect(own).toBe('a=1')
    expect(sid).toMatch(/^connect\.sid=/)
    const second = await rawGet(app.port, '/api/x', [`Cookie: ${sid!.split(';')[0]!}`])
    expect(second.body).toBe('{"count":2}')
  })

  it('of express-session is sent with a stream', async () => {
    const answer = await getX(
      host,
      ({ context: { req } }) => {
        Object.assign((req as unknown as { session: object }).session, { user: 1 })
        const body = new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setImmediate(resolve))
            controller.enqueue(Buffer.from('streamed'))
            controller.close()
          },
        })
        return new Response(body)
      },
      [session({ secret: 's', resave: false, saveUninitialized: false }) as Middleware],
    )
    expect(answer.headers['set-cookie']).toMatch(/^connect\.sid=/)
    expect(answer.body).toContain('streamed')
  })

  it.each<[string, number, () => unknown]>([
    ['JSON', 201, () => json({}, { status: 201 })],
    ['a native Response', 202, () => new Response('text', { status: 202 })],
    ['none', 204, () => new Response(null, { status: 204 })],
    ['a stream', 200, () => new Response(new Blob(['text']).stream())],
    ['a stream that begins late', 200, () => new Response(later('text'))],
  ])(
    'stores a session whose client has left before the answer, %s',
    async (_name, status, answer) => {
      const logged: number[] = []
      const store = new session.MemoryStore()
      const stored = new Promise((resolve) => {
        store.set = (_id, data) => resolve((data as { user?: string }).user)
      })
      const log: Middleware = (_req, res: { end(): unknown; statusCode: number }, next) => {
        const end = res.end.bind(res)
        res.end = () => {
          logged.push(res.statusCode)
          return end()
        }
        next()
      }
      const { port } = await serve(host, [
        session({ secret: 's', resave: false, saveUninitialized: false, store }) as Middleware,
        log,
        routeX(async ({ context: { req, res } }) => {
          const closed = new Promise((resolve) => res.once('close', resolve))
          socket.destroy()
          await closed
          Object.assign((req as unknown as { session: object }).session, { user: 'Ada' })
          return answer()
        }),
      ])
      const socket = await open(port)
      socket.write(rawHead('GET /api/x HTTP/1.1'))
      expect(await stored).toBe('Ada')
      expect(logged).toEqual([status])
    },
  )

  it('set as the head goes out is kept, as cookie-session does it', async () => {
    const late: Middleware = (_req, res, next) => {
      const { writeHead } = res
      res.writeHead = (...args: unknown[]) => {
        res.setHeader('Set-Cookie', [res.getHeader('Set-Cookie') ?? [], 'late=1'].flat())
        return writeHead.apply(res, args)
      }
      next()
    }
    const answer = await getX(host, () => new Response('x', { headers: { 'set-cookie': 'a=1' } }), [
      late,
    ])
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'late=1'])
  })
})

describeHosts('Vary (hazard 120)', (host) => {
  it.each([
    ['Origin', 'Accept', 'Origin, Accept'],
    ['Origin, Accept-Encoding', 'origin, Accept', 'Origin, Accept-Encoding, Accept'],
    ['Origin', '*', '*'],
    ['*', 'Accept', '*'],
    ['', 'Accept', 'Accept'],
  ])('joins %j of middleware and %j of the Response', async (earlier, own, expected) => {
    const answer = await getX(host, () => new Response('x', { headers: { vary: own } }), [
      early('Vary', earlier),
    ])
    expect(answer.headers['vary']).toBe(expected)
  })

  it('of middleware stays if the Response has none', async () => {
    const answer = await getX(host, () => new Response('x'), [early('Vary', ['Origin', 'Accept'])])
    expect([answer.headers['vary']].flat().join(', ')).toBe('Origin, Accept')
  })

  it("joins a helper's", async () => {
    const answer = await getX(host, () => {
      setHeader('Vary', 'Accept')
      return new Response('x')
    }, [early('Vary', 'Origin')])
    expect(answer.headers['vary']).toBe('Origin, Accept')
  })
})

describeHosts('headers of middleware in front', (host) => {
  it("are kept, and replaced by the Response's of the same name (hazards 121, 242)", async () => {
    const answer = await getX(
      host,
      () => new Response('x', { headers: { 'x-b': 'own', 'content-type': 'text/csv' } }),
      [early('X-A', 'kept'), early('X-B', 'early'), early('Content-Type', 'application/json')],
    )
    expect(answer.headers['x-a']).toBe('kept')
    expect(answer.headers['x-b']).toBe('own')
    expect(answer.headers['content-type']).toBe('text/csv')
  })

  it('of helmet are kept, save those that the Response sets', async () => {
    const app = await serve(host, [
      helmet() as Middleware,
      routeX(
        () => new Response('x', { headers: { 'content-security-policy': "default-src 'none'" } }),
      ),
    ])
    const own = await rawGet(app.port, '/api/x')
    const legacy = await rawGet(app.port, '/other')
    expect(own.headers['content-security-policy']).toBe("default-src 'none'")
    const names = Object.keys(legacy.headers).filter((name) =>
      /^(x-|strict|cross|origin|ref)/.test(name),
    )
    expect(names.length).toBeGreaterThan(8)
    for (const name of names) expect(own.headers[name]).toBe(legacy.headers[name])
  })

  it('of cors are sent once', async () => {
    const answer = await getX(
      host,
      () =>
        new Response('x', {
          headers: { 'access-control-allow-origin': 'https://a.example', vary: 'Accept' },
        }),
      [cors({ origin: 'https://a.example', credentials: true }) as Middleware],
      ['Origin: https://a.example'],
    )
    expect(answer.headers['access-control-allow-origin']).toBe('https://a.example')
    expect(answer.headers['access-control-allow-credentials']).toBe('true')
    expect(answer.headers['vary']).toBe('Origin, Accept')
  })

  it('go if a helper removes them', async () => {
    const answer = await getX(host, () => {
      setHeader('x-a', null as never)
      return new Response('x', { headers: { 'x-a': 'own' } })
    }, [early('X-A', 'early')])
    expect(answer.headers['x-a']).toBeUndefined()
  })
})

describeHosts('headers that Node or Express set too (hazard 155)', (host) => {
  it('are there once', async () => {
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT'
    const answer = await getX(
      host,
      () =>
        new Response('x', {
          headers: { date, 'x-powered-by': 'Start', 'keep-alive': 'timeout=99' },
        }),
    )
    expect(answer.headers['date']).toBe(date)
    expect(answer.headers['x-powered-by']).toBe('Start')
    expect(answer.headers['keep-alive']).not.toBe('timeout=99')
  })
})

describeHosts('hop-by-hop headers (hazards 125, 126)', (host) => {
  it('are dropped, those that `connection` names among them', async () => {
    const answer = await getX(
      host,
      () =>
        new Response('x', {
          headers: {
            connection: 'keep-alive, X-Hop',
            'keep-alive': 'timeout=99',
            'transfer-encoding': 'chunked',
            'proxy-authenticate': 'Basic',
            trailer: 'x-t',
            te: 'trailers',
            upgrade: 'h2c',
            'x-hop': '1',
            'x-end': '2',
          },
        }),
    )
    expect(answer.body).toBe('x')
    expect(answer.headers).toMatchObject({ connection: 'close', 'x-end': '2' })
    for (const name of [
      'transfer-encoding',
      'proxy-authenticate',
      'trailer',
      'te',
      'upgrade',
      'x-hop',
    ]) {
      expect(answer.headers[name]).toBeUndefined()
    }
  })

  it("are dropped if they are a helper's", async () => {
    const answer = await getX(host, () => {
      setHeaders({ 'Transfer-Encoding': 'chunked', 'X-A': 'b' })
      return new Response('x')
    })
    expect(answer.headers['transfer-encoding']).toBeUndefined()
    expect(answer.headers['x-a']).toBe('b')
    expect(answer.body).toBe('x')
  })
})

describeHosts('a Response of fetch()', (host) => {
  const upstream = (encoding: string, body: Buffer) =>
    listen((req, res) => {
      const headers = { 'content-type': 'text/plain', 'set-cookie': ['u=1', 'v=2'], 'x-up': 'yes' }
      res.writeHead(200, encoding === '' ? headers : { ...headers, 'content-encoding': encoding })
      // Chunked, as proxies often see it.
      if (req.url === '/chunked') res.write(body.subarray(0, 2))
      res.end(req.url === '/chunked' ? body.subarray(2) : body)
    })

  it.each([
    ['gzip', gzipSync('decoded')],
    ['x-gzip', gzipSync('decoded')],
    ['br', brotliCompressSync('decoded')],
    ['deflate', deflateSync('decoded')],
    ['gzip, br', brotliCompressSync(gzipSync('decoded'))],
    ['', Buffer.from('decoded')],
  ])('is passed on readable if it came with encoding %j (hazard 127)', async (encoding, body) => {
    const { url } = await upstream(encoding, body)
    for (const path of ['/', '/chunked']) {
      const app = await serve(host, [routeX(() => fetch(url + path))])
      const answer = await fetch(`${app.url}/api/x`)
      expect(await answer.text()).toBe('decoded')
      expect(answer.headers.get('content-encoding')).toBeNull()
      expect(answer.headers.get('x-up')).toBe('yes')
      expect(answer.headers.getSetCookie()).toEqual(['u=1', 'v=2'])
    }
  })

  it('keeps an encoding that fetch() does not decode', async () => {
    const { url } = await upstream('aes128gcm, gzip', Buffer.from('opaque'))
    const answer = await getX(host, () => fetch(url))
    expect(answer.headers['content-encoding']).toBe('aes128gcm, gzip')
    expect(answer.headers['content-length']).toBe('6')
    expect(answer.body).toBe('opaque')
  })

  it('keeps the length and lacks the connection headers of the other side', async () => {
    const { url } = await listen((_req, res) => {
      res.writeHead(200, { 'keep-alive': 'timeout=99', 'content-length': '5' })
      res.end('hello')
    })
    const answer = await getX(host, () => fetch(url))
    expect(answer.headers).toMatchObject({ connection: 'close', 'content-length': '5' })
    expect(answer.headers['keep-alive']).toBeUndefined()
    expect(answer.body).toBe('hello')
  })

  it('takes cookies and headers of helpers though its own are immutable (hazard 150)', async () => {
    const { url } = await upstream('', Buffer.from('x'))
    const answer = await getX(host, () => {
      setHeader('Set-Cookie', 'w=3')
      setHeader('X-Up', 'helper')
      setResponseStatus(203)
      return fetch(url)
    })
    expect(answer.status).toBe(203)
    expect(answer.headers['x-up']).toBe('helper')
    expect(answer.headers['set-cookie']).toEqual(['u=1', 'v=2', 'w=3'])
  })

  it('and one of Response.redirect() take them alike', async () => {
    const answer = await getX(host, () => {
      setHeader('Set-Cookie', 'a=1')
      return Response.redirect('http://example.com/there')
    })
    expect(answer.statusLine).toBe('HTTP/1.1 302 Found')
    expect(answer.headers['location']).toBe('http://example.com/there')
    expect(answer.headers['set-cookie']).toBe('a=1')
  })

  it('for HEAD has the headers that GET has', async () => {
    const { url } = await upstream('gzip', gzipSync('decoded'))
    const app = await serve(host, [routeX(({ request }) => fetch(url, { method: request.method }))])
    const answer = await rawRequest(app.port, rawHead('HEAD /api/x HTTP/1.1'))
    expect(answer.status).toBe(200)
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.headers['x-up']).toBe('yes')
  })
})

describeHosts('an encoding of the handler itself', (host) => {
  it('is sent with the encoded bytes', async () => {
    const app = await serve(host, [
      routeX(() => new Response(gzipSync('zipped'), { headers: { 'content-encoding': 'gzip' } })),
    ])
    const answer = await fetch(`${app.url}/api/x`)
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(await answer.text()).toBe('zipped')
  })
})

describeHosts('headers that several answers share', (host) => {
  it.each<[string, (body: string, headers: Record<string, string>) => unknown]>([
    ['the platform', (body, headers) => new Response(body, { headers })],
    ['json()', (body, headers) => json(body, { headers })],
    ['a polyfill', (body, headers) => new PolyfillResponse(body, { headers })],
  ])('give each answer its own length with %s (hazard 109)', async (_name, make) => {
    const shared = { 'x-shared': 'yes' }
    const bodies = ['first and longer', '2nd']
    const app = await serve(host, [routeX(() => make(bodies.shift()!, shared))])
    const first = await rawGet(app.port, '/api/x')
    const second = await rawGet(app.port, '/api/x')
    expect([first.body, second.body].map((body) => body.replaceAll('"', ''))).toEqual([
      'first and longer',
      '2nd',
    ])
    expect(second.headers['content-length']).toBe(String(second.body.length))
    expect(second.headers['x-shared']).toBe('yes')
  })

  it('do not collect what helpers say for one request (hazard 151)', async () => {
    const cached = new Response(null, { headers: { 'x-a': 'own' } })
    let count = 0
    const app = await serve(host, [
      routeX(() => {
        if (++count === 1) {
          setHeader('Set-Cookie', 'first=1')
          setHeader('X-A', 'first')
          setResponseStatus(201)
        }
        return cached
      }),
    ])
    const first = await rawGet(app.port, '/api/x')
    expect([first.status, first.headers['x-a']]).toEqual([201, 'first'])
    const second = await rawGet(app.port, '/api/x')
    expect([second.status, second.headers['x-a']]).toEqual([200, 'own'])
    expect(second.headers['set-cookie']).toBeUndefined()
  })
})

describeHosts(
  "Express's own header methods in front",
  (host) => {
    it('add up with the Response', async () => {
      const answer = await getX(
        host,
        () => new Response('x', { headers: { 'set-cookie': 'b=2', vary: 'Accept' } }),
        [
          (_req, res, next) => {
            res.status(418).type('json').cookie('lang', 'en').vary('Origin').append('Link', '</a>')
            next()
          },
        ],
      )
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe('text/plain;charset=UTF-8')
      expect(answer.headers['set-cookie']).toEqual(['lang=en; Path=/', 'b=2'])
      expect(answer.headers['vary']).toBe('Origin, Accept')
      expect(answer.headers['link']).toBe('</a>')
    })
  },
  expressHosts,
)

describeHosts('letters beyond ASCII in a header', (host) => {
  const name = 'caf\u00e9'

  it.each<[string, TestHandler, string]>([
    ['json()', () => json({ a: 1 }), '{"a":1}'],
    [
      'json() of other letters',
      () => json({ a: '\u00fc\u20ac' }),
      '{"a":"\u00c3\u00bc\u00e2\u0082\u00ac"}',
    ],
    ['a text', () => new Response('text'), 'text'],
    ['a text of other letters', () => new Response('\u00fc'), '\u00c3\u00bc'],
    ['a long text', () => new Response('x'.repeat(5000)), 'x'.repeat(5000)],
    ['nothing', () => new Response(null), ''],
  ])('are sent as one byte each, beside %s', async (_, handler, body) => {
    const answer = await getX(host, handler, [early('x-name', name)])
    expect([answer.headers['x-name'], answer.body]).toEqual([name, body])
    const own = await getX(host, async (context) => {
      const response = (await handler(context)) as Response
      response.headers.set('x-name', name)
      return response
    })
    expect([own.headers['x-name'], own.body]).toEqual([name, body])
  })
})
