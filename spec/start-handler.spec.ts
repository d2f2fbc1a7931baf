// startHandler(): other frameworks' fetch handlers, and whole Start servers, as a middleware.
import type { ServerResponse } from 'node:http'
import { initTRPC } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import express, { Router } from 'express'
import { type StartHandlerOptions, json, startApi, startHandler } from 'express-start-api'
import { getCookie, getEvent, setCookie, setResponseStatus } from 'express-start-api/server'
import { createSchema, createYoga } from 'graphql-yoga'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { FetchHandler } from 'express-start-api'
import { runNode } from './support/built-package'
import {
  type Middleware,
  describeHosts,
  expressHosts,
  listen,
  middlewareHosts,
  serve,
} from './support/hosts'
import { installCopies } from './support/installed-copies'
import { post, toForm } from './support/post'
import { recordProcessErrors } from './support/process-errors'
import { open, rawGet, rawHead, rawRequest } from './support/raw-request'
import { apiRoutes } from './support/routes'

const echo: FetchHandler = async (request) =>
  json({ method: request.method, url: request.url, body: await request.text() })

async function answerOf(response: Response) {
  return [response.status, await response.text()]
}

describeHosts('startHandler()', (host) => {
  it('answers by a function of the Request', async () => {
    const { url } = await serve(host, [startHandler(echo)])
    expect(await (await fetch(`${url}/any/path?q=1`)).json()).toEqual({
      method: 'GET',
      url: `${url}/any/path?q=1`,
      body: '',
    })
    const posted = await fetch(`${url}/x`, { method: 'POST', body: 'text' })
    expect(await posted.json()).toEqual({ method: 'POST', url: `${url}/x`, body: 'text' })
  })

  const entry = {
    name: 'entry',
    fetch(this: { name: string }) {
      return new Response(`by ${this.name}`)
    },
  }

  it.each([
    ['an object with `fetch`', () => entry],
    ['a module', () => ({ default: entry })],
    ['a module of CommonJS, imported by one of ESM', () => ({ default: { default: entry } })],
    ['a module with a function', () => ({ default: () => new Response('by entry') })],
    [
      'a module of CommonJS whose function is its own default, too',
      () => {
        const handler = () => new Response('by entry')
        return { default: Object.assign(handler, { default: handler }) }
      },
    ],
    ['a promise of a module', async () => ({ default: entry })],
    ['a function that imports a module', () => async () => ({ default: entry })],
    ['a function that gives an entry', () => () => entry],
  ])('answers by %s', async (_, make) => {
    const { url } = await serve(host, [startHandler(make() as never)])
    for (let times = 0; times < 2; times++) {
      expect(await answerOf(await fetch(`${url}/x`))).toEqual([200, 'by entry'])
    }
  })

  it('imports a module once, when the first request comes', async () => {
    const load = jest.fn(async () => ({ default: entry }))
    const { url } = await serve(host, [startHandler(load)])
    expect(load).not.toHaveBeenCalled()
    await fetch(url)
    await fetch(url)
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('hands on the error of an import that fails, and tries again', async () => {
    const error = new Error('no such module')
    const load = jest.fn(async () => ({ default: entry })).mockRejectedValueOnce(error)
    const { url, errors } = await serve(host, [startHandler(load)])
    expect(await answerOf(await fetch(url))).toEqual([500, 'error handler'])
    expect(errors).toEqual([error])
    expect(await answerOf(await fetch(url))).toEqual([200, 'by entry'])
  })

  it('passes `req` and `res` as second argument, and what the option `context` adds', async () => {
    const handler: FetchHandler = (_request, context) => {
      const { req, res, user } = context as typeof context & { user: string }
      res.setHeader('x-res', '1')
      return new Response(`${req.url} ${user}`)
    }
    const context: StartHandlerOptions['context'] = async () => ({ user: 'ada' })
    const { url } = await serve(host, [startHandler(handler, { context })])
    const response = await fetch(`${url}/x`)
    expect([response.headers.get('x-res'), await response.text()]).toEqual(['1', '/x ada'])
  })

  it('lets helpers of `/server` work in the handler', async () => {
    const handler = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      setResponseStatus(418)
      setCookie('b', '2')
      return new Response(`${getCookie('a')} ${getEvent().node.req.method}`)
    }
    const { url } = await serve(host, [startHandler(handler)])
    const response = await fetch(url, { headers: { cookie: 'a=1' } })
    expect(await answerOf(response)).toEqual([418, '1 GET'])
    expect(response.headers.getSetCookie()).toEqual(['b=2; Path=/'])
  })

  it('keeps headers and cookies that middleware in front has set', async () => {
    const front: Middleware = (_req, res, next) => {
      res.setHeader('x-front', '1')
      res.setHeader('set-cookie', 'a=1')
      next()
    }
    const handler = () => new Response('x', { headers: { 'set-cookie': 'b=2' } })
    const { url } = await serve(host, [front, startHandler(handler)])
    const { headers } = await fetch(url)
    expect([headers.get('x-front'), headers.getSetCookie()]).toEqual(['1', ['a=1', 'b=2']])
  })

  it('reads bodies behind parsers', async () => {
    const handler: FetchHandler = async (request) =>
      json({ text: await request.clone().text(), json: await request.json() })
    const { url } = await serve(host, [express.json(), startHandler(handler)])
    const body = '{"a":1}'
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', body, headers })
    expect(await response.json()).toEqual({ text: body, json: { a: 1 } })
  })

  it('answers HEAD, without a body', async () => {
    const { url } = await serve(host, [startHandler(() => new Response('hello'))])
    const response = await fetch(url, { method: 'HEAD' })
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['5', ''])
  })

  it('streams, and tells the handler when the client has left', async () => {
    let left = (): void => {}
    const gone = new Promise<void>((resolve) => (left = resolve))
    const handler: FetchHandler = (request) => {
      request.signal.addEventListener('abort', left)
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('first')),
      })
      return new Response(body)
    }
    const { port } = await serve(host, [startHandler(handler)])
    const socket = await open(port)
    socket.write(rawHead('GET / HTTP/1.1'))
    let text = ''
    for await (const chunk of socket) if ((text += chunk).includes('first')) break
    socket.destroy()
    await gone
    expect(text).toContain('200 OK')
  })

  it('sends a thrown Response, and hands other errors to the error middleware', async () => {
    const error = new Error('secret')
    const handler: FetchHandler = async (request) => {
      if (request.url.endsWith('/teapot')) throw new Response('tea', { status: 418 })
      if (request.url.endsWith('/nothing')) return undefined as never
      throw error
    }
    const { url, errors } = await serve(host, [startHandler(handler)])
    expect(await answerOf(await fetch(`${url}/teapot`))).toEqual([418, 'tea'])
    expect(await answerOf(await fetch(`${url}/x`))).toEqual([500, 'error handler'])
    expect(await answerOf(await fetch(`${url}/nothing`))).toEqual([500, 'error handler'])
    expect(errors).toEqual([
      error,
      expect.objectContaining({
        code: 'ERR_START_API_BAD_RESULT',
        message: expect.stringContaining('The handler given to startHandler() returned undefined'),
      }),
    ])
  })

  it('runs plugins around the handler', async () => {
    const plugin = {
      onResponse: ({ response }) => response.headers.set('x-plugin', '1'),
    } as NonNullable<StartHandlerOptions['plugins']>[0]
    const { url } = await serve(host, [startHandler(echo, { plugins: [plugin] })])
    expect((await fetch(url)).headers.get('x-plugin')).toBe('1')
  })

  it('refuses a body beyond `maxBodySize`', async () => {
    const { port } = await serve(host, [startHandler(echo, { maxBodySize: 3 })])
    expect((await post(port, '/', { body: '1234' })).status).toBe(413)
  })

  describe('fallthrough', () => {
    const some: FetchHandler = (request) =>
      request.url.endsWith('/mine')
        ? new Response('mine')
        : new Response('Not here', { status: 404, headers: { 'x-handler': '1' } })

    it('is off: a 404 of the handler is the answer', async () => {
      const { url } = await serve(host, [startHandler(some)])
      expect(await answerOf(await fetch(`${url}/other`))).toEqual([404, 'Not here'])
    })

    it('hands requests that the handler answers with 404 to `next()`, with nothing of the answer', async () => {
      const { url } = await serve(host, [startHandler(some, { fallthrough: true })])
      expect(await answerOf(await fetch(`${url}/mine`))).toEqual([200, 'mine'])
      const other = await fetch(`${url}/other`)
      expect(await answerOf(other)).toEqual([404, 'legacy GET /other'])
      expect(other.headers.has('x-handler')).toBe(false)
    })

    it('hands on a body that the handler has not read', async () => {
      const behind: Middleware = async (req, res) => {
        let text = ''
        for await (const chunk of req) text += chunk
        res.end(text)
      }
      const { port } = await serve(host, [startHandler(some, { fallthrough: true }), behind])
      const body = 'x'.repeat(200_000)
      expect(await post(port, '/other', { body })).toEqual({ status: 200, body })
    })

    it('hands a body on to a parser behind', async () => {
      const echoed: Middleware = (req, res) => res.end(JSON.stringify(req.body))
      const layers = [startHandler(some, { fallthrough: true }), express.json(), echoed]
      const { port } = await serve(host, layers)
      const sent = { type: 'application/json', body: '{"a":1}' }
      expect(await post(port, '/other', sent)).toEqual({ status: 200, body: '{"a":1}' })
    })

    it('may be a function of the Response', async () => {
      const fallthrough = (response: Response) => response.headers.has('x-pass')
      const handler: FetchHandler = (request) =>
        request.url.endsWith('/pass')
          ? new Response(null, { headers: { 'x-pass': '1' } })
          : new Response('kept', { status: 404 })
      const { url } = await serve(host, [startHandler(handler, { fallthrough })])
      expect(await answerOf(await fetch(`${url}/pass`))).toEqual([404, 'legacy GET /pass'])
      expect(await answerOf(await fetch(`${url}/x`))).toEqual([404, 'kept'])
    })

    it('works with plugins, and answers of fetch(), whose headers are read-only', async () => {
      const behind = await serve(host, [
        (_req, res) => (res as ServerResponse).writeHead(404).end(),
      ])
      const handler = startHandler(() => fetch(behind.url), { fallthrough: true, plugins: [{}] })
      const { url } = await serve(host, [handler])
      expect(await answerOf(await fetch(`${url}/x`))).toEqual([404, 'legacy GET /x'])
    })

    it('cancels the stream of an answer that is not sent', async () => {
      const cancel = jest.fn()
      const handler = () => new Response(new ReadableStream({ cancel }), { status: 404 })
      const { url } = await serve(host, [startHandler(handler, { fallthrough: true })])
      expect(await answerOf(await fetch(`${url}/x`))).toEqual([404, 'legacy GET /x'])
      expect(cancel).toHaveBeenCalledTimes(1)
    })
  })

  it('hands paths on that a URL would change, so that guards in front have seen what it sees (hazard 6)', async () => {
    const handler = jest.fn(echo)
    const { port } = await serve(host, [startHandler(handler)])
    for (const target of ['/public/../admin', '/public/%2e%2e/admin', '/a/.']) {
      expect((await rawGet(port, target)).body).toBe(`legacy GET ${target}`)
    }
    expect(handler).not.toHaveBeenCalled()
  })

  it('hands paths on with escapes that none needs, which guards in front do not decode (hazard 193)', async () => {
    const app = new Hono().get('/admin/*', (c) => c.text(c.req.path))
    const { port } = await serve(host, [startHandler(app)])
    for (const target of ['/%61dmin/x', '/ad%4Din/x', '/admi%6e/x', '/v1/%7Ea', '/v1%2dx?a=1']) {
      expect((await rawGet(port, target)).body).toBe(`legacy GET ${target}`)
    }
    // Needed escapes, and any in a query, are the handler's.
    for (const target of ['/a%20b', '/%C3%BC', '/a%2Fb', '/a?b=%61']) {
      expect((await rawGet(port, target)).body).toBe('404 Not Found')
    }
  })

  it('hands methods on that a Request must not have (hazard 41)', async () => {
    const { port, errors } = await serve(host, [startHandler(echo)])
    const answer = await rawRequest(port, rawHead('TRACE /x HTTP/1.1'))
    expect([answer.status, errors]).toEqual([404, []])
  })

  it('mounts Hono', async () => {
    const app = new Hono()
    app.get('/hono/users/:id', (c) => c.json({ id: c.req.param('id') }))
    app.post('/hono/form', async (c) => c.json(await c.req.parseBody()))
    app.get('/hono/events', (c) =>
      streamSSE(c, async (stream) => {
        await stream.writeSSE({ data: 'one' })
        await stream.writeSSE({ data: 'two' })
      }),
    )
    const { url, port } = await serve(host, [startHandler(app, { fallthrough: true })])
    expect(await (await fetch(`${url}/hono/users/7`)).json()).toEqual({ id: '7' })
    const form = toForm([{ name: 'a', content: 'ü' }])
    expect(await post(port, '/hono/form', form)).toEqual({ status: 200, body: '{"a":"ü"}' })
    const events = await fetch(`${url}/hono/events`)
    expect(await events.text()).toBe('data: one\n\ndata: two\n\n')
    expect(await answerOf(await fetch(`${url}/legacy`))).toEqual([404, 'legacy GET /legacy'])
  })

  it('mounts GraphQL Yoga', async () => {
    const schema = createSchema<{ req: { url: string } }>({
      typeDefs: 'type Query { hello(name: String): String, url: String }',
      resolvers: {
        Query: {
          hello: (_parent, { name }: { name: string }) => `Hello ${name}`,
          url: (_parent, _args, { req }) => req.url,
        },
      },
    })
    const yoga = createYoga<{ req: { url: string } }>({ schema, logging: false })
    const { url } = await serve(host, [express.json(), startHandler(yoga)])
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ hello(name: "Ada") url }' }),
    })
    expect(await response.json()).toEqual({ data: { hello: 'Hello Ada', url: '/graphql' } })
  })

  it('mounts tRPC', async () => {
    const t = initTRPC.create()
    const router = t.router({
      double: t.procedure.input((value) => Number(value)).query(({ input }) => input * 2),
    })
    const handler = startHandler((req) => fetchRequestHandler({ endpoint: '/trpc', req, router }))
    const { url } = await serve(host, [handler])
    const response = await fetch(`${url}/trpc/double?input=21`)
    expect(await response.json()).toEqual({ result: { data: 42 } })
  })

  it('mounts what startApi() returns for `fetch`', async () => {
    const api = startApi(apiRoutes({ 'api/x.ts': { GET: () => new Response('route') } }))
    const { url } = await serve(host, [startHandler({ fetch: (request) => api.fetch(request) })])
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'route'])
  })
})

describeHosts(
  'startHandler()',
  (host) => {
    it('shows the handler the whole URL below a mount path', async () => {
      const { url } = await serve(host, [['/api/auth', startHandler(echo)]])
      expect(await (await fetch(`${url}/api/auth/sign-in?x=1`)).json()).toMatchObject({
        url: `${url}/api/auth/sign-in?x=1`,
      })
      expect(await answerOf(await fetch(`${url}/api/other`))).toEqual([
        404,
        'legacy GET /api/other',
      ])
    })

    it('falls through below a mount path to what is behind', async () => {
      const handler = startHandler(() => new Response(null, { status: 404 }), { fallthrough: true })
      const { url } = await serve(host, [['/app', handler]])
      expect(await answerOf(await fetch(`${url}/app/x`))).toEqual([404, 'legacy GET /app/x'])
    })
  },
  middlewareHosts,
)

describeHosts(
  'startHandler()',
  (host) => {
    it('works in a Router, with `trust proxy`', async () => {
      const router = Router().use('/in', startHandler(echo))
      const { url } = await serve(host, [['/out', router]], { 'trust proxy': true })
      const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.example' }
      expect(await (await fetch(`${url}/out/in/x`, { headers })).json()).toMatchObject({
        url: 'https://a.example/out/in/x',
      })
    })
  },
  expressHosts,
)

describe('startHandler()', () => {
  it('answers everything where there is no `next`', async () => {
    const handler = startHandler(() => new Response('x', { status: 404 }), { fallthrough: true })
    const { url, port } = await listen(handler)
    expect(await answerOf(await fetch(url))).toEqual([404, 'x'])
    expect((await rawGet(port, '/a/../b')).status).toBe(404)
    expect((await rawRequest(port, rawHead('TRACE /x HTTP/1.1'))).status).toBe(404)
  })

  it('is a middleware by its name and parameters, as Express and Connect look at them (hazard 167)', () => {
    const handler = startHandler(echo)
    expect([handler.name, handler.length, Object.keys(handler)]).toEqual([
      'startHandler',
      3,
      ['ready', 'close'],
    ])
  })

  it('is `ready` once a promised entry is there', async () => {
    await expect(startHandler(echo).ready).resolves.toBeUndefined()
    await expect(startHandler(Promise.resolve(echo)).ready).resolves.toBeUndefined()
    await expect(startHandler(Promise.reject(new Error('lost'))).ready).rejects.toThrow('lost')
    await expect(startHandler(Promise.resolve({} as never)).ready).rejects.toThrow(
      /the handler is an object/,
    )
  })

  it('answers 500 while a promised entry is lost, and rejects nothing unheard', async () => {
    const handler = startHandler(Promise.reject(new Error('lost')))
    const errors = await recordProcessErrors(async () => {
      await expect(handler.ready).rejects.toThrow('lost')
    })
    const running = await serve(expressHosts[0]!, [handler])
    expect((await fetch(running.url)).status).toBe(500)
    expect(running.errors).toEqual([expect.objectContaining({ message: 'lost' })])
    expect(errors).toEqual([])
  })

  it('disposes of plugins at close()', async () => {
    const onDispose = jest.fn()
    await startHandler(echo, { plugins: [{ onDispose }] }).close()
    expect(onDispose).toHaveBeenCalledTimes(1)
  })

  it.each([undefined, null, 'handler', 1, {}, { default: {} }, []])(
    'refuses %p, at once',
    (value) => {
      expect(() => startHandler(value as never)).toThrow(TypeError)
      expect(() => startHandler(value as never)).toThrow(/startHandler\(\): the handler is /)
    },
  )

  it.each([
    [{ nonsense: 1 }, /startHandler\(\): there is no option `nonsense`.*fallthrough, context/],
    [{ fallthrough: 404 }, /startHandler\(\): option `fallthrough` must be/],
    [{ plugins: {} }, /startHandler\(\): option `plugins` must be/],
    [{ maxBodySize: '1mb' }, /startHandler\(\): option `maxBodySize` must be/],
    [null, /startHandler\(\): the second argument/],
  ])('refuses options %p, at once', (options, message) => {
    expect(() => startHandler(echo, options as never)).toThrow(message)
  })
})

describe('startHandler(), in an application of ES modules', () => {
  it('mounts Auth.js behind a parser: a login that sets cookies and redirects', () => {
    const main = `
      import { Auth } from '@auth/core'
      import credentials from '@auth/core/providers/credentials'
      import express from 'express'
      import { startHandler } from 'express-start-api'
      const config = {
        basePath: '/auth',
        secret: 'a secret of more than thirty-two characters',
        trustHost: true,
        providers: [
          credentials({ authorize: ({ password }) => (password === 'right' ? { name: 'Ada' } : null) }),
        ],
      }
      const app = express()
      app.use(express.urlencoded())
      app.use('/auth', startHandler((request) => Auth(request, config)))
      const server = app.listen(0)
      const url = 'http://localhost:' + server.address().port + '/auth'
      const cookiesOf = ({ headers }) =>
        headers.getSetCookie().map((line) => line.split(';')[0]).join('; ')
      const csrf = await fetch(url + '/csrf')
      const { csrfToken } = await csrf.json()
      const login = await fetch(url + '/callback/credentials', {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: cookiesOf(csrf) },
        body: new URLSearchParams({ csrfToken, password: 'right' }),
      })
      const session = await fetch(url + '/session', { headers: { cookie: cookiesOf(login) } })
      console.log(JSON.stringify([login.status, (await session.json()).user]))
      server.close()
      server.closeAllConnections()`
    const app = installCopies(['express-start-api'], { 'main.mjs': main }, [
      'express',
      '@auth/core',
    ])
    const { stdout, stderr } = runNode(app, ['main.mjs'])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([302, { name: 'Ada' }])
  })
})
