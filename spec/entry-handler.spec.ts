// Start v0's entry handler, the option `handler`, and routes without files.
import {
  type APIRoute,
  type StartAPIHandlerCallback,
  type StartApiOptions,
  createAPIRoute,
  createStartAPIHandler,
  defaultAPIFileRouteHandler,
  defaultAPIRoutesHandler,
  json,
  notFound,
  redirect,
  startApi,
} from 'express-start-api'
import { sendRedirect, setHeader } from 'express-start-api/server'
import { describeHosts, middlewareHosts, serve } from './support/hosts'
import { rawGet } from './support/raw-request'
import { apiRoutes } from './support/routes'

const routes = apiRoutes({
  'api/users/$id.ts': {
    GET: ({ params, request }) => json({ id: params['id'], by: request.headers.get('x-user') }),
    POST: async ({ request }) => json({ got: await request.text() }),
  },
})

async function answerOf(url: string, init?: RequestInit) {
  const response = await fetch(url, { redirect: 'manual', ...init })
  return [response.status, await response.text()]
}

describeHosts('the entry handler', (host) => {
  const withHandler = (handler: StartAPIHandlerCallback, options?: StartApiOptions) =>
    serve(host, [startApi(routes, { handler, ...options })])

  it('may be `createStartAPIHandler(defaultAPIFileRouteHandler)`', async () => {
    const { url } = await withHandler(createStartAPIHandler(defaultAPIFileRouteHandler))
    expect(await answerOf(`${url}/api/users/J%C3%BCr`)).toEqual([200, '{"id":"Jür","by":null}'])
    const post = { method: 'POST', body: 'text' }
    expect(await answerOf(`${url}/api/users/1`, post)).toEqual([200, '{"got":"text"}'])
  })

  it('logs requests and answers', async () => {
    const log: string[] = []
    const { url } = await withHandler(async (context) => {
      const response = await defaultAPIFileRouteHandler(context)
      log.push(`${context.request.method} ${new URL(context.request.url).pathname}`)
      log.push(String(response.status))
      return response
    })
    await answerOf(`${url}/api/users/1`)
    await answerOf(`${url}/other`)
    expect(log).toEqual(['GET /api/users/1', '200'])
  })

  it('answers 401 without running the route', async () => {
    const run = jest.fn(() => new Response('secret'))
    const handler: StartAPIHandlerCallback = (context) =>
      context.request.headers.has('authorization')
        ? defaultAPIFileRouteHandler(context)
        : new Response('Who are you?', { status: 401, headers: { 'www-authenticate': 'Basic' } })
    const { url } = await serve(host, [
      startApi(apiRoutes({ 'api/x.ts': { GET: run } }), { handler }),
    ])
    expect(await answerOf(`${url}/api/x`)).toEqual([401, 'Who are you?'])
    expect(run).not.toHaveBeenCalled()
    const headers = { authorization: 'Basic a' }
    expect(await answerOf(`${url}/api/x`, { headers })).toEqual([200, 'secret'])
  })

  it('gives the route another request: headers, URL and body', async () => {
    const handler: StartAPIHandlerCallback = ({ request }) => {
      const headers = new Headers(request.headers)
      headers.set('x-user', 'ann')
      const body = request.method === 'POST' ? { body: 'replaced' } : {}
      const other = new Request(`${request.url}?more`, { method: request.method, headers, ...body })
      return defaultAPIFileRouteHandler({ request: other })
    }
    const { url } = await withHandler(handler)
    expect(await answerOf(`${url}/api/users/1`)).toEqual([200, '{"id":"1","by":"ann"}'])
    expect(await answerOf(`${url}/api/users/1`, { method: 'POST', body: 'sent' })).toEqual([
      200,
      '{"got":"replaced"}',
    ])
  })

  it('gives the client another response', async () => {
    const { url } = await withHandler(async (context) => {
      const response = await defaultAPIFileRouteHandler(context)
      return new Response(`<${await response.text()}>`, { status: 203, headers: { 'x-a': '1' } })
    })
    const response = await fetch(`${url}/api/users/1`)
    expect([response.status, response.headers.get('x-a')]).toEqual([203, '1'])
    expect(await response.text()).toBe('<{"id":"1","by":null}>')
  })

  it('may use helpers', async () => {
    const { url } = await withHandler((context) => {
      setHeader('x-entry', '1')
      return defaultAPIFileRouteHandler(context)
    })
    expect((await fetch(`${url}/api/users/1`)).headers.get('x-entry')).toBe('1')
  })

  it.each([
    ['a Response', () => json({ error: 'no' }, { status: 403 }), [403, '{"error":"no"}']],
    ['a redirect', () => redirect({ to: '/login' }), [307, '']],
    ['a notFound()', () => notFound(), [404, 'Not found']],
    ["TanStack Router's notFound()", () => ({ isNotFound: true }), [404, 'Not found']],
  ] as const)('answers by throwing %s, at once or later', async (_kind, make, answer) => {
    for (const wait of [undefined, Promise.resolve()]) {
      const handler: StartAPIHandlerCallback = () => {
        if (wait === undefined) throw make()
        return wait.then(() => {
          throw make()
        })
      }
      const { url, errors } = await withHandler(handler)
      expect(await answerOf(`${url}/api/users/1`)).toEqual(answer)
      expect(errors).toEqual([])
    }
  })

  it("hands an Error to the application's error middleware", async () => {
    const error = new Error('broken')
    const { url, errors } = await withHandler(() => {
      throw error
    })
    expect(await answerOf(`${url}/api/users/1`)).toEqual([500, 'error handler'])
    expect(errors).toEqual([error])
  })

  it('sees what the route throws', async () => {
    const handler: StartAPIHandlerCallback = async (context) => {
      try {
        return await defaultAPIFileRouteHandler(context)
      } catch (error) {
        return new Response(`caught ${(error as Error).message}`, { status: 502 })
      }
    }
    const broken = () => {
      throw new Error('broken')
    }
    const api = startApi(apiRoutes({ 'api/x.ts': { GET: broken } }), { handler })
    const { url, errors } = await serve(host, [api])
    expect(await answerOf(`${url}/api/x`)).toEqual([502, 'caught broken'])
    expect(errors).toEqual([])
  })

  it('is reported when it gives no Response', async () => {
    const { url, errors } = await withHandler((() => 'text') as never)
    expect(await answerOf(`${url}/api/users/1`)).toEqual([500, 'error handler'])
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'ERR_START_API_BAD_RESULT',
        message:
          'The entry handler (option `handler`) returned a string. Return a Response, e.g. json(value) or new Response(text).',
      }),
    ])
  })

  it('is asked for whatever startApi() answers itself, as in Start', async () => {
    const asked: string[] = []
    const handler: StartAPIHandlerCallback = async (context) => {
      asked.push(context.request.method)
      const response = await defaultAPIFileRouteHandler(context)
      return new Response(`${await response.text()}!`, response)
    }
    const { url } = await withHandler(handler, { fallthrough: false })
    expect(await answerOf(`${url}/api/none`)).toEqual([404, 'Not found!'])
    const refused = await fetch(`${url}/api/users/1`, { method: 'PUT' })
    expect([refused.status, await refused.text()]).toEqual([405, 'Method not allowed!'])
    expect(refused.headers.get('allow')).toBe('GET, POST, OPTIONS, HEAD')
    expect(asked).toEqual(['GET', 'PUT'])
    // Beyond `apiBaseURL`, and for targets that are read in two ways, it is not.
    expect(await answerOf(`${url}/other`)).toEqual([404, 'legacy GET /other'])
    for (const path of ['/api/x/../users/1', '/api/%2e%2e/api/users/1']) {
      expect((await rawGet(Number(new URL(url).port), path)).status).toBe(404)
    }
    expect(asked).toHaveLength(2)
  })
})

describe('the entry handler in api.fetch()', () => {
  it('is run around routes, 404s and 405s', async () => {
    const asked: string[] = []
    const api = startApi(routes, {
      handler: (context) => {
        asked.push(new URL(context.request.url).pathname)
        return defaultAPIFileRouteHandler(context)
      },
    })
    const statuses = await Promise.all(
      ['/api/users/1', '/api/none', '/other'].map(async (path) => (await api.fetch(path)).status),
    )
    expect(statuses).toEqual([200, 404, 404])
    expect((await api.fetch('/api/users/1', { method: 'PUT' })).status).toBe(405)
    expect(asked).toEqual(['/api/users/1', '/api/none', '/api/users/1'])
  })

  it('is run by the same rule of case as routes', async () => {
    const handler = jest.fn(defaultAPIFileRouteHandler)
    const api = startApi(routes, { handler })
    const ask = async (method: string) => (await api.fetch('/API/users/1', { method })).status
    expect([await ask('GET'), await ask('PUT')]).toEqual([200, 405])
    expect(handler).toHaveBeenCalledTimes(2)
    const strict = startApi(routes, { handler, caseSensitive: true })
    expect((await strict.fetch('/API/users/1', { method: 'PUT' })).status).toBe(404)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('answers by what it throws', async () => {
    const api = startApi(routes, {
      handler: () => {
        throw new Response('no', { status: 401 })
      },
    })
    expect((await api.fetch('/api/users/1')).status).toBe(401)
  })
})

describe('defaultAPIFileRouteHandler()', () => {
  it('says that it needs a request', () => {
    expect(() => defaultAPIFileRouteHandler({ request: new Request('http://localhost') })).toThrow(
      /^defaultAPIFileRouteHandler\(\) was called outside a request\./,
    )
  })
})

const user = createAPIRoute('/api/users/$id')({
  GET: ({ params }) => json(params),
  DELETE: ({ params }) => {
    throw json({ deleted: params.id }, { status: 202 })
  },
})
const me = createAPIRoute('/api/users/me')({ GET: () => new Response('me') })
const file = createAPIRoute('/api/file/$')({ POST: ({ params }) => json(params) })
const codeRoutes = { '/api/users/$id': user, '/api/users/me': me, '/api/file/$': file }

describe('defaultAPIRoutesHandler()', () => {
  const handler = defaultAPIRoutesHandler({ routes: codeRoutes })
  const ask = async (path: string, method = 'GET') =>
    handler({ request: new Request(`http://localhost${path}`, { method }) })

  it.each([
    ['GET', '/api/users/1', 200, '{"id":"1"}'],
    ['GET', '/api/users/1/', 200, '{"id":"1"}'],
    ['GET', '/api/users/a%2Fb%20%C3%A9', 200, '{"id":"a/b é"}'],
    ['GET', '/api/users/me', 200, 'me'],
    ['HEAD', '/api/users/me', 200, 'me'],
    ['DELETE', '/api/users/1', 202, '{"deleted":"1"}'],
    ['POST', '/api/file/a/b', 200, '{"*":"a/b","_splat":"a/b"}'],
    ['GET', '/api/none', 404, 'Not found'],
    ['GET', '/api/Users/1', 404, 'Not found'],
    ['POST', '/api/users/1', 405, 'Method not allowed'],
    ['OPTIONS', '/api/users/1', 204, ''],
  ])('answers %s %s with %i %s', async (method, path, status, text) => {
    const response = await ask(path, method)
    expect([response.status, await response.text()]).toEqual([status, text])
  })

  it('names what it allows', async () => {
    for (const method of ['POST', 'OPTIONS']) {
      const { headers } = await ask('/api/users/1', method)
      expect(headers.get('allow')).toBe('GET, DELETE, OPTIONS, HEAD')
    }
  })

  it('rejects with an error of status 400 for a malformed escape', async () => {
    await expect(ask('/api/users/%E0%A4')).rejects.toMatchObject({
      code: 'ERR_START_API_BAD_PARAM',
      status: 400,
    })
  })

  it('refuses a route under another path at once', () => {
    const misplaced = { '/api/people/$id': user } as unknown as Record<string, APIRoute<string>>
    expect(() => defaultAPIRoutesHandler({ routes: misplaced })).toThrow(
      new TypeError(
        'defaultAPIRoutesHandler(): the route under "/api/people/$id" was made with createAPIRoute("/api/users/$id"). Use one path for both.',
      ),
    )
  })

  it('refuses a route without handlers', () => {
    const empty = { '/a': createAPIRoute('/a')({}) }
    expect(() => defaultAPIRoutesHandler({ routes: empty })).toThrow(/^\/a exports an `APIRoute`/)
  })
})

describeHosts('routes without files', (host) => {
  const handler = createStartAPIHandler(defaultAPIRoutesHandler({ routes: codeRoutes }))

  it('are served where startApi() answers all below its base', async () => {
    const { url, errors } = await serve(host, [startApi({}, { handler, fallthrough: false })])
    expect(await answerOf(`${url}/api/users/1`)).toEqual([200, '{"id":"1"}'])
    expect(await answerOf(`${url}/api/file/x/y`, { method: 'POST' })).toEqual([
      200,
      '{"*":"x/y","_splat":"x/y"}',
    ])
    expect(await answerOf(`${url}/api/none`)).toEqual([404, 'Not found'])
    expect(await answerOf(`${url}/other`)).toEqual([404, 'legacy GET /other'])
    expect(errors).toEqual([])
    expect((await rawGet(Number(new URL(url).port), '/api/users/%E0%A4')).status).toBe(400)
  })

  it('may answer through helpers', async () => {
    const route = createAPIRoute('/api/x')({
      GET: (async () => {
        await sendRedirect('/elsewhere')
      }) as never,
    })
    const options = {
      handler: defaultAPIRoutesHandler({ routes: { '/api/x': route } }),
      fallthrough: false,
    }
    const { url } = await serve(host, [startApi({}, options)])
    const { status, headers } = await fetch(`${url}/api/x`, { redirect: 'manual' })
    expect([status, headers.get('location')]).toEqual([302, '/elsewhere'])
  })

  it('see `req`, `res` and what the option `context` adds', async () => {
    const seen: unknown[] = []
    const route = createAPIRoute('/api/x')({
      GET: ({ context }) => {
        seen.push(context.req.method, context.res.writable, (context as { user?: string }).user)
        return new Response('ok')
      },
    })
    const options = {
      handler: defaultAPIRoutesHandler({ routes: { '/api/x': route } }),
      context: () => ({ user: 'ann' }),
      fallthrough: false,
    }
    const { url } = await serve(host, [startApi({}, options)])
    expect(await answerOf(`${url}/api/x`)).toEqual([200, 'ok'])
    expect(seen).toEqual(['GET', true, 'ann'])
  })

  it('are never behind the back of a guard (hazard 6)', async () => {
    const { url, port } = await serve(host, [
      (req, res, next) => {
        // As `app.use('/api/users', guard)` compares.
        if (/^\/api\/users(?:\/|$)/i.test(req.url)) {
          res.statusCode = 401
          res.end('guard')
        } else next()
      },
      startApi({}, { handler, fallthrough: false }),
    ])
    expect(await answerOf(`${url}/api/users/1`)).toEqual([401, 'guard'])
    for (const path of [
      '/api/x/../users/1',
      '/api/%2e%2e/api/users/1',
      '/api/file/..%2fusers/1',
      '/api\\users/1',
      '/api//users/1',
      '//api/users/1',
    ]) {
      const answer = await rawGet(port, path)
      expect([path, answer.body]).not.toEqual([path, expect.stringContaining('"id"')])
      expect(answer.status).toBeGreaterThanOrEqual(400)
    }
  })
})

describeHosts(
  'routes without files, where a slash at the end matters',
  (host) => {
    it('pass no guard by with one (hazard 34)', async () => {
      const handler = defaultAPIRoutesHandler({ routes: codeRoutes })
      const api = startApi({}, { handler, fallthrough: false })
      const { url } = await serve(host, [api], { 'strict routing': true })
      expect(await answerOf(`${url}/api/users/me`)).toEqual([200, 'me'])
      expect((await fetch(`${url}/api/users/me/`)).status).toBe(host.isExpress ? 404 : 200)
    })
  },
  middlewareHosts,
)
