// The option `plugins`: plugins of @whatwg-node/server around every route.
import { type ServerAdapterPlugin, HTTPError, useCORS, useErrorHandling } from '@whatwg-node/server'
import { type StartApiOptions, defaultAPIFileRouteHandler, json } from 'express-start-api'
import { setHeader } from 'express-start-api/server'
import type { NodeExchange } from '../lib/event/event-context'
import { routeX, type TestHandler } from './support/handlers'
import { describeHosts, listen, serve } from './support/hosts'

const hello: TestHandler = () => new Response('hello')

describeHosts('plugins', (host) => {
  const serveX = (
    handler: TestHandler,
    plugins: readonly ServerAdapterPlugin[],
    options?: StartApiOptions,
  ) => serve(host, [routeX(handler, { plugins, ...options })])

  it('run in order, around the entry handler and the route', async () => {
    const log: string[] = []
    const plugin = (name: string): ServerAdapterPlugin => ({
      onRequest: ({ request }) => void log.push(`${name} ${request.method}`),
      onResponse: ({ response }) => void log.push(`${name} ${response.status}`),
    })
    const { url } = await serveX(
      () => {
        log.push('route')
        return new Response('hello')
      },
      [plugin('a'), plugin('b')],
      {
        handler: (context) => {
          log.push('entry')
          return defaultAPIFileRouteHandler(context)
        },
      },
    )
    expect(await (await fetch(`${url}/api/x`)).text()).toBe('hello')
    expect(log).toEqual(['a GET', 'b GET', 'entry', 'route', 'a 200', 'b 200'])
  })

  it('do not run for what the application serves', async () => {
    const onRequest = jest.fn()
    const { url } = await serveX(hello, [{ onRequest }])
    await fetch(`${url}/other`)
    await fetch(`${url}/api/x`, { method: 'PUT' })
    expect(onRequest).not.toHaveBeenCalled()
  })

  it('see `req` and `res`', async () => {
    const seen: unknown[] = []
    const { url } = await serveX(hello, [
      {
        onRequest: ({ serverContext }) => {
          const { req, res } = serverContext as unknown as NodeExchange
          seen.push(req.url, res.writable)
        },
      },
    ])
    await fetch(`${url}/api/x?a=1`)
    expect(seen).toEqual(['/api/x?a=1', true])
  })

  it('may answer in place of the route: `endResponse`', async () => {
    const handler = jest.fn(hello)
    const { url } = await serveX(handler, [
      { onRequest: ({ endResponse }) => endResponse(new Response('maintenance', { status: 503 })) },
    ])
    const response = await fetch(`${url}/api/x`)
    expect([response.status, await response.text()]).toEqual([503, 'maintenance'])
    expect(handler).not.toHaveBeenCalled()
  })

  it('may answer with the Response class that they are given', async () => {
    const { url } = await serveX(hello, [
      {
        onRequest: ({ endResponse, fetchAPI }) =>
          endResponse(
            new fetchAPI.Response('ä', {
              status: 418,
              headers: { 'set-cookie': 'a=1', 'x-a': 'b' },
            }),
          ),
      },
    ])
    const response = await fetch(`${url}/api/x`)
    expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([
      418,
      'b',
      'ä',
    ])
    expect(response.headers.getSetCookie()).toEqual(['a=1'])
  })

  it('may replace the request: `setRequest`', async () => {
    const { url } = await serveX(
      async ({ request }) => json([request.headers.get('x-a'), await request.text()]),
      [
        {
          onRequest: ({ request, setRequest }) =>
            setRequest(
              new Request(request.url, { method: 'POST', body: 'other', headers: { 'x-a': '1' } }),
            ),
        },
      ],
    )
    const response = await fetch(`${url}/api/x`, { method: 'POST', body: 'sent' })
    expect(await response.json()).toEqual(['1', 'other'])
  })

  it('may change the response, and replace it: `setResponse`', async () => {
    const { url } = await serveX(hello, [
      { onResponse: ({ response }) => response.headers.set('x-a', '1') },
      {
        onResponse: async ({ response, setResponse }) =>
          setResponse(new Response(`${await response.text()}!`, response)),
      },
    ])
    const response = await fetch(`${url}/api/x`)
    expect([response.headers.get('x-a'), await response.text()]).toEqual(['1', 'hello!'])
  })

  it('may set headers on what json(), fetch() and Response.redirect() made (hazard 150)', async () => {
    const upstream = await listen((_req, res) => {
      res.setHeader('content-type', 'text/upstream')
      res.end('upstream')
    })
    const stamp: ServerAdapterPlugin = {
      onResponse: ({ response }) => response.headers.set('x-stamp', '1'),
    }
    const makers: TestHandler[] = [
      () => json({ a: 1 }),
      () => fetch(upstream.url),
      () => Response.redirect('https://example.org/', 302),
    ]
    const answers = await Promise.all(
      makers.map(async (make) => {
        const { url } = await serveX(make, [stamp])
        const response = await fetch(`${url}/api/x`, { redirect: 'manual' })
        return [response.status, response.headers.get('x-stamp'), await response.text()]
      }),
    )
    expect(answers).toEqual([
      [200, '1', '{"a":1}'],
      [200, '1', 'upstream'],
      [302, '1', ''],
    ])
  })

  it('may use helpers', async () => {
    const { url } = await serveX(hello, [{ onRequest: () => setHeader('x-helper', '1') }])
    expect((await fetch(`${url}/api/x`)).headers.get('x-helper')).toBe('1')
  })

  it.each(['onRequest', 'onResponse'] as const)(
    "hand what %s throws to the application's error middleware",
    async (hook) => {
      const error = new Error('broken plugin')
      const { url, errors } = await serveX(hello, [
        {
          [hook]: () => {
            throw error
          },
        },
      ])
      expect((await fetch(`${url}/api/x`)).status).toBe(500)
      expect(errors).toEqual([error])
    },
  )

  describe('useCORS()', () => {
    const cors: ServerAdapterPlugin = useCORS({
      origin: ['https://app.example'],
      credentials: true,
    })
    const origin = 'https://app.example'

    it('adds its headers to answers', async () => {
      const { url } = await serveX(hello, [cors])
      const { headers } = await fetch(`${url}/api/x`, { headers: { origin } })
      expect(headers.get('access-control-allow-origin')).toBe(origin)
      expect(headers.get('access-control-allow-credentials')).toBe('true')
    })

    it('answers preflights where startApi() answers all below its base', async () => {
      const { url } = await serveX(hello, [cors], { fallthrough: false })
      const headers = { origin, 'access-control-request-method': 'POST' }
      const response = await fetch(`${url}/api/x`, { method: 'OPTIONS', headers })
      expect(response.status).toBe(204)
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      expect(response.headers.get('access-control-allow-methods')).toBe('POST')
      // So that a page can read why it was refused.
      const none = await fetch(`${url}/api/none`, { headers: { origin } })
      expect([none.status, none.headers.get('access-control-allow-origin')]).toEqual([404, origin])
    })
  })

  describe('useErrorHandling()', () => {
    it('turns errors into answers in place of the error middleware', async () => {
      const { url, errors } = await serveX(() => {
        throw new HTTPError(409, 'taken', { 'x-a': '1' }, { field: 'name' })
      }, [useErrorHandling()])
      const response = await fetch(`${url}/api/x`)
      expect([response.status, response.headers.get('x-a')]).toEqual([409, '1'])
      expect(await response.json()).toEqual({ field: 'name' })
      expect(errors).toEqual([])
    })

    it('takes a function of its own, which sees the error itself', async () => {
      const error = new Error('broken')
      const seen: unknown[] = []
      const onError = (error: unknown) => {
        seen.push(error)
        return new Response('handled', { status: 502 }) as never
      }
      const { url } = await serveX(() => {
        throw error
      }, [useErrorHandling(onError)])
      const response = await fetch(`${url}/api/x`)
      expect([response.status, await response.text()]).toEqual([502, 'handled'])
      expect(seen).toEqual([error])
    })

    it('lets thrown Responses pass', async () => {
      const onError = jest.fn()
      const { url } = await serveX(() => {
        throw new Response('gone', { status: 410 })
      }, [useErrorHandling(onError)])
      expect((await fetch(`${url}/api/x`)).status).toBe(410)
      expect(onError).not.toHaveBeenCalled()
    })
  })

  it('keep close() waiting for what they handed to `waitUntil`, then are disposed of', async () => {
    const log: string[] = []
    let finish = () => {}
    const work = new Promise<void>((resolve) => (finish = resolve)).then(
      () => void log.push('work'),
    )
    const api = routeX(hello, {
      plugins: [
        {
          onRequest: ({ serverContext }) => serverContext.waitUntil(work),
          onDispose: () => void log.push('disposed'),
        },
      ],
    })
    const { url } = await serve(host, [api])
    expect(await (await fetch(`${url}/api/x`)).text()).toBe('hello')
    const closed = api.close().then(() => log.push('closed'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(log).not.toContain('closed')
    finish()
    await closed
    expect(log).toHaveLength(3)
    expect(log.indexOf('work')).toBeLessThan(log.indexOf('closed'))
    expect(log).toContain('disposed')
  })
})

describe('plugins in api.fetch()', () => {
  it('run for every request', async () => {
    const plugins: ServerAdapterPlugin[] = [
      { onResponse: ({ response }) => response.headers.set('x-plugin', String(response.status)) },
    ]
    const api = routeX(() => Response.redirect('https://example.org/'), { plugins })
    for (const [path, status] of [
      ['/api/x', '302'],
      ['/api/none', '404'],
    ] as const) {
      expect((await api.fetch(path)).headers.get('x-plugin')).toBe(status)
    }
  })
})
