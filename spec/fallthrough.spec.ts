import { json, startApi, type StartApiOptions } from 'express-start-api'
import { routeX } from './support/handlers'
import { type Layer, describeHosts, listen, middlewareHosts, serve } from './support/hosts'
import { recordWarnings } from './support/process-errors'
import { rawGet, rawHead, rawRequest } from './support/raw-request'
import { apiRoutes } from './support/routes'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const users = () => new Response('start users')

/** GET and DELETE of `/api/users`, POST of `/api/posts`. */
const createApi = (options?: StartApiOptions) =>
  startApi(
    apiRoutes({
      'api/users.ts': { GET: users, DELETE: users },
      'api/posts.ts': { POST: () => new Response('start posts') },
    }),
    options,
  )

const ask = (port: number, method: string, path: string) =>
  rawRequest(port, rawHead(`${method} ${path} HTTP/1.1`))

describeHosts('fallthrough, by default', (host) => {
  it('passes on what no file serves, above and below the base', async () => {
    const { port } = await serve(host, [createApi()])
    for (const path of ['/', '/other', '/api', '/api/nobody', '/api/users/1', '/apiary']) {
      expect((await rawGet(port, path)).body).toBe(`legacy GET ${path}`)
    }
  })

  it('passes on methods that a file does not serve (hazards 40 to 42)', async () => {
    const { port } = await serve(host, [createApi()])
    for (const method of ['POST', 'PUT', 'OPTIONS', 'TRACE', 'PURGE', 'M-SEARCH', 'PROPFIND']) {
      expect((await ask(port, method, '/api/users')).body).toBe(`legacy ${method} /api/users`)
    }
    expect((await rawGet(port, '/api/users')).body).toBe('start users')
    expect((await ask(port, 'DELETE', '/api/users')).body).toBe('start users')
    expect((await ask(port, 'POST', '/api/posts')).body).toBe('start posts')
  })

  it('leaves a path to legacy routes method by method, before and behind (hazard 40)', async () => {
    const legacy =
      (method: string, text: string): Layer =>
      (req, res, next) => {
        if (req.method === method && req.url === '/api/users') res.end(text)
        else next()
      }
    const { port } = await serve(host, [
      legacy('DELETE', 'legacy in front'),
      createApi(),
      legacy('POST', 'legacy behind'),
      legacy('GET', 'never'),
    ])
    expect((await rawGet(port, '/api/users')).body).toBe('start users')
    expect((await ask(port, 'DELETE', '/api/users')).body).toBe('legacy in front')
    expect((await ask(port, 'POST', '/api/users')).body).toBe('legacy behind')
  })

  it('calls nothing behind once a route has answered (hazard 163)', async () => {
    const behind = jest.fn((_req, _res, next) => next())
    const { port } = await serve(host, [createApi(), behind])
    await rawGet(port, '/api/users')
    expect(behind).not.toHaveBeenCalled()
    await rawGet(port, '/other')
    expect(behind).toHaveBeenCalledTimes(1)
  })

  it('finds the second of two instances', async () => {
    const { port } = await serve(host, [createApi(), routeX(() => new Response('second'))])
    expect((await rawGet(port, '/api/x')).body).toBe('second')
  })
})

describeHosts('HEAD', (host) => {
  it('is served by GET, without its body', async () => {
    const { port } = await serve(host, [createApi()])
    const answer = await ask(port, 'HEAD', '/api/users')
    expect([answer.status, answer.body]).toEqual([200, ''])
    expect(answer.headers['content-length']).toBe('11')
  })

  it('is served by its own handler where there is one', async () => {
    const api = startApi(
      apiRoutes({
        'api/x.ts': {
          GET: () => new Response('get'),
          HEAD: ({ request }) => new Response(null, { headers: { 'x-by': request.method } }),
        },
      }),
    )
    const { port } = await serve(host, [api])
    expect((await ask(port, 'HEAD', '/api/x')).headers['x-by']).toBe('HEAD')
  })

  it('shows the handler of GET its own method', async () => {
    const { port } = await serve(host, [
      routeX(({ request }) => new Response(null, { headers: { 'x-method': request.method } })),
    ])
    expect((await ask(port, 'HEAD', '/api/x')).headers['x-method']).toBe('HEAD')
  })

  it('falls through where there is no GET', async () => {
    const { port } = await serve(host, [createApi()])
    expect((await ask(port, 'HEAD', '/api/posts')).status).toBe(404)
  })
})

describeHosts('fallthrough: false', (host) => {
  const serveApi = async () => (await serve(host, [createApi({ fallthrough: false })])).port

  it('answers 404 below the base', async () => {
    const port = await serveApi()
    for (const path of ['/api', '/api/nobody', '/api/users/1']) {
      const answer = await rawGet(port, path)
      expect([answer.statusLine, answer.body]).toEqual(['HTTP/1.1 404 Not Found', 'Not found'])
      expect(answer.headers['content-type']).toBe('text/plain;charset=UTF-8')
    }
  })

  it('passes on what lies outside the base', async () => {
    const port = await serveApi()
    for (const path of ['/', '/other', '/apiary', '/ap']) {
      expect((await rawGet(port, path)).body).toBe(`legacy GET ${path}`)
    }
  })

  it('answers 405 with the methods that the file serves', async () => {
    const port = await serveApi()
    for (const method of ['POST', 'PUT', 'TRACE', 'PURGE']) {
      const answer = await ask(port, method, '/api/users')
      expect([answer.statusLine, answer.body]).toEqual([
        'HTTP/1.1 405 Method Not Allowed',
        'Method not allowed',
      ])
      expect(answer.headers['allow']).toBe('GET, DELETE, OPTIONS, HEAD')
    }
    const head = await ask(port, 'HEAD', '/api/posts')
    expect([head.status, head.headers['allow'], head.body]).toEqual([405, 'POST, OPTIONS', ''])
  })

  it('answers OPTIONS with them too, unless the file has a handler for it', async () => {
    const port = await serveApi()
    const answer = await ask(port, 'OPTIONS', '/api/users')
    expect([answer.status, answer.headers['allow']]).toEqual([204, 'GET, DELETE, OPTIONS, HEAD'])
    expect((await ask(port, 'OPTIONS', '/api/nobody')).status).toBe(404)
    const own = startApi(apiRoutes({ 'api/x.ts': { OPTIONS: () => new Response('own') } }), {
      fallthrough: false,
    })
    const app = await serve(host, [own])
    expect((await ask(app.port, 'OPTIONS', '/api/x')).body).toBe('own')
  })

  it('keeps the headers of middleware in front on its answers', async () => {
    const early: Layer = (_req, res, next) => {
      res.setHeader('X-Early', '1')
      next()
    }
    const { port } = await serve(host, [early, createApi({ fallthrough: false })])
    expect((await rawGet(port, '/api/nobody')).headers['x-early']).toBe('1')
  })
})

describe.each([undefined, true, false])('without `next`, with fallthrough %s', (fallthrough) => {
  const start = async () =>
    (await listen(createApi(fallthrough === undefined ? {} : { fallthrough }))).port

  it('answers every request', async () => {
    const port = await start()
    expect((await rawGet(port, '/api/users')).body).toBe('start users')
    for (const path of ['/', '/other', '/api', '/api/nobody', '/apiary']) {
      expect((await rawGet(port, path)).status).toBe(404)
    }
    expect((await ask(port, 'POST', '/api/users')).status).toBe(405)
    expect((await ask(port, 'OPTIONS', '/api/users')).headers['allow']).toBe(
      'GET, DELETE, OPTIONS, HEAD',
    )
  })

  it('answers targets that are no paths', async () => {
    const port = await start()
    expect((await ask(port, 'OPTIONS', '*')).status).toBe(404)
  })
})

describe('Allow', () => {
  it('names what a route serves, for each handler that it may have', async () => {
    for (const method of METHODS) {
      const api = startApi(apiRoutes({ 'api/x.ts': { [method]: users } }), { fallthrough: false })
      const { port } = await listen(api)
      const answer = await ask(port, 'PURGE', '/api/x')
      const expected = new Set([method, 'OPTIONS', ...(method === 'GET' ? ['HEAD'] : [])])
      expect(new Set(String(answer.headers['allow']).split(', '))).toEqual(expected)
    }
  })
})

describe('the middleware itself', () => {
  it('is a function of three parameters that hosts take for nothing else (hazards 167, 168)', () => {
    const api = createApi()
    expect(api.length).toBe(3)
    for (const name of ['handle', 'set', 'route', 'then']) expect(api).not.toHaveProperty(name)
  })

  describeHosts(
    'in a host',
    (host) => {
      it('returns nothing and warns about nothing (hazard 168)', async () => {
        const api = createApi()
        const returned: unknown[] = []
        const warnings = await recordWarnings(async () => {
          const { port } = await serve(host, [
            (req, res, next) => void returned.push(api(req, res, next)),
          ])
          await rawGet(port, '/api/users')
          await rawGet(port, '/other')
        })
        expect(returned).toEqual([undefined, undefined])
        expect(warnings).toEqual([])
      })

      it('takes `next` as `next`, not for a part of a context (hazard 166)', async () => {
        const { port } = await serve(host, [createApi()])
        expect((await rawGet(port, '/api/nobody')).body).toBe('legacy GET /api/nobody')
      })
    },
    middlewareHosts,
  )
})

describeHosts('requests before the routes are loaded (hazards 171, 172)', (host) => {
  it('are served in the place of the middleware, and in order', async () => {
    let load!: () => void
    const loaded = new Promise<void>((resolve) => (load = resolve))
    const order: string[] = []
    const api = startApi({
      'api/x.ts': async () => {
        await loaded
        return apiRoutes({
          'api/x.ts': {
            GET: ({ request }) => {
              order.push(new URL(request.url).search)
              return json(order.length)
            },
          },
        })['api/x.ts']
      },
    })
    const arrived: string[] = []
    const { port } = await serve(host, [
      (req, _res, next) => {
        arrived.push(req.url)
        if (arrived.length === 3) setImmediate(load)
        next()
      },
      api,
    ])
    const first = rawGet(port, '/api/x?1')
    while (arrived.length < 1) await new Promise((resolve) => setImmediate(resolve))
    const second = rawGet(port, '/api/x?2')
    while (arrived.length < 2) await new Promise((resolve) => setImmediate(resolve))
    const other = rawGet(port, '/other')
    expect((await first).body).toBe('1')
    expect((await second).body).toBe('2')
    expect((await other).body).toBe('legacy GET /other')
    expect(order).toEqual(['?1', '?2'])
  })
})

it('a request whose first segment is that of no route is passed on by a look at `url` alone', async () => {
  const api = createApi()
  await api.ready
  const read: string[] = []
  const pass = (url: string) => {
    read.length = 0
    const req = new Proxy(
      { url, method: 'GET', headers: {} },
      {
        get(target, name) {
          read.push(String(name))
          return Reflect.get(target, name) as unknown
        },
      },
    )
    const next = jest.fn()
    api(req as never, {} as never, next)
    expect(next.mock.calls).toEqual([[]])
    return new Set(read)
  }
  expect(pass('/other?/api/users')).toEqual(new Set(['app', 'url']))
  expect(pass('/api/other')).toContain('originalUrl')
})
