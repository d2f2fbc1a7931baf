import type { Handler as ExpressHandler } from 'express'
import multer from 'multer'
import { createStartAPIHandler, defaultAPIFileRouteHandler, json } from 'express-start-api'
import * as server from 'express-start-api/server'
import { ask, post, route, saw } from './support/ask'
import { describeHosts, expressHosts, hosts, serve } from './support/hosts'
import { rawGet } from './support/raw-request'

describeHosts(
  'helpers behind a trusted proxy',
  (host) => {
    it('give the host and the origin that `request.url` has', async () => {
      const look = () => [
        server.getRequestHost(),
        server.getRequestProtocol(),
        server.getRequestURL().href,
        server.getRequestUrl().href === server.getRequest().url,
      ]
      const api = route(() => json(look()))
      const headers = { 'x-forwarded-host': 'a.example:8443', 'x-forwarded-proto': 'https' }
      const path = '/api/x/7?q=1'
      const trusting = await serve(host, [api], { 'trust proxy': true })
      const trusted = await fetch(trusting.url + path, { headers })
      const origin = 'https://a.example:8443'
      expect(await trusted.json()).toEqual(['a.example:8443', 'https', origin + path, true])
      const { url } = await serve(host, [api])
      const untrusted = await fetch(url + path, { headers })
      expect(await untrusted.json()).toEqual([new URL(url).host, 'http', url + path, true])
    })
  },
  expressHosts,
)

describeHosts('helpers that are told to believe X-Forwarded-Host', (host) => {
  const look = () => [
    server.getRequestHost({ xForwardedHost: true }),
    server.getRequestURL({ xForwardedHost: true }).href,
    server.getRequestUrl({ xForwardedHost: true }).href,
  ]
  const path = '/api/x/7?q=1'

  it.each([
    ['a.example:8443', 'a.example:8443'],
    ['a.example , b.example', 'a.example'],
    ['[::1]:80', '[::1]'],
    ['A.Example', 'a.example'],
  ])('give `%s` as the host', async (forwarded, name) => {
    const seen = await saw(host, look, { path, headers: { 'x-forwarded-host': forwarded } })
    const [first] = forwarded.split(' ,')
    expect(seen).toEqual([first, `http://${name}${path}`, `http://${name}${path}`])
  })

  it.each([
    'evil.example/x?',
    'evil.example#',
    'evil.example\\x',
    'user@evil.example',
    'a b',
    '[::1',
    'h:99999',
    'h:80a',
    '1.2.3.999',
    'a.example/, b.example',
    ' , h',
  ])('refuse `%s`, which is none, with 400 (hazards 13, 17)', async (forwarded) => {
    const helpers = [server.getRequestHost, server.getRequestURL, server.getRequestUrl]
    for (const helper of helpers) {
      const { port, errors } = await serve(host, [
        route(() => json(helper({ xForwardedHost: true }))),
      ])
      const answer = await rawGet(port, path, [`X-Forwarded-Host: ${forwarded}`])
      expect(answer.status).toBe(400)
      expect(errors).toMatchObject([{ code: 'ERR_START_API_BAD_HOST', status: 400 }])
      // Nobody else asks for it.
      const other = await serve(host, [route(() => json(server.getRequestHost()))])
      expect(await rawGet(other.port, path, [`X-Forwarded-Host: ${forwarded}`])).toMatchObject({
        status: 200,
        body: '"localhost"',
      })
    }
  })
})

describeHosts("helpers that are given Start v0's event", (host) => {
  it('work where the request is out of reach otherwise', async () => {
    // What an event emitter or a pool runs may have lost the request's async context.
    const jobs: (() => void)[] = []
    const worker = setInterval(() => jobs.shift()?.(), 1)
    try {
      const response = await ask(
        host,
        async () => {
          const event = server.getEvent()
          const seen = await new Promise((resolve, reject) =>
            jobs.push(() => {
              try {
                server.setHeader(event, 'x-a', '1')
                server.setCookie(event, 'a', '1')
                server.setResponseStatus(event, 202)
                server.setContext(event, 'k', 'v')
                resolve([
                  server.getHeader(event, 'x-sent'),
                  server.getQuery(event),
                  server.getRouterParam(event, 'id'),
                  server.getContext(event, 'k'),
                  server.getWebRequest(event).method,
                  server.getResponseHeader(event, 'x-a'),
                ])
              } catch (error) {
                reject(error as Error)
              }
            }),
          )
          return json(seen)
        },
        { path: '/api/x/7?q=1', headers: { 'x-sent': 's' } },
      )
      expect(await response.json()).toEqual(['s', { q: '1' }, '7', 'v', 'GET', '1'])
      expect(response.status).toBe(202)
      expect(response.headers.get('x-a')).toBe('1')
      expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/'])
    } finally {
      clearInterval(worker)
    }
  })
})

describeHosts('helpers behind an entry handler that replaces the request', (host) => {
  it('see the request that the route sees', async () => {
    const handler = createStartAPIHandler(async ({ request }) => {
      await server.readBody()
      const url = new URL('/api/other?q=new', request.url)
      const headers = { 'x-a': 'new', cookie: 'c=new', 'content-type': 'application/json' }
      return defaultAPIFileRouteHandler({
        request: new Request(url, { method: 'PUT', headers, body: '{"b":"new"}' }),
      })
    })
    const look = async () => [
      server.getHeader('x-a'),
      server.getHeaders()['x-a'],
      server.getRequestHeaders()['x-a'],
      server.getCookie('c'),
      server.getQuery(),
      server.isMethod('PUT'),
      server.getRequestURL().pathname,
      await server.readBody(),
      await server.readRawBody(),
    ]
    expect(
      await saw(host, look, {
        ...post('{"b":"old"}'),
        path: '/api/x/7?q=old',
        headers: { 'x-a': 'old', cookie: 'c=old', 'content-type': 'application/json' },
        options: { handler },
      }),
    ).toEqual([
      'new',
      'new',
      'new',
      'new',
      { q: 'new' },
      true,
      '/api/other',
      { b: 'new' },
      '{"b":"new"}',
    ])
  })

  it('refuse a form of it that is none with 400', async () => {
    const handler = createStartAPIHandler(({ request }) =>
      defaultAPIFileRouteHandler({ request: new Request(request.url, { method: 'POST' }) }),
    )
    const looked = saw(host, () => server.readFormData(), { options: { handler } })
    await expect(looked).rejects.toMatchObject({ name: 'TypeError', status: 400 })
  })
})

describeHosts(
  'helpers behind body parsers',
  (host) => {
    it('read the parts of a form that multer has read', async () => {
      const form = new FormData()
      form.set('title', 'Grüße')
      form.set('file', new File(['bytes'], 'a.txt', { type: 'text/plain' }))
      const look = async () =>
        (await server.readMultipartFormData())?.map(({ name, filename, data }) => [
          name,
          filename ?? null,
          data.toString(),
        ])
      const before = [multer().single('file')]
      expect(await saw(host, look, { method: 'POST', body: form, before })).toEqual([
        ['title', null, 'Grüße'],
        ['file', 'a.txt', 'bytes'],
      ])
    })

    it('give the path of the whole URL, below mount paths as well', async () => {
      const path = async () =>
        json(await server.getRequestFingerprint({ hash: false, ip: false, path: true }))
      const { url } = await serve(host, [['/v1', route(path) as ExpressHandler]])
      expect(await (await fetch(`${url}/v1/api/x/7?q=1`)).json()).toBe('/v1/api/x/7?q=1')
    })
  },
  expressHosts,
)

describeHosts('a body that the handler reads in two ways', (host) => {
  it('is read by helpers first, then through the request', async () => {
    const handler = async ({ request }: { request: Request }) =>
      json([
        await server.readBody(),
        await server.readFormData().catch(() => 0),
        await request.text(),
      ])
    const response = await ask(host, handler, post('{"a":1}', 'application/json'))
    expect(await response.json()).toEqual([{ a: 1 }, 0, '{"a":1}'])
  })

  it('is an error that says so while a stream of it is being read', async () => {
    const handler = ({ request }: { request: Request }) => {
      request.body?.getReader()
      return server.readBody()
    }
    const { url, errors } = await serve(host, [route(handler)])
    await fetch(`${url}/api/x/7`, post('x'))
    expect(errors[0]).toMatchObject({ code: 'ERR_START_API_BODY_CONSUMED' })
  })

  it('is an error that says so where the request was read first', async () => {
    for (const read of [
      () => server.readBody(),
      () => server.readRawBody(),
      () => server.readFormData(),
      () => server.readMultipartFormData(),
      () => server.proxyRequest('http://127.0.0.1:1/'),
    ]) {
      const { url, errors } = await serve(host, [
        route(async ({ request }) => {
          await request.arrayBuffer()
          return read()
        }),
      ])
      const form = new FormData()
      form.set('a', '1')
      await fetch(`${url}/api/x/7`, { method: 'POST', body: form })
      expect(errors[0]).toMatchObject({
        code: 'ERR_START_API_BODY_CONSUMED',
        message: expect.stringContaining('request.clone()'),
      })
    }
  })
})

describe('helpers of another copy of the package (hazard 225)', () => {
  it('work on the request, and on the event that this copy gave', async () => {
    let other!: typeof server
    jest.isolateModules(() => {
      other = jest.requireActual<typeof server>('express-start-api/server')
    })
    expect(other.setHeader).not.toBe(server.setHeader)
    const api = route(() => {
      other.setHeader('x-a', '1')
      other.setHeader(server.getEvent(), 'x-b', '1')
      server.setResponseStatus(other.getEvent(), 202)
      return new Response('x', { headers: { 'x-a': 'own', 'x-b': 'own' } })
    })
    const { url } = await serve(hosts[0]!, [api])
    const { status, headers } = await fetch(`${url}/api/x/7`)
    expect([status, headers.get('x-a'), headers.get('x-b')]).toEqual([202, '1', '1'])
  })
})

describe('helpers in api.fetch()', () => {
  it('take the host from the URL', async () => {
    const api = route(() => json([server.getRequestHost(), server.getRequestURL().href]))
    const response = await api.fetch('https://a.example:8443/api/x/7?q=1')
    expect(await response.json()).toEqual(['a.example:8443', 'https://a.example:8443/api/x/7?q=1'])
  })

  it('take the protocol from the URL, unless the forwarded one is to count', async () => {
    const api = route(() =>
      json([
        server.getRequestProtocol(),
        server.getRequestProtocol({ xForwardedProto: true }),
        server.getRequestUrl({ xForwardedProto: true }).origin,
      ]),
    )
    const headers = { 'x-forwarded-proto': 'http' }
    const response = await api.fetch('https://a.example/api/x/7', { headers })
    expect(await response.json()).toEqual(['https', 'http', 'http://a.example'])
  })
})
