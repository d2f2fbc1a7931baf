// Server helpers that speak about the response, on every host.
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { startApi } from 'express-start-api'
import * as helpers from 'express-start-api/server'
import { describeHosts, type Host, expressHosts, hosts, listen, serve } from './support/hosts'
import { open, rawGet, rawHead, readAll } from './support/raw-request'
import { apiRoutes } from './support/routes'

type Handler = (context: { request: Request }) => unknown

async function ask(host: Host, handler: Handler, init: RequestInit = {}): Promise<Response> {
  const { url } = await serve(host, [routeX(handler)])
  return fetch(`${url}/api/x`, { redirect: 'manual', ...init })
}

function routeX(handler: Handler) {
  const methods = ['GET', 'POST', 'OPTIONS'].map((method) => [method, handler])
  return startApi(apiRoutes({ 'api/x.ts': Object.fromEntries(methods) }))
}

describeHosts('helpers that speak about the response', (host) => {
  it('win over the Response that is returned (hazard 152)', async () => {
    const answer = await ask(host, () => {
      helpers.setResponseStatus(418, 'Teapot')
      helpers.setHeader('content-type', 'text/x-tea')
      return new Response('tea', { status: 201 })
    })
    expect([answer.status, answer.statusText]).toEqual([418, 'Teapot'])
    expect(answer.headers.get('content-type')).toBe('text/x-tea')
    expect(await answer.text()).toBe('tea')
  })

  it('win over a Response that is thrown', async () => {
    const answer = await ask(host, async () => {
      helpers.setResponseHeader('x-one', '1')
      helpers.setCookie('a', '1')
      throw new Response('gone', { status: 410 })
    })
    expect([answer.status, answer.headers.get('x-one')]).toEqual([410, '1'])
    expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/'])
  })

  it('work after await, in timers and in callbacks', async () => {
    const answer = await ask(host, async () => {
      await Promise.resolve()
      helpers.setHeader('x-await', '1')
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          helpers.setHeader('x-timer', '1')
          resolve()
        }, 1),
      )
      return new Response('done')
    })
    expect([answer.headers.get('x-await'), answer.headers.get('x-timer')]).toEqual(['1', '1'])
  })

  it.each([[99], [1000], [404.5], [Number.NaN]])(
    'ignore the status %d, which is none',
    async (status) => {
      const answer = await ask(host, () => {
        helpers.setResponseStatus(status)
        return new Response('ok', { status: 202 })
      })
      expect(answer.status).toBe(202)
    },
  )

  it('set headers from an object and from `Headers`', async () => {
    const answer = await ask(host, () => {
      helpers.setHeaders({ 'x-one': '1', 'x-two': 2 })
      helpers.setHeaders(new Headers({ 'x-three': '3' }))
      helpers.setResponseHeaders(
        new Headers([
          ['x-four', '4'],
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
        ]),
      )
      return new Response('ok')
    })
    const names = ['x-one', 'x-two', 'x-three', 'x-four']
    expect(names.map((name) => answer.headers.get(name))).toEqual(['1', '2', '3', '4'])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('append to headers', async () => {
    const answer = await ask(host, () => {
      helpers.appendHeader('x-one', 'a')
      helpers.appendResponseHeader('x-one', 'b')
      helpers.appendHeaders({ 'x-one': 'c' })
      helpers.appendResponseHeaders(new Headers({ 'x-one': 'd' }))
      return new Response('ok')
    })
    expect(answer.headers.get('x-one')).toBe('a, b, c, d')
  })

  it('tell what helpers have set, to both generations', async () => {
    const answer = await ask(host, () => {
      const before = helpers.getResponseStatus()
      helpers.setResponseStatus(202, 'Taken')
      helpers.setHeader('etag', '"1"')
      helpers.setHeader('get', 'x')
      helpers.setCookie('a', '1')
      const headers = helpers.getResponseHeaders()
      const { status, statusText } = helpers.getResponse()
      return Response.json([
        before,
        helpers.getResponseStatus(),
        helpers.getResponseStatusText(),
        headers.get('etag'),
        headers['etag'],
        headers['set-cookie'],
        helpers.getResponseHeader('ETag'),
        [status, statusText, helpers.getResponse().headers.get('etag')],
      ])
    })
    expect(await answer.json()).toEqual([
      200,
      202,
      'Taken',
      '"1"',
      '"1"',
      ['a=1; Path=/'],
      '"1"',
      [202, 'Taken', '"1"'],
    ])
  })

  it('change the answer through the headers that are handed out', async () => {
    const answer = await ask(host, () => {
      helpers.getResponseHeaders().set('x-one', '1')
      const { headers } = helpers.getResponse()
      headers.append('x-one', '2')
      headers.delete('content-type')
      headers.append('set-cookie', 'a=1')
      return new Response('ok')
    })
    expect(answer.headers.get('x-one')).toBe('1, 2')
    expect(answer.headers.has('content-type')).toBe(false)
    expect(answer.headers.getSetCookie()).toEqual(['a=1'])
  })

  it('remove headers, the Response’s own as well', async () => {
    const answer = await ask(host, () => {
      helpers.setHeaders({ 'x-one': '1', 'x-two': '2', 'x-three': '3' })
      helpers.removeResponseHeader('x-own')
      helpers.clearResponseHeaders(['x-one'])
      const two = helpers.getResponseHeader('x-two')
      helpers.clearResponseHeaders()
      helpers.setHeader('x-after', '1')
      return new Response(String(two), { headers: { 'x-own': '1', 'x-other': '1' } })
    })
    const names = ['x-own', 'x-one', 'x-two', 'x-three', 'x-other', 'x-after']
    // As in Start 1.169.5; before, the Response's own stayed.
    expect(names.filter((name) => answer.headers.has(name))).toEqual(['x-after'])
    expect(await answer.text()).toBe('2')
  })

  it('set a content type unless one is set', async () => {
    const answer = await ask(host, () => {
      helpers.defaultContentType('text/x-one')
      helpers.defaultContentType('text/x-two')
      return new Response('ok')
    })
    expect(answer.headers.get('content-type')).toBe('text/x-one')
  })

  it('replace a cookie of the same name, domain and path', async () => {
    const answer = await ask(host, () => {
      helpers.setCookie('a', '1', { path: '/deep' })
      helpers.setCookie('a', '2')
      helpers.setCookie('a', '3', { httpOnly: true, maxAge: 60, sameSite: 'lax' })
      helpers.deleteCookie('b')
      return new Response('ok', { headers: { 'set-cookie': 'b=own; Path=/' } })
    })
    expect(answer.headers.getSetCookie()).toEqual([
      'a=1; Path=/deep',
      'a=3; Max-Age=60; Path=/; HttpOnly; SameSite=Lax',
      'b=; Max-Age=0; Path=/',
    ])
  })

  it('take the event or leave it', async () => {
    const answer = await ask(host, () => {
      const event = helpers.getEvent()
      helpers.setHeader(event, 'x-one', '1')
      helpers.setResponseStatus(event, 202)
      helpers.setCookie({ [helpers.HTTPEventSymbol]: event }, 'a', '1')
      return new Response('ok')
    })
    expect([answer.status, answer.headers.get('x-one')]).toEqual([202, '1'])
    expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/'])
  })
})

describeHosts('helpers that answer by themselves', (host) => {
  it('redirect', async () => {
    const answer = await ask(host, () => helpers.sendRedirect('/elsewhere', 303))
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/elsewhere'])
    expect(answer.headers.get('content-type')).toBe('text/html')
    expect(await answer.text()).toContain('url=/elsewhere')
  })

  it('send data with its type and length', async () => {
    const answer = await ask(host, () => helpers.send('{"a":1}', 'application/json'))
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '7'])
    expect(await answer.json()).toEqual({ a: 1 })
  })

  it('send nothing', async () => {
    const answer = await ask(host, () => helpers.sendNoContent())
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect((await ask(host, () => helpers.sendNoContent(202))).status).toBe(202)
  })

  it.each([
    ['the web', () => new Response('streamed').body!],
    ['Node', () => Readable.from([Buffer.from('stre'), Buffer.from('amed')])],
  ])('send streams of %s', async (_name, create) => {
    const answer = await ask(host, () => {
      helpers.setHeader('x-one', '1')
      return helpers.sendStream(create())
    })
    expect([await answer.text(), answer.headers.get('x-one')]).toEqual(['streamed', '1'])
  })

  it('send a Response', async () => {
    const given = () =>
      new Response('own', { status: 203, headers: { 'x-one': '1', 'set-cookie': 'a=1' } })
    const answer = await ask(host, () => helpers.sendWebResponse(given()))
    expect([answer.status, answer.headers.get('x-one'), await answer.text()]).toEqual([
      203,
      '1',
      'own',
    ])
    expect(answer.headers.getSetCookie()).toEqual(['a=1'])
  })

  it('send an error', async () => {
    const error = helpers.createError({ statusCode: 422, statusMessage: 'No', data: { a: 1 } })
    const answer = await ask(host, () => helpers.sendError(error))
    expect([answer.status, answer.statusText]).toEqual([422, 'No'])
    expect(await answer.json()).toEqual({
      statusCode: 422,
      statusMessage: 'No',
      stack: [],
      data: { a: 1 },
    })
  })

  it('answer 304 where the client’s copy is good', async () => {
    const handler = () => {
      const options = { etag: '"1"', maxAge: 60, modifiedTime: new Date(0) }
      return helpers.handleCacheHeaders(options) ? undefined : new Response('fresh')
    }
    const first = await ask(host, handler)
    expect([first.status, await first.text()]).toEqual([200, 'fresh'])
    expect(first.headers.get('cache-control')).toBe('public, max-age=60, s-maxage=60')
    const second = await ask(host, handler, { headers: { 'if-none-match': '"1"' } })
    expect([second.status, second.headers.get('etag')]).toEqual([304, '"1"'])
  })

  it('answer CORS preflights, and mark other answers', async () => {
    const handler = () => {
      const options = { origin: ['https://a.test'], methods: ['PUT' as const] }
      return helpers.handleCors(options) ? undefined : new Response('ok')
    }
    const origin = 'https://a.test'
    const plain = await ask(host, handler, { headers: { origin } })
    expect(plain.headers.get('access-control-allow-origin')).toBe(origin)
    expect(plain.headers.get('vary')).toBe('origin')
    const headers = { origin, 'access-control-request-method': 'PUT' }
    const preflight = await ask(host, handler, { method: 'OPTIONS', headers })
    expect([preflight.status, await preflight.text()]).toEqual([204, ''])
    expect(preflight.headers.get('access-control-allow-methods')).toBe('PUT')
  })

  it('count instead of what is returned', async () => {
    const answer = await ask(host, async () => {
      await helpers.sendRedirect('/elsewhere')
      return new Response('unused')
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/elsewhere'])
  })

  it('answer for the entry handler as well', async () => {
    const api = startApi(apiRoutes({ 'api/x.ts': { GET: () => new Response('unused') } }), {
      handler: (() => helpers.sendRedirect('/login')) as never,
    })
    const { url } = await serve(host, [api])
    const answer = await fetch(`${url}/api/x`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/login'])
  })
})

describeHosts('helpers that pass requests on', (host) => {
  async function upstream(): Promise<string> {
    const { url } = await listen((req, res) => {
      let body = ''
      req.on('data', (chunk) => (body += String(chunk)))
      req.on('end', () => {
        res.setHeader('set-cookie', ['a=1', 'b=2'])
        res.statusCode = 201
        res.end(`${req.method} ${req.url} ${req.headers['x-one']} ${body}`)
      })
    })
    return url
  }

  it('proxy the request and its answer', async () => {
    const target = await upstream()
    const answer = await ask(host, () => helpers.proxyRequest(`${target}/y`), {
      method: 'POST',
      headers: { 'x-one': '1' },
      body: 'body',
    })
    expect([answer.status, await answer.text()]).toEqual([201, 'POST /y 1 body'])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('proxy a fetch, whole or as a stream', async () => {
    const target = await upstream()
    for (const sendStream of [true, false]) {
      const answer = await ask(host, () => helpers.sendProxy(`${target}/z`, { sendStream }))
      expect([answer.status, await answer.text()]).toEqual([201, 'GET /z undefined '])
    }
  })

  it('fetch with the headers of the request', async () => {
    const target = await upstream()
    const init = { headers: { 'x-one': '1' } }
    const answer = await ask(host, () => helpers.fetchWithEvent(`${target}/q`), init)
    expect(await answer.text()).toBe('GET /q 1 ')
    const passed = await ask(host, () => Response.json(helpers.getProxyRequestHeaders()), init)
    expect(await passed.json()).toMatchObject({ 'x-one': '1' })
  })

  it('fail with 502 where nobody answers', async () => {
    const server = createServer().listen(0)
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    const { url, errors } = await serve(host, [
      routeX(() => helpers.sendProxy(`http://127.0.0.1:${port}`)),
    ])
    await fetch(`${url}/api/x`)
    expect(errors).toEqual([expect.objectContaining({ statusCode: 502 })])
  })
})

it('passes an endless answer on as it comes', async () => {
  const { url: target } = await listen((_req, res) => void res.write('first'))
  const { url } = await listen(routeX(() => helpers.proxyRequest(target)))
  const answer = await fetch(`${url}/api/x`)
  const reader = answer.body!.getReader()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
  await reader.cancel()
})

describe('writeEarlyHints()', () => {
  it('sends a 103, but none to HTTP/1.0 clients (hazard 148)', async () => {
    const api = routeX(() => {
      helpers.writeEarlyHints({ link: '</a.css>; rel=preload' })
      return new Response('ok')
    })
    const { port } = await listen(api)
    const ask = async (version: string) => {
      const socket = await open(port)
      socket.write(rawHead(`GET /api/x HTTP/${version}`))
      return (await readAll(socket)).toString()
    }
    expect(await ask('1.1')).toMatch(
      /^HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload\r\n\r\nHTTP\/1.1 200 OK/,
    )
    expect(await ask('1.0')).toMatch(/^HTTP\/1.1 200 OK/)
  })
})

describe('createError()', () => {
  const failing = () =>
    routeX(() => {
      throw helpers.createError({ statusCode: 404, message: 'a secret' })
    })

  it.each(expressHosts)('reaches $name with its status', async (host) => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {})
    const app = host.create()
    app.use('/', failing() as never)
    const { port } = await listen(app.listener)
    const answer = await rawGet(port, '/api/x')
    expect(answer.status).toBe(404)
    expect(answer.body).not.toContain('secret')
    log.mockRestore()
  })

  it('is answered with its 4xx and never its message, where there is no Express', async () => {
    const { port } = await listen(failing())
    const answer = await rawGet(port, '/api/x')
    expect([answer.status, answer.body]).toEqual([404, 'Not Found'])
  })

  it('does not make a foreign error’s statusCode count', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {})
    const { port } = await listen(
      routeX(() => {
        throw Object.assign(new Error('x'), { statusCode: 404 })
      }),
    )
    expect((await rawGet(port, '/api/x')).status).toBe(500)
    log.mockRestore()
  })
})

describe('api.fetch()', () => {
  it('hears helpers as a socket does', async () => {
    const api = routeX(async () => {
      helpers.setCookie('a', String(await helpers.readBody()))
      helpers.setResponseStatus(202)
      helpers.setHeader('x-ip', String(helpers.getRequestIP()))
      return new Response(helpers.getRequestURL().pathname)
    })
    const answer = await api.fetch('/api/x', { method: 'POST', body: 'text' })
    expect([answer.status, await answer.text()]).toEqual([202, '/api/x'])
    expect(answer.headers.getSetCookie()).toEqual(['a=text; Path=/'])
    expect(answer.headers.get('x-ip')).toBe('undefined')
  })

  it('takes answers of helpers', async () => {
    const answer = await routeX(() => helpers.sendRedirect('/elsewhere')).fetch('/api/x')
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/elsewhere'])
  })
})

describe('parts of Start’s server', () => {
  it.each([
    ['createStartHandler', helpers.createStartHandler, 'startApi(directory)'],
    ['requestHandler', helpers.requestHandler, 'api.fetch(request)'],
    ['StartServer', helpers.StartServer, 'pages'],
  ])('say what takes their place: %s', (name, run, instead) => {
    expect(run).toThrow(name)
    expect(run).toThrow(instead)
  })

  it('pass definitions through', () => {
    const hooks = { onRequest: () => {} }
    expect(helpers.defineMiddleware(hooks)).toBe(hooks)
  })

  it('can be an h3 application of its own, whose events helpers take', async () => {
    const app = helpers.createApp()
    app.use(
      helpers.eventHandler((event) => {
        helpers.setHeader(event, 'x-one', '1')
        return helpers.getQuery(event)
      }),
    )
    const { url } = await serve(hosts[0]!, [helpers.toNodeListener(app)])
    const answer = await fetch(`${url}/?a=1`)
    expect([answer.headers.get('x-one'), await answer.json()]).toEqual(['1', { a: '1' }])
  })
})
