// Where startApi() may stand in an application, and what its routes and handlers then see.
import type { IncomingMessage } from 'node:http'
import connect from 'connect'
import express5 from 'express'
import express4 from 'express4'
import { type StartApiOptions, json, startApi } from 'express-start-api'
import { type Middleware, describeHosts, listen, middlewareHosts, serve } from './support/hosts'
import { rawGet } from './support/raw-request'
import { apiRoutes } from './support/routes'

/** Files that each answer with their name, and the path that their handler sees. */
const apiOf = (files: readonly string[], options: StartApiOptions = {}) =>
  startApi(
    apiRoutes(
      Object.fromEntries(
        files.map((file) => [
          file,
          {
            GET: ({ request, params }) =>
              json([file, new URL(request.url).pathname, ...Object.values(params)]),
          },
        ]),
      ),
    ),
    options,
  )

const FILES = ['api/users.ts', 'api/users/$id.ts', 'health.ts']

const ask = async (url: string, path: string, method = 'GET'): Promise<unknown> => {
  const response = await fetch(url + path, { method })
  const text = await response.text()
  return response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text
}

describeHosts(
  'mount path × apiBaseURL (hazards 28, 29)',
  (host) => {
    // A mount path always comes in front of `apiBaseURL`; a file's own `api/` is not repeated.
    it.each([
      ['/', '/api', 'api/users.ts', '/api/users'],
      ['/', '/api', 'users.ts', '/api/users'],
      ['/', '/', 'api/users.ts', '/api/users'],
      ['/', '/', 'users.ts', '/users'],
      ['/v1', '/api', 'api/users.ts', '/v1/api/users'],
      ['/v1', '/api', 'users.ts', '/v1/api/users'],
      ['/v1', '/', 'users.ts', '/v1/users'],
      ['/api', '/', 'users.ts', '/api/users'],
      ['/api', '/', 'api/users.ts', '/api/api/users'],
      ['/api', '/api', 'users.ts', '/api/api/users'],
      ['/api', '/api', 'api/users.ts', '/api/api/users'],
      ['/a/b', '/c/d', 'users.ts', '/a/b/c/d/users'],
      ['/', 'internal/v1/', 'users.ts', '/internal/v1/users'],
      ['/api/', '/', 'users.ts', '/api/users'],
      ['/api', '/', 'index.ts', '/api'],
      ['/', '/api', 'api/index.ts', '/api'],
    ])('app.use(%j) with apiBaseURL %j serves %s at %s', async (mount, apiBaseURL, file, path) => {
      const { url } = await serve(host, [[mount, apiOf([file], { apiBaseURL })]])
      expect(await ask(url, path)).toEqual([file, path])
      const others = [
        '/users',
        '/api/users',
        '/api/api/users',
        '/v1/users',
        '/v1/api/users',
        '/api',
        '/api/api',
        '/a/b/users',
        '/c/d/users',
        '/internal/v1/users',
        '/apiusers',
        '/api.users',
        '/api/api/api/users',
      ].filter((other) => other !== path)
      for (const other of others) expect(await ask(url, other)).toMatch(/^legacy GET /)
    })

    it('adds up over nested mounts', async () => {
      const outer = host.create()
      const inner = host.create()
      inner.use('/c', apiOf(['users/$id.ts']))
      outer.use('/b', inner.listener)
      const { url } = await serve(host, [['/a', outer.listener]])
      expect(await ask(url, '/a/b/c/api/users/7?x')).toEqual([
        'users/$id.ts',
        '/a/b/c/api/users/7',
        '7',
      ])
      expect(await ask(url, '/a/b/api/users/7')).toBe('legacy GET /a/b/api/users/7')
    })

    it('stands on a segment boundary (hazards 30, 31)', async () => {
      const { url } = await serve(host, [
        ['/v1', apiOf(['users.ts', '$name.ts'], { apiBaseURL: '/' })],
      ])
      expect(await ask(url, '/v1/users')).toEqual(['users.ts', '/v1/users'])
      for (const path of ['/v1users', '/v1.users', '/v1.json', '/v1-x/users', '/v10/users']) {
        expect(await ask(url, path)).toBe(`legacy GET ${path}`)
      }
    })
  },
  middlewareHosts,
)

describeHosts('several instances in one application', (host) => {
  it('serve each their own and leave the rest to the next', async () => {
    const { url } = await serve(host, [
      apiOf(['api/a.ts']),
      apiOf(['api/b.ts', 'api/a.ts']),
      apiOf(['c.ts'], { apiBaseURL: '/internal' }),
    ])
    expect(await ask(url, '/api/a')).toEqual(['api/a.ts', '/api/a'])
    expect(await ask(url, '/api/b')).toEqual(['api/b.ts', '/api/b'])
    expect(await ask(url, '/internal/c')).toEqual(['c.ts', '/internal/c'])
    expect(await ask(url, '/api/c')).toBe('legacy GET /api/c')
  })

  it('serve one method each of one path', async () => {
    const method = (name: 'GET' | 'POST') =>
      startApi(apiRoutes({ 'api/x.ts': { [name]: () => new Response(`start ${name}`) } }))
    const { url } = await serve(host, [method('GET'), method('POST')])
    expect(await ask(url, '/api/x')).toBe('start GET')
    expect(await ask(url, '/api/x', 'POST')).toBe('start POST')
    expect(await ask(url, '/api/x', 'PUT')).toBe('legacy PUT /api/x')
  })

  it('may be the same one twice', async () => {
    const api = apiOf(FILES)
    const { url } = await serve(host, [api, api])
    expect(await ask(url, '/api/users')).toEqual(['api/users.ts', '/api/users'])
    expect(await ask(url, '/api/none')).toBe('legacy GET /api/none')
  })
})

describeHosts('startApi() among legacy routes', (host) => {
  const legacy: Middleware = (req, res, next) => {
    const { pathname } = new URL(req.originalUrl ?? req.url, 'http://x')
    if (pathname === '/api/users' || pathname === '/legacy')
      res.end(`old ${req.method} ${pathname}`)
    else next()
  }

  it('comes first where it stands first, method by method (hazards 39, 40)', async () => {
    const { url } = await serve(host, [apiOf(FILES), legacy])
    expect(await ask(url, '/api/users')).toEqual(['api/users.ts', '/api/users'])
    expect(await ask(url, '/api/users', 'POST')).toBe('old POST /api/users')
    expect(await ask(url, '/legacy')).toBe('old GET /legacy')
    expect(await ask(url, '/none')).toBe('legacy GET /none')
  })

  it('gets what is left where it stands last', async () => {
    const { url } = await serve(host, [legacy, apiOf(FILES)])
    expect(await ask(url, '/api/users')).toBe('old GET /api/users')
    expect(await ask(url, '/api/users/7')).toEqual(['api/users/$id.ts', '/api/users/7', '7'])
  })

  it('keeps its place before the 404 page while it loads (hazards 171, 172)', async () => {
    let load: (module: unknown) => void = () => {}
    const loading = new Promise((resolve) => (load = resolve))
    const { url } = await serve(host, [startApi({ 'api/late.ts': () => loading })])
    const answers = Promise.all([ask(url, '/api/late'), ask(url, '/other')])
    setImmediate(() => load(apiRoutes({ x: { GET: () => new Response('late') } })['x']))
    expect(await answers).toEqual(['late', 'legacy GET /other'])
  })

  it('answers below its base with `fallthrough: false`, and nothing elsewhere', async () => {
    const { url } = await serve(host, [apiOf(FILES, { fallthrough: false }), legacy])
    expect(await ask(url, '/api/none')).toBe('Not found')
    expect(await ask(url, '/api')).toBe('Not found')
    expect(await ask(url, '/api/users', 'POST')).toBe('Method not allowed')
    expect(await ask(url, '/apiary')).toBe('legacy GET /apiary')
    expect(await ask(url, '/legacy')).toBe('old GET /legacy')
  })
})

describe.each([
  ['Express 5', express5, '/api/*splat'],
  ['Express 4', express4 as unknown as typeof express5, '/api/*'],
])('in %s', (_name, express, everything) => {
  const start = async (build: (app: express5.Express) => unknown) => {
    const app = express().set('env', 'test')
    build(app)
    app.use(
      (req, res) => void res.status(404).send(`legacy ${req.method} ${req.originalUrl} ${req.url}`),
    )
    return (await listen(app)).url
  }

  it('stands in a Router and in Routers of Routers', async () => {
    const url = await start((app) =>
      app.use(
        '/a',
        express
          .Router()
          .use('/b', express.Router({ mergeParams: true, strict: true }).use(apiOf(FILES))),
      ),
    )
    expect(await ask(url, '/a/b/api/users')).toEqual(['api/users.ts', '/a/b/api/users'])
    expect(await ask(url, '/a/b/api/none')).toBe('legacy GET /a/b/api/none /a/b/api/none')
  })

  it('stands in a sub-app, which sees what falls through and then its parent', async () => {
    const seen: string[] = []
    const sub = express().use(apiOf(FILES), (req, _res, next) => {
      seen.push(req.url)
      next()
    })
    const url = await start((app) => app.use('/sub', sub))
    expect(await ask(url, '/sub/api/users/7')).toEqual([
      'api/users/$id.ts',
      '/sub/api/users/7',
      '7',
    ])
    expect(await ask(url, '/sub/api/none')).toBe('legacy GET /sub/api/none /sub/api/none')
    expect(seen).toEqual(['/api/none'])
  })

  it('stands on several paths and in an array', async () => {
    const url = await start((app) => {
      app.use(['/v1', '/v2'], apiOf(FILES))
      app.use([apiOf(['api/a.ts']), [apiOf(['api/b.ts'])]] as never)
      app.use('/v3', apiOf(['api/c.ts']), apiOf(['api/d.ts']))
    })
    for (const version of ['/v1', '/v2']) {
      expect(await ask(url, `${version}/api/users`)).toEqual([
        'api/users.ts',
        `${version}/api/users`,
      ])
    }
    expect(await ask(url, '/api/a')).toEqual(['api/a.ts', '/api/a'])
    expect(await ask(url, '/api/b')).toEqual(['api/b.ts', '/api/b'])
    expect(await ask(url, '/v3/api/d')).toEqual(['api/d.ts', '/v3/api/d'])
  })

  it('stands on a pattern, which may not split a segment (hazard 31)', async () => {
    const url = await start((app) => {
      app.use(/^\/v\d+/, apiOf(FILES))
      app.use(/^\/base/, apiOf(['$name.ts'], { apiBaseURL: '/' }))
    })
    expect(await ask(url, '/v12/api/users/7')).toEqual([
      'api/users/$id.ts',
      '/v12/api/users/7',
      '7',
    ])
    expect(await ask(url, '/vx/api/users')).toMatch(/^legacy/)
    expect(await ask(url, '/base/.json')).toEqual(['$name.ts', '/base/.json', '.json'])
    expect(await ask(url, '/base.json')).toMatch(/^legacy/)
  })

  it('stands in a route: app.all() and app.get() strip nothing', async () => {
    const url = await start((app) => {
      app.get('/api/users/:id', apiOf(FILES))
      app.all(everything, apiOf(['api/users.ts']))
    })
    expect(await ask(url, '/api/users')).toEqual(['api/users.ts', '/api/users'])
    expect(await ask(url, '/api/users/7')).toEqual(['api/users/$id.ts', '/api/users/7', '7'])
    expect(await ask(url, '/api/none')).toBe('legacy GET /api/none /api/none')
  })

  it('leaves params of a mount where Express puts them (hazard 205)', async () => {
    const files = apiRoutes({
      'api/users/$id.ts': {
        GET: async (given) => {
          const { params, context } = given as unknown as {
            params: object
            context: { req: IncomingMessage & { params: object; baseUrl: string } }
          }
          await new Promise(setImmediate)
          const { req } = context
          // Not merged: a route file reads in `params` what its own name says, wherever it is mounted.
          return json({ params, mount: { ...req.params }, baseUrl: req.baseUrl })
        },
      },
    })
    const url = await start((app) => app.use('/:tenant', startApi(files)))
    expect(await ask(url, '/acme%20inc/api/users/7')).toEqual({
      params: { id: '7' },
      mount: { tenant: 'acme inc' },
      baseUrl: '/acme%20inc',
    })
    expect(await ask(url, '/acme/api/none')).toBe('legacy GET /acme/api/none /acme/api/none')
  })

  it('runs behind app.param() and middleware that filled req (J: req.query, req.body)', async () => {
    const url = await start((app) => {
      app.use(express.json())
      app.use((req, _res, next) => {
        Object.assign(req, { user: { name: 'ann' } })
        next()
      })
      app.use(
        startApi(
          apiRoutes({
            'api/me.ts': {
              GET: (given) => {
                const { context } = given as unknown as {
                  context: { req: { user: { name: string }; query: object; body: unknown } }
                }
                const { user, query, body } = context.req
                return json([user.name, { ...query }, body ?? null])
              },
            },
          }),
        ),
      )
    })
    // Express 4's parser leaves `{}` where there was no body, Express 5's nothing.
    expect(await ask(url, '/api/me?a=1')).toEqual([
      'ann',
      { a: '1' },
      express === express5 ? null : {},
    ])
  })

  it('reports an error once, also where a promise would have been watched (J)', async () => {
    const reported: unknown[] = []
    const url = await start((app) => {
      app.use(
        startApi(
          apiRoutes({
            'api/x.ts': {
              GET: () => {
                throw new Error('once')
              },
            },
          }),
        ),
      )
      app.use(((error, _req, res, _next) => {
        reported.push(error)
        res.status(500).send('handled')
      }) as express5.ErrorRequestHandler)
    })
    expect(await ask(url, '/api/x')).toBe('handled')
    await new Promise(setImmediate)
    expect(reported).toMatchObject([{ message: 'once' }])
  })
})

describe('in Connect', () => {
  it('tells no other host’s properties from Express’s (J)', async () => {
    const app = connect()
      .use('/v1', connect().use('/v2', apiOf(FILES) as never) as never)
      .use((req: IncomingMessage, res: { end(text: string): void }) => res.end(`legacy ${req.url}`))
    const { port, url } = await listen(app)
    expect(await ask(url, '/v1/v2/api/users')).toEqual(['api/users.ts', '/v1/v2/api/users'])
    expect((await rawGet(port, '/V1/v2/api/users')).status).toBe(200)
    for (const path of ['/v1.v2/api/users', '/v1/v2.api/users', '/v1/v2.users']) {
      expect((await rawGet(port, path)).body).toBe(`legacy ${path}`)
    }
  })
})
