// Route files of Start v1, and of the releases between v0 and v1.
import { createFileRoute as createRouterFileRoute } from '@tanstack/react-router'
import {
  type RouteModules,
  type StartApiOptions,
  createFileRoute,
  createMiddleware,
  json,
  startApi,
} from 'express-start-api'
import { createServerFileRoute } from 'express-start-api/server'
import { describeHosts, serve } from './support/hosts'
import { rawHead, rawRequest } from './support/raw-request'

const routeOf = (options: object) => ({ Route: createFileRoute('/')(options as never) })
const ok = () => new Response('ok')

describeHosts('a Server Route', (host) => {
  const start = async (modules: RouteModules, options?: StartApiOptions) => {
    const { url } = await serve(host, [startApi(modules, options)])
    return async (path: string, init?: RequestInit) => {
      const response = await fetch(url + path, init)
      return { status: response.status, text: await response.text(), headers: response.headers }
    }
  }

  it('gives its handlers request, params, context, pathname and next', async () => {
    const ask = await start({
      'api/users.$id.ts': routeOf({
        server: {
          handlers: {
            GET: (options: { request: Request; params: object; context: object; next: unknown }) =>
              json({
                url: new URL(options.request.url).search,
                params: options.params,
                context: Object.keys(options.context).sort(),
                pathname: (options as unknown as { pathname: string }).pathname,
                next: typeof options.next,
              }),
          },
        },
      }),
    })
    expect(JSON.parse((await ask('/api/users/a%20b?q=1')).text)).toEqual({
      url: '?q=1',
      params: { id: 'a b' },
      context: ['req', 'res'],
      pathname: '/api/users/a b',
      next: 'function',
    })
  })

  it.each([
    ['%41%20%C3%A9', 'A é'],
    ['%2F%3f%3A%252F%5c', '%2F%3f%3A%252F%5c'],
    // What URLs never hold as it is stays so, in capital letters.
    ['%22%3c%3e%60%7b%7d%1f%7f', '%22%3C%3E%60%7B%7D%1F%7F'],
    ['[^|]~', '[^|]~'],
  ])('reads %s in its pathname as %s, as in Start', async (written, pathname) => {
    const ask = await start({
      'api/$.ts': routeOf({
        server: {
          handlers: { GET: (options: { pathname: string }) => new Response(options.pathname) },
        },
      }),
    })
    expect((await ask(`/api/${written}`)).text).toBe(`/api/${pathname}`)
  })

  it('has ANY for methods without a handler, and GET for HEAD', async () => {
    const any = ({ request }: { request: Request }) => new Response(`any ${request.method}`)
    const ask = await start({
      'api/x.ts': routeOf({ server: { handlers: { GET: ok, ANY: any } } }),
    })
    const texts = await Promise.all(
      ['GET', 'POST', 'OPTIONS', 'PROPFIND'].map(
        async (method) => (await ask('/api/x', { method })).text,
      ),
    )
    expect(texts).toEqual(['ok', 'any POST', 'any OPTIONS', 'any PROPFIND'])
    expect(await ask('/api/x', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  it('leaves a method that has middleware and no handler to its page, not to ANY or GET', async () => {
    const deny = createMiddleware().server(() => new Response('denied', { status: 401 }) as never)
    const ask = await start({
      'api/x.ts': routeOf({
        component: () => null,
        server: { handlers: { GET: { middleware: [deny] }, ANY: ok } },
      }),
      'api/y.ts': routeOf({ server: { handlers: { GET: ok, HEAD: { middleware: [deny] } } } }),
    })
    expect((await ask('/api/x')).text).toBe('legacy GET /api/x')
    expect((await ask('/api/x', { method: 'HEAD' })).status).toBe(404)
    expect((await ask('/api/y', { method: 'HEAD' })).status).toBe(404)
    expect((await ask('/api/x', { method: 'PUT' })).text).toBe('ok')
    expect((await ask('/api/y')).text).toBe('ok')
    const closed = await start(
      {
        'api/x.ts': routeOf({
          server: { handlers: { GET: { middleware: [deny] }, ANY: ok } },
        }),
      },
      { fallthrough: false },
    )
    const { status, headers } = await closed('/api/x')
    expect([status, headers.get('allow')]).toEqual([405, 'POST, PUT, PATCH, DELETE, OPTIONS'])
  })

  it('has no TRACE, not even by ANY: no fetch Request can stand for one', async () => {
    const { port } = await serve(host, [
      startApi({ 'api/x.ts': routeOf({ server: { handlers: { ANY: ok } } }) }),
    ])
    expect((await rawRequest(port, rawHead('TRACE /api/x HTTP/1.1'))).status).toBe(404)
  })

  it('leaves methods that it lacks to the application', async () => {
    const ask = await start({ 'api/x.ts': routeOf({ server: { handlers: { GET: ok } } }) })
    expect((await ask('/api/x', { method: 'POST' })).text).toBe('legacy POST /api/x')
  })

  it('leaves requests to its page with next(), and whatever serves that answers', async () => {
    const stamp = createMiddleware().server(async ({ next }) => {
      const result = await next()
      result.response.headers.set('x-seen', String(result.response.status))
      return result
    })
    const ask = await start({
      'api/x.tsx': routeOf({
        component: () => null,
        server: {
          middleware: [stamp],
          handlers: {
            GET: ({ request, next }: { request: Request; next(): unknown }) =>
              request.headers.get('accept') === 'text/html' ? next() : json({ data: true }),
          },
        },
      }),
    })
    const page = await ask('/api/x', { headers: { accept: 'text/html' } })
    expect(page.text).toBe('legacy GET /api/x')
    expect((await ask('/api/x')).text).toBe('{"data":true}')
  })

  it('may not call next() where its file has no page', async () => {
    const ask = await start({
      'api/x.ts': routeOf({
        server: { handlers: { GET: ({ next }: { next(): unknown }) => next() } },
      }),
    })
    expect((await ask('/api/x')).status).toBe(500)
  })

  it('may be made by the real @tanstack/react-router', async () => {
    const Route = createRouterFileRoute('/api/x' as never)({
      component: () => null,
      server: { handlers: { GET: ok } },
    } as never)
    const ask = await start({ 'api/x.tsx': { Route } })
    expect((await ask('/api/x')).text).toBe('ok')
  })

  it('of the releases before v1 has methods, a method builder, and middleware', async () => {
    const log = (name: string) =>
      createMiddleware().server(({ next, context }) =>
        next({ context: { log: `${(context as { log?: string }).log ?? ''}${name}` } }),
      )
    const show = ({ context }: { context: object }) =>
      new Response((context as { log?: string }).log)
    const ask = await start({
      'api/plain.ts': { ServerRoute: createServerFileRoute('/api/plain').methods({ GET: ok }) },
      'api/built.ts': {
        ServerRoute: createServerFileRoute()
          .middleware([log('route ')])
          .methods((api) => ({
            GET: api.middleware([log('method')]).handler(show),
            POST: show,
          })),
      },
    })
    const built = [await ask('/api/built'), await ask('/api/built', { method: 'POST' })]
    expect((await ask('/api/plain')).text).toBe('ok')
    expect(built.map(({ text }) => text)).toEqual(['route method', 'route '])
  })

  it('runs middleware that its parents have as well once before v1, and again in v1', async () => {
    const count = createMiddleware().server(({ next, context }) =>
      next({ context: { count: ((context as { count?: number }).count ?? 0) + 1 } }),
    )
    const show = ({ context }: { context: object }) => json((context as { count: number }).count)
    const before = () => createServerFileRoute().middleware([count])
    const ask = await start({
      '__root.ts': { ServerRoute: before() },
      'api/old.ts': { ServerRoute: before() },
      'api/old.x.ts': {
        ServerRoute: before().methods((api) => ({
          GET: show,
          POST: api.middleware([count]).handler(show),
        })),
      },
      'api/new.ts': routeOf({ server: { middleware: [count], handlers: { GET: show } } }),
    })
    expect((await ask('/api/old/x')).text).toBe('1')
    expect((await ask('/api/old/x', { method: 'POST' })).text).toBe('2')
    expect((await ask('/api/new')).text).toBe('2')
  })
})

describe('files of v1', () => {
  it('hold a component, where the loader takes JSX, beside handlers', async () => {
    const api = startApi(`${__dirname}/fixtures/server-routes`, { apiBaseURL: '/' })
    await api.ready
    expect(api.routes.map(({ path, methods, dialect }) => [path, methods, dialect])).toEqual([
      ['/both', ['GET'], 'Route'],
      ['/files/{$}.txt', ['ANY'], 'Route'],
      ['/{-$lang}/about', ['GET'], 'Route'],
    ])
    expect(await (await api.fetch('/both')).text()).toBe('data')
    expect(await (await api.fetch('/files/a/b.txt')).text()).toBe('a/b')
    expect(await (await api.fetch('/about')).text()).toBe('no language')
    expect(await (await api.fetch('/de/about')).text()).toBe('de')
  })
})

it('two spellings of a method are one, and the last counts, middleware and all', async () => {
  const guard = createMiddleware().server(() => new Response('guard'))
  const handlerOf = (text: string) => () => new Response(text)
  const api = startApi({
    'api/a.ts': {
      ServerRoute: {
        options: {
          methods: {
            GET: { _options: { handler: handlerOf('first'), middlewares: [guard] } },
            get: handlerOf('second'),
          },
        },
      },
    },
  })
  expect(await (await api.fetch('/api/a')).text()).toBe('second')
})
