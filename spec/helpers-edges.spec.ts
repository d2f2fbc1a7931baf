import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { createStartAPIHandler, defaultAPIFileRouteHandler, json } from 'express-start-api'
import * as server from 'express-start-api/server'
import { type Handler, ask, post, route, saw } from './support/ask'
import { type Layer, describeHosts, listen, serve } from './support/hosts'
import { open, rawGet, rawHead, readAll } from './support/raw-request'

const early: Layer = (_req, res, next) => {
  res.setHeader('set-cookie', ['a=early; Path=/', 'b=early; Path=/'])
  res.setHeader('x-early', '1')
  next()
}

describeHosts('helpers that set headers', (host) => {
  it('append to the Response’s own value, or to the one that a helper set', async () => {
    const response = await ask(host, () => {
      server.appendResponseHeader('x-own', ['2', '3'])
      server.appendHeader('x-new', '1')
      server.appendHeader('x-new', '2')
      server.setHeader('x-set', '2')
      server.appendHeader('x-set', '3')
      server.removeResponseHeader('x-gone')
      server.appendHeader('x-gone', '2')
      const headers = { 'x-own': '1', 'x-set': '1', 'x-gone': '1' }
      return new Response('x', { headers })
    })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-own': '1, 2, 3',
      'x-new': '1, 2',
      'x-set': '2, 3',
      'x-gone': '2',
    })
  })

  it('keep each `Vary`, that of CORS as well (hazard 120)', async () => {
    const response = await ask(
      host,
      () => {
        server.handleCors({ origin: ['https://a.example'] })
        return new Response('x', { headers: { vary: 'accept' } })
      },
      { headers: { origin: 'https://a.example' } },
    )
    expect(response.headers.get('vary')).toBe('accept, origin')
  })

  it('remove the Response’s cookies, and let helpers set others', async () => {
    const response = await ask(host, () => {
      server.removeResponseHeader('Set-Cookie')
      server.setCookie('b', '2')
      return new Response('x', { headers: { 'set-cookie': 'a=1' } })
    })
    expect(response.headers.getSetCookie()).toEqual(['b=2; Path=/'])
  })

  it('clear all of the Response’s own headers, and leave those of middleware', async () => {
    const end: Handler = () => {
      server.setHeader('x-before', '1')
      server.clearResponseHeaders()
      server.setHeader('x-after', '1')
      return new Response('x', { headers: { 'x-own': '1', 'set-cookie': 'own=1' } })
    }
    const { headers } = await ask(host, end, { before: [early] })
    expect([headers.has('x-own'), headers.has('x-before')]).toEqual([false, false])
    expect([headers.get('x-after'), headers.get('x-early')]).toEqual(['1', '1'])
    expect(headers.getSetCookie()).toEqual(['a=early; Path=/', 'b=early; Path=/'])
  })

  it('take pairs, and several cookies of a Headers', async () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    const response = await ask(host, () => {
      server.setResponseHeaders(headers)
      server.setHeaders([
        ['x-a', '1'],
        ['X-A', '2'],
      ])
      server.setHeaders({ 'x-none': undefined })
      return new Response('x')
    })
    expect(response.headers.get('x-a')).toBe('1, 2')
    expect(response.headers.has('x-none')).toBe(false)
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('refuse what HTTP does not allow where it is set (hazard 184)', async () => {
    for (const call of [
      () => server.setHeader('x-a', 'a\r\nb: c'),
      () => server.setHeader('x a', 'a'),
      () => server.setHeaders({ 'x-a': '\0' }),
      () => server.appendHeader('x-a', 'a\n'),
      () => server.setHeader('x-a', undefined as never),
      () => server.setCookie('a b', 'c'),
      () => server.deleteCookie('a=b'),
      () => server.setCookie('a', 'b', { path: '/;x' }),
    ]) {
      await expect(saw(host, call)).rejects.toThrow(
        /invalid|not a valid cookie name|valid HTTP token|semicolon/i,
      )
    }
  })
})

describeHosts('helpers that set cookies', (host) => {
  it('put one in place of that of the Response and of middleware, and leave the others', async () => {
    const response = await ask(
      host,
      () => {
        server.setCookie('a', 'helper')
        server.appendResponseHeader('set-cookie', 'c=helper; Path=/; Domain=EXAMPLE.com')
        const headers = new Headers([
          ['set-cookie', 'a=own; Path=/'],
          ['set-cookie', 'c=own; Domain=example.com; Path=/'],
          ['set-cookie', 'd=own'],
        ])
        return new Response('x', { headers })
      },
      { before: [early] },
    )
    expect(response.headers.getSetCookie()).toEqual([
      'b=early; Path=/',
      'd=own',
      'a=helper; Path=/',
      'c=helper; Path=/; Domain=EXAMPLE.com',
    ])
  })

  it('leave the commas of other cookies alone (hazard 118)', async () => {
    const response = await ask(host, () => {
      server.setHeader('set-cookie', 'raw=a=1,b=2; Expires=Wed, 21 Oct 2065 07:28:00 GMT')
      server.setCookie('c', '3')
      return new Response('x')
    })
    expect(response.headers.getSetCookie()).toEqual([
      'raw=a=1,b=2; Expires=Wed, 21 Oct 2065 07:28:00 GMT',
      'c=3; Path=/',
    ])
  })

  it('give cookies of the request whose names are those of Object.prototype', async () => {
    const look = () => [server.getCookie('toString') ?? null, server.getCookies()['__proto__']]
    expect(await saw(host, look, { headers: { cookie: '__proto__=x' } })).toEqual([null, 'x'])
  })
})

describeHosts('setResponseStatus()', (host) => {
  it('ignores what is no final status', async () => {
    for (const code of [0, 100, 199, 600, 1000, 404.5, NaN]) {
      const response = await ask(host, () => {
        server.setResponseStatus(code)
        return new Response('x', { status: 201 })
      })
      expect(response.status).toBe(201)
    }
  })

  it('ignores the reason phrase of such a status, too', async () => {
    const response = await ask(host, () => {
      server.setResponseStatus(1000, 'Weird')
      return new Response('x', { status: 201 })
    })
    expect([response.status, response.statusText]).toEqual([201, 'Created'])
  })

  it('takes a status that JavaScript has as text', async () => {
    const response = await ask(host, () => {
      server.setResponseStatus('404' as never)
      return new Response('x')
    })
    expect(response.status).toBe(404)
  })
})

describeHosts('handlers of a header that is a method of Headers', (host) => {
  it('read all headers, whatever the client sends', async () => {
    const { port } = await serve(host, [
      route(() => {
        const headers = server.getRequestHeaders()
        return json([headers.get('get'), headers['x-a'], { ...headers }['x-a']])
      }),
    ])
    const answer = await rawGet(port, '/api/x/7', ['Get: x', '__proto__: y', 'X-A: 1'])
    expect(JSON.parse(answer.body)).toEqual(['x', '1', '1'])
  })
})

describeHosts('sendRedirect()', (host) => {
  it('leads to another site only if it is named with its protocol (hazard 153)', async () => {
    const elsewhere = await ask(host, () => server.sendRedirect('https://b.example/'))
    expect(elsewhere.headers.get('location')).toBe('https://b.example/')
    for (const location of [
      '//b.example',
      '/\\b.example',
      '\\\\b.example',
      '/\t/b.example',
      ' //b',
    ]) {
      await expect(saw(host, () => server.sendRedirect(location))).rejects.toThrow(TypeError)
    }
  })
})

describeHosts('helpers that answer', (host) => {
  it('answer in the entry handler as well, for routes that never run', async () => {
    let ran = 0
    const handler = createStartAPIHandler(((context) => {
      if (server.handleCors({ origin: '*', methods: ['PUT'] })) return undefined
      return defaultAPIFileRouteHandler(context)
    }) as Parameters<typeof createStartAPIHandler>[0])
    const response = await ask(host, () => new Response(String(ran++)), {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example', 'access-control-request-method': 'PUT' },
      options: { handler },
    })
    expect([response.status, ran]).toEqual([204, 0])
    expect(response.headers.get('access-control-allow-methods')).toBe('PUT')
  })

  it('send a stream of Node', async () => {
    const stream = () => Readable.from([Buffer.from('a'), Buffer.from('b')])
    const response = await ask(host, () => server.sendStream(stream()))
    expect(await response.text()).toBe('ab')
  })

  it('send an error as JSON, without its stack', async () => {
    const error = server.createError({ statusCode: 422, statusMessage: 'No', data: { a: 1 } })
    const response = await ask(host, () => server.sendError(error))
    expect([response.status, response.statusText]).toEqual([422, 'No'])
    expect(await response.json()).toEqual({
      statusCode: 422,
      statusMessage: 'No',
      stack: [],
      data: { a: 1 },
    })
  })

  it('proxy at the pace of the client, and let `onResponse` see the answer', async () => {
    let closed: () => void
    const gone = new Promise<void>((resolve) => (closed = resolve))
    let sent = 0
    const upstream = await listen((_req, res) => {
      res.on('close', () => closed())
      const more = (): void => {
        let room = true
        while (room && sent < 200e6 && !res.destroyed) {
          room = res.write(Buffer.alloc(1e6))
          sent += 1e6
        }
      }
      res.on('drain', more)
      more()
    })
    const { port } = await serve(host, [
      route(() =>
        server.proxyRequest(upstream.url, {
          onResponse: (_event, response) => server.setHeader('x-seen', String(response.status)),
        }),
      ),
    ])
    const socket = await open(port)
    socket.write(rawHead('GET /api/x/7 HTTP/1.1'))
    const head = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    socket.pause()
    expect(head.toString('latin1')).toContain('x-seen: 200')
    await delay(100)
    expect(sent).toBeLessThan(100e6)
    socket.destroy()
    await gone
  })

  it('proxy a body that a handler of `onResponse` answers otherwise', async () => {
    const upstream = await listen((_req, res) => res.writeHead(404).end('not here'))
    const response = await ask(host, () =>
      server.sendProxy(upstream.url, {
        onResponse: async () => {
          server.setResponseStatus(200)
          await server.send('other', 'text/plain')
        },
      }),
    )
    expect([response.status, await response.text()]).toEqual([200, 'other'])
  })

  it('proxy a body of the request as a stream', async () => {
    const upstream = await listen((req, res) => req.pipe(res))
    const proxy = () => server.proxyRequest(upstream.url, { streamRequest: true })
    const response = await ask(host, proxy, post('hello'))
    expect(await response.text()).toBe('hello')
  })
})

describeHosts('writeEarlyHints()', (host) => {
  const hint = '</a.css>; rel=preload; as=style'

  it('sends 103 before the answer', async () => {
    const { port } = await serve(host, [
      route(async () => {
        await new Promise<void>((resolve) =>
          server.writeEarlyHints({ link: hint, 'X-A': '1' }, resolve),
        )
        return new Response('x')
      }),
    ])
    const socket = await open(port)
    socket.write(rawHead('GET /api/x/7 HTTP/1.1'))
    const answer = (await readAll(socket)).toString()
    expect(answer).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>/)
    expect(answer).toMatch(/X-A: 1\r\n[^]*HTTP\/1\.1 200 OK/)
  })

  it('sends nothing to HTTP/1.0, late, or without a link, and goes on (hazard 148)', async () => {
    const { port } = await serve(host, [
      route(async () => {
        await new Promise<void>((resolve) => server.writeEarlyHints(hint, resolve))
        await new Promise<void>((resolve) => server.writeEarlyHints({}, resolve))
        return new Response('x')
      }),
    ])
    const old = await open(port)
    old.write('GET /api/x/7 HTTP/1.0\r\n\r\n')
    expect((await readAll(old)).toString()).toMatch(/^HTTP\/1\.1 200/)
    const response = await route(async () => {
      await new Promise<void>((resolve) => server.writeEarlyHints(hint, resolve))
      return new Response('x')
    }).fetch('/api/x/7')
    expect(await response.text()).toBe('x')
  })

  it('refuses what HTTP does not allow', async () => {
    const refused: (string[] | Record<string, string>)[] = [
      { link: hint, 'x-a': 'a\r\nb: c' },
      { link: hint, Link: '</a\r\nb: c>' },
      [hint, '</a\r\nb: c>'],
    ]
    for (const hints of refused) {
      const looked = saw(host, () => server.writeEarlyHints(hints))
      await expect(looked).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_CHAR' })
    }
    for (const hints of ['a', '<a', `${hint}, <b>`, '<a>; "', '<a>; x="y', [hint, '<a>;']]) {
      const looked = saw(host, () => server.writeEarlyHints(hints))
      await expect(looked).rejects.toThrow(/^writeEarlyHints\(\): a link is malformed/)
    }
  })

  it('takes the links that Node takes', async () => {
    const { port } = await serve(host, [
      route(() => {
        server.writeEarlyHints(['<a b>', '<> ; x', '<a>;as=style;x=y=z; title="a=b" ;y=""'])
        server.writeEarlyHints([])
        return new Response('x')
      }),
    ])
    const socket = await open(port)
    socket.write(rawHead('GET /api/x/7 HTTP/1.1'))
    expect((await readAll(socket)).toString()).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <a b>, <> ; x, <a>;as=style;x=y=z; title="a=b" ;y=""\r\n\r\nHTTP\/1\.1 200 OK/,
    )
  })

  // The last one's characters end in the bytes of CR and LF.
  it.each(['%0D%0A', '%0A', '%0D', '%C4%8D%C4%8A'])(
    'lets no client split the answer by %s in a link',
    async (end) => {
      const { port, errors } = await serve(host, [
        route(({ params }) => {
          server.writeEarlyHints(`</${params['id']}.css>; rel=preload; as=style`)
          return new Response('x')
        }),
      ])
      const split = `${end}${end}HTTP%2F1.1%20200%20OK${end}Set-Cookie:a=b`
      expect(await rawGet(port, `/api/x/a${split}`)).toMatchObject({ status: 500 })
      expect(errors).toMatchObject([{ code: 'ERR_INVALID_CHAR' }])
    },
  )

  it('takes no time to refuse text that Node would try to read in every way (hazard 187)', async () => {
    const { url } = await serve(host, [
      route(() => {
        const began = performance.now()
        expect(() => server.writeEarlyHints(`<a>${';x=x=x=x=x'.repeat(10)}"`)).toThrow(/malformed/)
        return json(performance.now() - began)
      }),
    ])
    expect(await (await fetch(`${url}/api/x/7`)).json()).toBeLessThan(200)
  })
})

describeHosts('getRequestIP()', (host) => {
  it('believes X-Forwarded-For where told to', async () => {
    const look = () => [
      server.getRequestIP({ xForwardedFor: true }),
      server.getContext('clientAddress') ?? null,
    ]
    const headers = { 'x-forwarded-for': '10.1.1.1, 10.2.2.2' }
    expect(await saw(host, look, { headers })).toEqual(['10.1.1.1', null])
  })
})

describeHosts('validation', (host) => {
  const schema: server.Schema<{ page: number }> = {
    '~standard': {
      validate: (value) => {
        const page = Number((value as { page?: string; id?: string }).page ?? 'none')
        return Number.isNaN(page) ? { issues: [{ message: 'no page' }] } : { value: { page } }
      },
    },
  }

  it('takes a Standard Schema', async () => {
    const look = () => server.getValidatedQuery(schema)
    expect(await saw(host, look, { path: '/api/x/7?page=2' })).toEqual({ page: 2 })
    await expect(saw(host, look)).rejects.toMatchObject({
      statusCode: 400,
      data: { issues: [{ message: 'no page' }] },
    })
    await expect(saw(host, () => server.getValidatedRouterParams(schema))).rejects.toMatchObject({
      statusCode: 400,
    })
    const params = () => server.getValidatedRouterParams((value) => value)
    expect(await saw(host, params)).toEqual({ id: '7' })
  })
})
