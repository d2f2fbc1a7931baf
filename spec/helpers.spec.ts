import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHmac } from 'node:crypto'
import express from 'express'
import * as h3 from 'h3'
import { json, startApi } from 'express-start-api'
import * as server from 'express-start-api/server'
import { type Host, describeHosts, expressHosts, listen, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

type Handler = (context: { request: Request; params: Record<string, string> }) => unknown

/** One route for all methods, whose handler may return what it likes. */
function route(handler: Handler): ReturnType<typeof startApi> {
  const methods = Object.fromEntries(
    ['GET', 'POST', 'PUT', 'OPTIONS'].map((method) => [method, handler as never]),
  )
  return startApi(apiRoutes({ 'api/x/$id.ts': methods }))
}

async function ask(
  host: Host,
  handler: Handler,
  init: RequestInit & { path?: string } = {},
  before: Parameters<typeof serve>[1] = [],
): Promise<Response> {
  const { url } = await serve(host, [...before, route(handler)])
  return fetch(`${url}${init.path ?? '/api/x/7'}`, { redirect: 'manual', ...init })
}

/** What a handler sees through helpers, as JSON. */
const see =
  (look: () => unknown): Handler =>
  async () =>
    json((await look()) ?? null)

async function saw(
  host: Host,
  look: () => unknown,
  init?: RequestInit & { path?: string },
  before?: Parameters<typeof serve>[1],
): Promise<unknown> {
  return (await ask(host, see(look), init, before)).json()
}

describeHosts('helpers that read the request', (host) => {
  it('give the fetch Request', async () => {
    expect(
      await saw(host, () => [
        server.getRequest() === server.getWebRequest(),
        server.toWebRequest(server.getEvent()) === server.getRequest(),
        new URL(server.getRequest().url).pathname,
      ]),
    ).toEqual([true, true, '/api/x/7'])
  })

  it('give headers as a Headers that reads like a plain object', async () => {
    const init = { headers: { 'x-a': '1' } }
    expect(
      await saw(
        host,
        () => [
          server.getRequestHeaders().get('X-A'),
          server.getRequestHeaders()['x-a'],
          server.getHeaders()['x-a'],
          server.getRequestHeader('X-A'),
          server.getHeader(server.getEvent(), 'x-a'),
          server.getHeader('x-none') ?? 'none',
          typeof server.getRequestHeaders().get,
        ],
        init,
      ),
    ).toEqual(['1', '1', '1', '1', '1', 'none', 'function'])
  })

  it('give host, protocol and URL, and believe forwarded ones only where told to', async () => {
    const init = {
      headers: { 'x-forwarded-host': 'api.example.com', 'x-forwarded-proto': 'https' },
    }
    const [hostname, protocol, url, forwarded] = (await saw(
      host,
      () => [
        server.getRequestHost(),
        server.getRequestProtocol(),
        server.getRequestURL().pathname,
        [
          server.getRequestHost({ xForwardedHost: true }),
          server.getRequestProtocol({ xForwardedProto: true }),
          server.getRequestUrl({ xForwardedHost: true, xForwardedProto: true }).origin,
        ],
      ],
      init,
    )) as string[]
    expect(hostname).toMatch(/^127\.0\.0\.1:\d+$/)
    expect([protocol, url]).toEqual(['http', '/api/x/7'])
    expect(forwarded).toEqual(['api.example.com', 'https', 'https://api.example.com'])
  })

  it('give the address of the client', async () => {
    expect(await saw(host, () => server.getRequestIP())).toMatch(/127\.0\.0\.1$/)
    const init = { headers: { 'x-forwarded-for': '10.1.1.1' } }
    expect(await saw(host, () => server.getRequestIP(), init)).toMatch(/127\.0\.0\.1$/)
    expect(await saw(host, () => server.getRequestFingerprint())).toMatch(/^[\da-f]{40}$/)
  })

  it('give query, params and method', async () => {
    expect(
      await saw(
        host,
        async () => [
          server.getQuery(),
          await server.getValidatedQuery((query) => (query as { b?: string }).b === '3'),
          server.getRouterParams(),
          server.getRouterParam('id'),
          server.isMethod('GET'),
          server.isMethod(['POST']),
          server.isPreflightRequest(),
        ],
        { path: '/api/x/7?a=1&a=2&b=3' },
      ),
    ).toEqual([
      { a: ['1', '2'], b: '3' },
      { a: ['1', '2'], b: '3' },
      { id: '7' },
      '7',
      true,
      false,
      false,
    ])
  })

  it('give cookies, without a prototype', async () => {
    const init = { headers: { cookie: 'a=1; b=%20x; __proto__=y' } }
    expect(
      await saw(
        host,
        () => [
          server.getCookie('a'),
          server.getCookies()['b'],
          server.parseCookies(server.getEvent())['a'],
          server.getCookie('none') ?? 'none',
          Object.getPrototypeOf(server.getCookies()) === null,
        ],
        init,
      ),
    ).toEqual(['1', ' x', '1', 'none', true])
  })

  it('keep values for the rest of the request', async () => {
    expect(
      await saw(host, () => {
        server.setContext('user', 'Ada')
        return [server.getContext('user'), server.getEvent().context['user']]
      }),
    ).toEqual(['Ada', 'Ada'])
  })

  it("give Express's own objects by getEvent().node", async () => {
    const user: Parameters<typeof serve>[1] = [
      (req, _res, next) => {
        req.user = 'Ada'
        next()
      },
    ]
    const look = () => {
      const { req } = server.getEvent().node as unknown as { req: { user: string; seen?: boolean } }
      req.seen = true
      return [req.user, (server.getEvent().node.req as unknown as { seen: boolean }).seen]
    }
    expect(await saw(host, look, {}, user)).toEqual(['Ada', true])
  })
})

describeHosts('helpers that read the body', (host) => {
  const post = (body: string, type: string): RequestInit => ({
    method: 'POST',
    body,
    headers: { 'content-type': type },
  })

  it('parse it by its type', async () => {
    const read = () => server.readBody()
    expect(await saw(host, read, post('{"a":[1]}', 'application/json'))).toEqual({ a: [1] })
    expect(await saw(host, read, post('a=1&a=2', 'application/x-www-form-urlencoded'))).toEqual({
      a: ['1', '2'],
    })
    expect(await saw(host, read, post('hello', 'text/plain'))).toBe('hello')
    expect(await saw(host, read, { method: 'POST' })).toBeNull()
  })

  it('do not take it from each other or from the Request', async () => {
    const look = async () => [
      await server.readBody(server.getEvent()),
      await server.readRawBody(),
      (await server.readRawBody(false))?.length,
      await server.getRequest().json(),
    ]
    const expected = [{ a: 1 }, '{"a":1}', 7, { a: 1 }]
    expect(await saw(host, look, post('{"a":1}', 'application/json'))).toEqual(expected)
  })

  it('read forms', async () => {
    const body = new FormData()
    body.append('a', '1')
    body.append('f', new File(['text'], 'f.txt', { type: 'text/plain' }))
    const look = async () => {
      const form = await server.readFormData()
      const parts = await server.readMultipartFormData()
      return [
        form.get('a'),
        (form.get('f') as File).name,
        parts?.map(({ name, data }) => [name, String(data)]),
      ]
    }
    expect(await saw(host, look, { method: 'POST', body })).toEqual([
      '1',
      'f.txt',
      [
        ['a', '1'],
        ['f', 'text'],
      ],
    ])
  })

  it('give it as a stream', async () => {
    const look = async () => new Response(server.getRequestWebStream()).text()
    expect(await saw(host, look, post('hello', 'text/plain'))).toBe('hello')
  })

  it('answer 400 for malformed JSON and for a failed check, 405 for a method without a body', async () => {
    const statusOf = async (look: () => unknown, init: RequestInit) => {
      const { url, errors } = await serve(host, [route(see(look))])
      await fetch(`${url}/api/x/7`, init)
      return (errors[0] as { statusCode: number }).statusCode
    }
    const bad = post('{"a', 'application/json')
    expect(await statusOf(() => server.readBody(), bad)).toBe(400)
    expect(
      await statusOf(() => server.readValidatedBody(() => false), post('{}', 'application/json')),
    ).toBe(400)
    expect(await statusOf(() => server.getValidatedQuery(() => false), {})).toBe(400)
    expect(await statusOf(() => server.readBody(), {})).toBe(405)
    expect(await statusOf(() => server.assertMethod('PUT'), {})).toBe(405)
  })
})

describeHosts(
  'helpers that read the body, behind express.json()',
  (host) => {
    it('read what the client sent', async () => {
      const init = {
        method: 'POST',
        body: '{"a":1}',
        headers: { 'content-type': 'application/json' },
      }
      const look = async () => [await server.readBody(), await server.readRawBody()]
      expect(await saw(host, look, init, [express.json()])).toEqual([{ a: 1 }, '{"a":1}'])
      // Express 4 leaves `{}` where it has parsed nothing.
      expect(await saw(host, look, { method: 'POST' }, [express.json()])).toEqual([null, null])
    })
  },
  expressHosts,
)

describeHosts('helpers that speak about the response', (host) => {
  const text = (): Response => new Response('text')

  it('set status and reason phrase, at every Response, thrown ones as well', async () => {
    for (const end of [
      text,
      () => json({}, { status: 201 }),
      () => {
        throw new Response('x', { status: 500 })
      },
    ]) {
      const response = await ask(host, () => {
        server.setResponseStatus(404, 'Gone Fishing')
        return end()
      })
      expect([response.status, response.statusText]).toEqual([404, 'Gone Fishing'])
    }
  })

  it("set headers in place of the Response's own, one by one, together and from a Headers", async () => {
    const response = await ask(host, () => {
      server.setHeader('X-A', '1')
      server.setResponseHeader(server.getEvent(), 'x-b', ['2', '3'])
      server.setHeaders({ 'x-c': '4' })
      server.setResponseHeaders(new Headers({ 'x-d': '5', 'set-cookie': 'k=v' }))
      server.appendHeader('x-c', '6')
      server.appendResponseHeaders({ 'x-e': '7' })
      server.setHeader('content-type', 'text/x-own')
      return new Response('x', { headers: { 'x-a': 'own' } })
    })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-a': '1',
      'x-b': '2, 3',
      'x-c': '4, 6',
      'x-d': '5',
      'x-e': '7',
      'content-type': 'text/x-own',
      'set-cookie': 'k=v',
    })
  })

  it("remove headers, the Response's own as well", async () => {
    const response = await ask(host, () => {
      server.setHeader('x-a', '1')
      server.setHeader('x-b', '1')
      server.removeResponseHeader('x-own')
      server.clearResponseHeaders()
      return new Response('x', { headers: { 'x-own': '1' } })
    })
    for (const name of ['x-a', 'x-b', 'x-own']) expect(response.headers.has(name)).toBe(false)
  })

  it('give back what they have set', async () => {
    const look = () => {
      server.setResponseStatus(201, 'Made')
      server.setHeader('x-a', '1')
      server.defaultContentType('text/x-own')
      return [
        server.getResponseStatus(),
        server.getResponseStatusText(),
        server.getResponseHeader('X-A'),
        server.getResponseHeaders()['x-a'],
        server.getResponse().headers.get('content-type'),
      ]
    }
    expect(await saw(host, look)).toEqual([201, 'Made', '1', '1', 'text/x-own'])
  })

  it('set cookies beside others, and in place of one of the same name, domain and path', async () => {
    const response = await ask(
      host,
      () => {
        server.setCookie('a', '1')
        server.setCookie('a', '2')
        server.setCookie('a', '3', { path: '/x', httpOnly: true })
        server.deleteCookie('gone')
        return new Response('x', { headers: { 'set-cookie': 'a=own; Path=/' } })
      },
      {},
      [
        (_req, res, next) => {
          res.setHeader('set-cookie', 'earlier=1')
          next()
        },
      ],
    )
    expect(response.headers.getSetCookie()).toEqual([
      'earlier=1',
      'a=2; Path=/',
      'a=3; Path=/x; HttpOnly',
      'gone=; Max-Age=0; Path=/',
    ])
  })

  it('hold through awaits, timers and the pull of a stream', async () => {
    const response = await ask(host, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      server.setHeader('x-late', '1')
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise(setImmediate)
            controller.enqueue(new TextEncoder().encode(server.getRequest().url.slice(-1)))
            controller.close()
          },
        }),
      )
    })
    expect(response.headers.get('x-late')).toBe('1')
    expect(await response.text()).toBe('7')
  })
})

describeHosts('helpers that answer themselves', (host) => {
  it('redirect', async () => {
    const response = await ask(host, () => server.sendRedirect('/there', 301))
    expect([response.status, response.headers.get('location')]).toEqual([301, '/there'])
    expect(await response.text()).toContain('url=/there')
  })

  it('send texts, nothing, streams and Responses', async () => {
    const sent = await ask(host, () => server.send('<p>', 'text/html'))
    expect([sent.headers.get('content-type'), await sent.text()]).toEqual(['text/html', '<p>'])
    const none = await ask(host, () => server.sendNoContent())
    expect([none.status, await none.text()]).toEqual([204, ''])
    const stream = await ask(host, () => server.sendStream(new Blob(['s']).stream()))
    expect(await stream.text()).toBe('s')
    const whole = await ask(host, () =>
      server.sendWebResponse(new Response('w', { status: 202, headers: { 'x-w': '1' } })),
    )
    expect([whole.status, whole.headers.get('x-w'), await whole.text()]).toEqual([202, '1', 'w'])
  })

  it('answer CORS', async () => {
    const handler: Handler = () => {
      const options = { origin: ['https://a.example'], methods: ['PUT' as const] }
      if (server.handleCors(options)) return undefined
      return new Response('x')
    }
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'PUT' }
    const preflight = await ask(host, handler, { method: 'OPTIONS', headers })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'PUT',
    ])
    const plain = await ask(host, handler, { headers })
    expect([plain.status, plain.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://a.example',
    ])
  })

  it('answer 304 where the client has a fresh copy', async () => {
    const handler: Handler = () =>
      server.handleCacheHeaders({ etag: '"1"', maxAge: 60 }) ? undefined : new Response('x')
    const fresh = await ask(host, handler, { headers: { 'if-none-match': '"1"' } })
    expect([fresh.status, await fresh.text()]).toEqual([304, ''])
    const stale = await ask(host, handler)
    expect([stale.status, stale.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=60, s-maxage=60',
    ])
  })

  it('pass requests on, bodies as streams', async () => {
    const upstream = await listen((req, res) => {
      res.writeHead(201, { 'x-up': req.headers['x-a'] ?? '', 'set-cookie': ['a=1', 'b=2'] })
      req.pipe(res)
    })
    const proxied = await ask(host, () => server.proxyRequest(`${upstream.url}/up`), {
      method: 'POST',
      body: 'hello',
      headers: { 'x-a': '1' },
    })
    expect([proxied.status, proxied.headers.get('x-up'), await proxied.text()]).toEqual([
      201,
      '1',
      'hello',
    ])
    expect(proxied.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    const { url, errors } = await serve(host, [
      route(() => server.sendProxy('http://127.0.0.1:1/')),
    ])
    await fetch(`${url}/api/x/7`)
    expect((errors[0] as { statusCode: number }).statusCode).toBe(502)
  })
})

describeHosts('sessions', (host) => {
  const password = 'a password of at least thirty-two characters'
  const config = { password, name: 'app' }
  const count: Handler = async () => {
    const session = await server.useSession<{ count?: number }>(config)
    await session.update({ count: (session.data.count ?? 0) + 1 })
    return json(session.data)
  }
  const cookieOf = (response: Response) => response.headers.getSetCookie()[0]!.split(';')[0]!

  it('keep their data from request to request', async () => {
    const { url } = await serve(host, [route(count)])
    const first = await fetch(`${url}/api/x/7`)
    expect(await first.json()).toEqual({ count: 1 })
    expect(first.headers.getSetCookie()[0]).toMatch(/^app=Fe26\.2.*; Path=\/; HttpOnly; Secure/)
    const headers = { cookie: cookieOf(first) }
    expect(await (await fetch(`${url}/api/x/7`, { headers })).json()).toEqual({ count: 2 })
  })

  it('begin anew if the cookie was tampered with or is expired', async () => {
    const { url } = await serve(host, [route(count)])
    const cookie = cookieOf(await fetch(`${url}/api/x/7`))
    const tampered = { cookie: cookie.replace(/.{6}$/, 'AAAAAA') }
    expect(await (await fetch(`${url}/api/x/7`, { headers: tampered })).json()).toEqual({
      count: 1,
    })
    const short = { password, name: 'app', maxAge: 1 }
    const old = await h3.sealSession(
      {
        context: {
          sessions: { app: { id: '1', createdAt: Date.now() - 5000, data: { count: 9 } } },
        },
      } as never,
      short,
    )
    const look = see(async () => (await server.getSession(short)).data)
    const expired = await ask(host, look, { headers: { cookie: `app=${old}` } })
    expect(await expired.json()).toEqual({})
  })

  it("open h3's, and h3 opens theirs", async () => {
    const app = h3.createApp().use(
      h3.eventHandler(async (event) => {
        const session = await h3.useSession<{ count?: number }>(event, config)
        await session.update({ count: (session.data.count ?? 0) + 1 })
        return session.data
      }),
    )
    const other = createServer(h3.toNodeListener(app))
    await new Promise<void>((resolve) => other.listen(0, resolve))
    const theirs = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`
    try {
      const { url } = await serve(host, [route(count)])
      const headers = { cookie: cookieOf(await fetch(theirs)) }
      const ours = await fetch(`${url}/api/x/7`, { headers })
      expect(await ours.json()).toEqual({ count: 2 })
      const back = await fetch(theirs, { headers: { cookie: cookieOf(ours) } })
      expect(await back.json()).toEqual({ count: 3 })
    } finally {
      other.closeAllConnections()
      await new Promise((resolve) => other.close(resolve))
    }
  })

  it('are several by name, and end', async () => {
    const response = await ask(host, async () => {
      await server.updateSession({ password, name: 'one' }, { a: 1 })
      await server.updateSession({ password, name: 'two' }, { b: 2 })
      await server.clearSession({ name: 'old' })
      return json(
        await server.unsealSession(config, await server.sealSession({ password, name: 'one' })),
      )
    })
    expect(await response.json()).toMatchObject({ data: { a: 1 } })
    expect(response.headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual([
      'one',
      'two',
      'old',
    ])
  })
})

describe('two hundred requests at once', () => {
  it('never see each other', async () => {
    const api = startApi(
      apiRoutes({
        'api/x/$id.ts': {
          GET: async ({ params }) => {
            const id = params['id']!
            server.setContext('id', id)
            server.setCookie('id', id)
            await new Promise((resolve) => setTimeout(resolve, Number(id) % 7))
            server.setHeader('x-id', String(server.getContext('id')))
            await new Promise(setImmediate)
            server.setResponseStatus(200 + (Number(id) % 100))
            return json([server.getRouterParam('id'), new URL(server.getRequest().url).pathname])
          },
        },
      }),
    )
    const { url } = await serve(expressHosts[0]!, [api])
    const ids = Array.from({ length: 200 }, (_, index) => String(index)).filter(
      (id) => ![204, 205].includes(200 + (Number(id) % 100)),
    )
    await Promise.all(
      ids.map(async (id) => {
        const response = await fetch(`${url}/api/x/${id}`)
        expect(response.status).toBe(200 + (Number(id) % 100))
        expect(response.headers.get('x-id')).toBe(id)
        expect(response.headers.getSetCookie()).toEqual([`id=${id}; Path=/`])
        expect(await response.json()).toEqual([id, `/api/x/${id}`])
      }),
    )
  })
})

describe('helpers elsewhere', () => {
  it('work in api.fetch()', async () => {
    const api = route(async () => {
      server.setHeader('x-a', String(server.getRequestHeader('x-a')))
      server.setCookie('a', '1')
      return json([server.getQuery(), await server.readBody(), server.getRequestIP() ?? null])
    })
    const init = {
      method: 'POST',
      body: '{"b":1}',
      headers: { 'x-a': '1', 'content-type': 'application/json' },
    }
    const response = await api.fetch('/api/x/7?q=1', init)
    expect(response.headers.get('x-a')).toBe('1')
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/'])
    expect(await response.json()).toEqual([{ q: '1' }, { b: 1 }, null])
    const redirect = await route(() => server.sendRedirect('/there')).fetch('/api/x/7')
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, '/there'])
  })

  it('say outside a request that they are, by name', () => {
    const calls: Record<string, () => unknown> = {
      getRequest: server.getRequest,
      setResponseStatus: () => server.setResponseStatus(404),
      setCookie: () => server.setCookie('a', '1'),
      getEvent: server.getEvent,
      getRequestWebStream: () => server.getRequestWebStream(),
    }
    for (const [name, call] of Object.entries(calls)) {
      expect(call).toThrow(`${name}() was called outside a request.`)
    }
  })

  it('keep signatures valid: readRawBody() gives the bytes that the client signed', async () => {
    const body = '{"a": 1}'
    const sign = (text: string) => createHmac('sha256', 'key').update(text).digest('hex')
    const api = route(async () => json(sign((await server.readRawBody())!)))
    const response = await api.fetch('/api/x/7', { method: 'POST', body })
    expect(await response.json()).toBe(sign(body))
  })
})
