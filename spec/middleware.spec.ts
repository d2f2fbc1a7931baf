// Middleware of Start v1 around handlers: order, context, answers, errors.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  type AnyMiddleware,
  type StartApiOptions,
  createFileRoute,
  createMiddleware,
  createStart,
  isNotFound,
  isRedirect,
  json,
  notFound,
  redirect,
  startApi,
} from 'express-start-api'
import {
  appendResponseHeader,
  clearResponseHeaders,
  getRequest,
  getResponseHeader,
  getResponseHeaders,
  getResponseStatus,
  removeResponseHeader,
  sendRedirect,
  setCookie,
  setResponseHeader,
  setResponseStatus,
} from 'express-start-api/server'
import { type ServerFunction, chainX, middleware } from './support/chain'
import { describeHosts, listen, serve } from './support/hosts'
import { recordProcessErrors } from './support/process-errors'
import { routesDirectory } from './support/routes-directory'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const ok = () => new Response('handler')

/** Adds its name to `context.log`. */
const log = (name: string): AnyMiddleware =>
  middleware(({ next, context }) => next({ context: { log: `${context['log'] ?? ''}${name}` } }))

const route = (server: object, more: object = {}) => ({
  Route: createFileRoute('/')({ server, ...more } as never),
})

const showLog = ({ context }: { context: object }) =>
  new Response((context as { log?: string }).log ?? 'nothing')

describeHosts('middleware', (host) => {
  const ask = async (
    list: readonly AnyMiddleware[],
    handler: Parameters<typeof chainX>[1] = ok,
    options?: StartApiOptions,
  ) => {
    const { url } = await serve(host, [chainX(list, handler, options)])
    const response = await fetch(`${url}/api/x`)
    return { status: response.status, text: await response.text(), headers: response.headers }
  }

  it('runs global first, then that of outer files, of the route, of the method', async () => {
    const files = {
      '__root.ts': route({ middleware: [log('root ')] }),
      'api/route.ts': route({ middleware: [log('api ')] }),
      'api/_auth.ts': route({ middleware: [log('auth ')] }),
      'api/_auth/users.ts': route({ middleware: [log('users ')] }),
      'api/_auth/users.$id.ts': route({
        middleware: [log('id ')],
        handlers: { GET: { middleware: [log('get')], handler: showLog }, POST: showLog },
      }),
      'api/_auth/users_.$id.edit.ts': route({ handlers: { GET: showLog } }),
    }
    const start = createStart(() => ({ requestMiddleware: [log('start ')] }))
    const { url } = await serve(host, [startApi(files, { middleware: [log('option ')], start })])
    const texts = await Promise.all(
      [
        fetch(`${url}/api/users/1`),
        fetch(`${url}/api/users/1`, { method: 'POST' }),
        fetch(`${url}/api/users/1/edit`),
      ].map(async (response) => (await response).text()),
    )
    expect(texts).toEqual([
      'option start root api auth users id get',
      'option start root api auth users id ',
      'option start root api auth ',
    ])
  })

  it('runs what a middleware depends on before it, and each object once', async () => {
    const a = log('A')
    const b = (createMiddleware().middleware([a]) as { server(run: never): AnyMiddleware }).server(
      (({ next, context }: Parameters<ServerFunction>[0]) =>
        next({ context: { log: `${context['log']}B` } })) as never,
    )
    expect((await ask([b, log('C'), a, b], showLog as never)).text).toBe('ABC')
    expect((await ask([b], showLog as never, { middleware: [a] })).text).toBe('AB')
  })

  it('hands on what `next({ context })` is given, over what the application gave', async () => {
    const { text } = await ask(
      [
        middleware(({ next }) => next({ context: { user: 'Ada', role: 'reader' } })),
        middleware(({ next, context }) =>
          next({ context: { role: `${context['user']}'s admin` } }),
        ),
      ],
      ({ context }) => json([context['user'], context['role'], context['app'], context.req.url]),
      { context: () => ({ app: 'shop', role: 'none' }) },
    )
    expect(JSON.parse(text)).toEqual(['Ada', "Ada's admin", 'shop', '/api/x'])
  })

  it('takes no names that lead to a prototype into `context`', async () => {
    const { text } = await ask(
      [
        middleware(({ next }) =>
          next({ context: JSON.parse('{"__proto__":{"admin":true},"a":1}') }),
        ),
      ],
      ({ context }) =>
        json([context['a'], context['admin'] ?? 'no', Object.getPrototypeOf(context)]),
    )
    expect(JSON.parse(text)).toEqual([1, 'no', null])
  })

  it('answers itself, and nothing further runs', async () => {
    const handler = jest.fn(ok)
    const after = jest.fn()
    const deny = middleware(() => new Response('no', { status: 401 }))
    const { status, text } = await ask([deny, middleware(after)], handler)
    expect([status, text]).toEqual([401, 'no'])
    expect(handler).not.toHaveBeenCalled()
    expect(after).not.toHaveBeenCalled()
  })

  it('changes or replaces the answer after `next()`', async () => {
    const stamp = middleware(async ({ next }) => {
      const result = await next()
      result.response.headers.set('x-stamp', 'yes')
      return result
    })
    const swap = middleware(async ({ next }) => {
      const result = await next()
      result.response = new Response(`<${await result.response.text()}>`)
      return result
    })
    const instead = middleware(async ({ next }) => {
      const { response } = await next()
      return new Response(`${await response.text()}!`)
    })
    const { text, headers } = await ask([stamp, instead, swap])
    expect([text, headers.get('x-stamp')]).toEqual(['<handler>!', 'yes'])
  })

  it('may set headers on what Response.redirect() and fetch() gave', async () => {
    const upstream = await listen((_req, res) => res.end('upstream'))
    const stamper = () =>
      middleware(async ({ next }) => {
        const result = await next()
        result.response.headers.append('x-stamp', 'yes')
        return result
      })
    const fetched = await ask([stamper(), stamper()], () => fetch(upstream.url))
    expect([fetched.text, fetched.headers.get('x-stamp')]).toEqual(['upstream', 'yes, yes'])
    const { url } = await serve(host, [
      chainX([stamper()], () => {
        setCookie('a', '1')
        return Response.redirect('http://localhost/y')
      }),
    ])
    const { status, headers } = await fetch(`${url}/api/x`, { redirect: 'manual' })
    const seen = ['location', 'set-cookie', 'x-stamp'].map((name) => headers.get(name))
    expect([status, ...seen]).toEqual([302, 'http://localhost/y', 'a=1; Path=/', 'yes'])
  })

  it('sees the answer as it will be sent, what helpers have said included', async () => {
    const seen: unknown[] = []
    const look = () =>
      middleware(async ({ next }) => {
        const result = await next()
        const { status, headers } = result.response
        const names = ['x-set', 'x-added', 'vary', 'x-own', 'location']
        seen.push([status, headers.getSetCookie(), names.map((name) => headers.get(name))])
        return result
      })
    const append = middleware(async ({ next }) => {
      const result = await next()
      appendResponseHeader('x-added', '3')
      return result
    })
    const first = [404, ['own=1', 'a=1; Path=/'], ['1', '1, 2', 'A, B', 'own', null]]
    const last = [404, ['own=1', 'a=1; Path=/'], ['1', '1, 2, 3', 'A, B', 'own', null]]
    const { status, text, headers } = await ask([look(), append, look(), look()], () => {
      setResponseStatus(404)
      setResponseHeader('x-set', '1')
      setResponseHeader('vary', 'B')
      appendResponseHeader('x-added', '2')
      setCookie('a', '1')
      const own = { 'set-cookie': 'own=1', 'x-added': '1', 'x-set': '0', vary: 'A', 'x-own': 'own' }
      return new Response('not found', { headers: own })
    })
    expect(seen.splice(0)).toEqual([first, first, last])
    const names = ['x-set', 'x-added', 'vary', 'x-own', 'location']
    expect([status, headers.getSetCookie(), names.map((name) => headers.get(name))]).toEqual(last)
    expect(text).toBe('not found')

    await ask([look()], () => {
      clearResponseHeaders()
      setResponseStatus(204)
      return new Response('text', { headers: { 'x-own': 'own' } })
    })
    await ask([look()], () => sendRedirect('/y'))
    expect(seen).toEqual([
      [204, [], [null, null, null, null, null]],
      [302, [], [null, null, null, null, '/y']],
    ])
  })

  it('gets a Response that was used before as it is, and the error is that of sending it', async () => {
    const read = middleware(async ({ next }) => {
      const result = await next()
      await result.response.text()
      setResponseStatus(201)
      return result
    })
    const pass = () => middleware(async ({ next }) => next())
    const { url, errors } = await serve(host, [
      chainX([pass(), read, pass()], () => {
        setCookie('a', '1')
        return new Response('text')
      }),
    ])
    expect((await fetch(`${url}/api/x`)).status).toBe(500)
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_START_API_BAD_RESPONSE' })])
  })

  it('keeps requests apart where a queue calls `next()` in the place of another request', async () => {
    let last: Promise<unknown> = Promise.resolve()
    /** As p-limit: what waits is begun by who has ended, and in its async context. */
    const waiting: (() => void)[] = []
    let isBusy = false
    const begin = () => {
      const run = waiting.shift()
      isBusy = run !== undefined
      run?.()
    }
    const queued = middleware(({ next }) => {
      const result = new Promise<Awaited<ReturnType<typeof next>>>((resolve, reject) => {
        waiting.push(() => {
          last = next().then(resolve, reject).finally(begin)
        })
      })
      if (!isBusy) begin()
      return result
    })
    const login = middleware(({ request, next }) => {
      const user = new URL(request.url).searchParams.get('user')
      if (user !== null) setCookie('session', user)
      return next()
    })
    const { url } = await serve(host, [
      chainX([login, queued], async () => {
        await new Promise((resolve) => setTimeout(resolve, 10))
        return new Response(new URL(getRequest().url).search)
      }),
    ])
    const answers = await Promise.all(
      ['?user=alice', '?a', '?b'].map((search) => fetch(`${url}/api/x${search}`)),
    )
    await last
    expect(answers.map(({ headers }) => headers.get('set-cookie'))).toEqual([
      'session=alice; Path=/',
      null,
      null,
    ])
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    expect(texts).toEqual(['?user=alice', '?a', '?b'])
  })

  it('may take its time with a Response whose original nobody holds any more', async () => {
    const upstream = await listen((_req, res) => res.end('upstream'))
    const stored = new Response('stored')
    const slow = middleware(async ({ next }) => {
      const result = await next()
      for (let turn = 0; turn < 3; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        collectGarbage()
      }
      return result
    })
    const pass = () => middleware(({ next }) => next())
    for (const [handler, text] of [
      [() => fetch(upstream.url), 'upstream'],
      [() => stored.clone(), 'stored'],
    ] as const) {
      const list = [slow, pass(), pass()]
      expect((await ask(list, handler)).text).toBe(text)
      const withHelper = () => {
        setResponseHeader('x-set', '1')
        return handler()
      }
      expect((await ask(list, withHelper)).text).toBe(text)
    }
  })

  it('makes new Responses of what helpers have added to, and nothing is added twice', async () => {
    const remake = () =>
      middleware(async ({ next }) => {
        const { response } = await next()
        return new Response(response.body, response)
      })
    const api = chainX([remake(), remake(), remake()], () => {
      appendResponseHeader('server-timing', 'db;dur=1')
      setResponseHeader('vary', 'accept')
      return new Response('x', { headers: { 'server-timing': 'own' } })
    })
    const { url } = await serve(host, [api])
    for (const { headers } of [await fetch(`${url}/api/x`), await api.fetch('/api/x')]) {
      expect(headers.get('server-timing')).toBe('own, db;dur=1')
      expect(headers.get('vary')).toBe('accept')
    }
  })

  it('tells a notFound(), and asks nothing about an answer that was thrown away', async () => {
    const seen: unknown[] = []
    const outer = middleware(async ({ next }) => {
      try {
        return await next()
      } catch {
        seen.push(getResponseStatus())
        return new Response('caught')
      }
    })
    const failing = middleware(async ({ next }) => {
      seen.push(isNotFound((await next()).response))
      throw new Error('late')
    })
    const { text } = await ask([outer, failing], () => {
      setResponseHeader('x-set', '1')
      return notFound()
    })
    expect([text, ...seen]).toEqual(['caught', true, 200])
  })

  it('asks helpers about the answer, once there is one', async () => {
    const seen: unknown[] = []
    const names = ['x-own', 'x-set', 'x-gone']
    const look = () =>
      seen.push([
        getResponseStatus(),
        getResponseHeaders().getSetCookie(),
        names.map(getResponseHeader),
        names.map((name) => getResponseHeaders().get(name)),
      ])
    const ask = middleware(async ({ next }) => {
      look()
      const result = await next()
      look()
      setResponseHeader('x-set', 'later')
      setResponseStatus(410)
      removeResponseHeader('x-own')
      look()
      return result
    })
    const { url } = await serve(host, [
      chainX([ask], () => {
        setResponseHeader('x-set', 'helper')
        removeResponseHeader('x-gone')
        setCookie('a', '1')
        appendResponseHeader('x-own', 'added')
        const own = { 'x-own': 'own', 'x-set': 'own', 'x-gone': 'own', 'set-cookie': 'own=1' }
        return new Response('no', { status: 404, headers: own })
      }),
    ])
    const { status, headers } = await fetch(`${url}/api/x`)
    expect([status, names.map((name) => headers.get(name))]).toEqual([410, [null, 'later', null]])
    const none = [undefined, undefined, undefined]
    expect(seen).toEqual([
      [200, [], none, [null, null, null]],
      [
        404,
        ['own=1', 'a=1; Path=/'],
        ['own, added', 'helper', undefined],
        ['own, added', 'helper', null],
      ],
      [410, ['own=1', 'a=1; Path=/'], [undefined, 'later', undefined], [null, 'later', null]],
    ])
  })

  it('keeps the answer of the rest where it returns nothing', async () => {
    const quiet = middleware(async ({ next }) => {
      await next()
    })
    const hasty = middleware(({ next }) => {
      void next()
    })
    expect((await ask([quiet, hasty])).text).toBe('handler')
  })

  it('sees a Response that is thrown further in as the answer', async () => {
    const seen: number[] = []
    const outer = middleware(async ({ next }) => {
      const result = await next()
      seen.push(result.response.status)
      return result
    })
    const { status, text } = await ask([outer], () => {
      throw new Response('teapot', { status: 418 })
    })
    expect([status, text, seen]).toEqual([418, 'teapot', [418]])
  })

  it('may catch errors of the rest; those it does not reach the error handler', async () => {
    const fail = () => {
      throw Object.assign(new Error('boom'), { status: 503 })
    }
    const guard = middleware(async ({ next }) => {
      try {
        return await next()
      } catch (error) {
        return new Response((error as Error).message)
      }
    })
    expect((await ask([guard], fail)).text).toBe('boom')
    expect((await ask([log('a')], fail)).status).toBe(503)
  })

  it('catches what the rest throws as it is, an Error or not', async () => {
    const caught: unknown[] = []
    const guard = middleware(async ({ next }) => {
      try {
        return await next()
      } catch (error) {
        caught.push(error)
        throw error
      }
    })
    const thrown = { code: 'E_FULL' }
    const { url, errors } = await serve(host, [
      chainX([guard], () => {
        throw thrown
      }),
    ])
    expect((await fetch(`${url}/api/x`)).status).toBe(500)
    expect(caught).toEqual([thrown])
    expect(caught[0]).toBe(thrown)
    // What reaches Express is an Error all the same.
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_START_API_THROWN' })])
    expect((errors[0] as Error).message).toContain('GET api/x.ts')
  })

  it('tells a redirect by `isRedirect()`, and its options', async () => {
    const seen: unknown[] = []
    const look = () =>
      middleware(async ({ next }) => {
        const { response } = await next()
        seen.push(isRedirect(response) && response.options)
        return response
      })
    const to = { to: '/login' } as const
    const { url } = await serve(host, [
      chainX([look(), look()], () => {
        setCookie('a', '1')
        return redirect(to)
      }),
    ])
    const response = await fetch(`${url}/api/x`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([307, '/login'])
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/'])
    expect(seen).toEqual([to, to])
  })

  it('may return `null` for nothing, and call `next(null)`', async () => {
    const quiet = middleware(async ({ next }) => {
      await next(null as never)
      return null
    })
    expect((await ask([quiet])).text).toBe('handler')
  })

  it.each<[string, ServerFunction, string]>([
    ['neither calls next() nor answers', () => undefined, 'neither called next() nor returned'],
    ['returns something else', () => 'text', 'returned a string'],
    [
      'calls next() twice',
      async ({ next }) => {
        await next()
        return next()
      },
      'called next() twice',
    ],
    [
      'makes `response` something else',
      async ({ next }) => {
        const result = await next()
        return Object.assign(result, { response: 'text' })
      },
      'must be a Response',
    ],
  ])('that %s is an error that names its place', async (_, run, message) => {
    const failed: Error[] = []
    const api = chainX([log('a'), middleware(run)], ok)
    await serve(host, [api])
    await api.fetch('/api/x').catch((error: Error) => failed.push(error))
    expect(failed[0]?.message).toContain('server.middleware[1] of api/x.ts (GET api/x.ts)')
    expect(failed[0]?.message).toContain(message)
    expect((await ask([middleware(run)])).status).toBe(500)
  })

  it('does not end the process with what it forgot to wait for', async () => {
    const errors = await recordProcessErrors(async () => {
      const { text } = await ask(
        [
          middleware(({ next }) => {
            void next()
            return new Response('mine')
          }),
        ],
        () => {
          throw new Error('nobody waits')
        },
      )
      expect(text).toBe('mine')
    })
    expect(errors).toEqual([])
  })

  it('keeps the answer of a middleware that did not wait for the rest, however late that ends', async () => {
    const later = (milliseconds: number) =>
      new Promise((resolve) => setTimeout(resolve, milliseconds))
    const seen: unknown[] = []
    const logger = middleware(async ({ next }) => {
      const result = await next()
      seen.push(result.response.status)
      await later(60)
      return result
    })
    const guard = middleware(async ({ next }) => {
      void next()
      await later(5)
      return new Response('no', { status: 401 })
    })
    const pass = middleware(({ next }) => next())
    const more = middleware(async ({ next }) => ({ ...(await next()), context: { late: true } }))
    const slow = async () => {
      await later(20)
      return new Response('secret')
    }
    const thrown = async () => {
      await later(20)
      throw new Response('secret')
    }
    for (const handler of [slow, thrown]) {
      const { status, text } = await ask([logger, guard, pass, more], handler)
      expect([status, text]).toEqual([401, 'no'])
    }
    const answered = await ask([logger, guard, middleware(slow), pass])
    expect([answered.status, answered.text]).toEqual([401, 'no'])
    expect(seen).toEqual([401, 401, 401])
  })

  it('runs for HEAD as for GET, and its answer loses the body', async () => {
    const { url } = await serve(host, [chainX([log('a')], showLog as never)])
    const response = await fetch(`${url}/api/x`, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it('does not run for paths and methods that no file handles', async () => {
    const global = jest.fn()
    const { url } = await serve(host, [chainX([], ok, { middleware: [middleware(global)] })])
    await fetch(`${url}/api/other`)
    await fetch(`${url}/api/x`, { method: 'DELETE' })
    await fetch(`${url}/legacy`)
    expect(global).not.toHaveBeenCalled()
  })

  it('is in reach of helpers', async () => {
    const { text, headers } = await ask(
      [
        middleware(({ next }) => {
          setResponseHeader('x-helper', new URL(getRequest().url).pathname)
          return next()
        }),
      ],
      () => new Response(getRequest().method),
    )
    expect([text, headers.get('x-helper')]).toEqual(['GET', '/api/x'])
  })

  it('sees one Request, its pathname, and further members that others handed on', async () => {
    const seen: unknown[] = []
    const first = middleware(({ request, pathname, next }) => {
      seen.push(request, pathname)
      return next({ trace: 'abc' })
    })
    const second = middleware((options) => {
      seen.push(options.request === seen[0], (options as unknown as { trace: string }).trace)
      return options.next()
    })
    await ask([first, second], ({ request }) => {
      seen.push(request === seen[0])
      return ok()
    })
    expect(seen.slice(1)).toEqual(['/api/x', true, 'abc', true])
  })
})

describe('lists of middleware', () => {
  const listed = (list: unknown) => () =>
    startApi({ 'api/x.ts': route({ middleware: list, handlers: { GET: ok } }) }).ready

  it.each([
    ['a function', [() => ok()], 'wrap it: createMiddleware().server(…)'],
    ['an Express middleware', [(_req: unknown, _res: unknown) => {}], 'wrap it: fromExpress(…)'],
    ['no array', log('a'), 'make it an array'],
    ['a middleware without a function', [createMiddleware()], 'add .server(…)'],
    [
      'a middleware of server functions',
      [createMiddleware({ type: 'function' })],
      'server functions',
    ],
    ['undefined', [undefined], 'no middleware'],
  ])('refuse %s at start-up, with the file', async (_, list, hint) => {
    await expect(listed(list)()).rejects.toMatchObject({
      code: 'ERR_START_API_ROUTE_FILE',
      files: ['api/x.ts'],
      message: expect.stringMatching(
        new RegExp(`api/x\\.ts.*${hint.replace(/[().]/g, '\\$&')}`, 's'),
      ),
    })
  })

  it('may be null, as in Start', async () => {
    const leaf = { options: { ...log('leaf').options, middleware: null } }
    const api = startApi(
      {
        'api/x.ts': route({
          middleware: null,
          handlers: { GET: { middleware: null, handler: ok } },
        }),
        'api/y.ts': route({ middleware: [leaf], handlers: { GET: showLog } }),
      },
      { start: createStart(() => ({ requestMiddleware: null as never })) },
    )
    const texts = ['/api/x', '/api/y'].map(async (path) => (await api.fetch(path)).text())
    expect(await Promise.all(texts)).toEqual(['handler', 'leaf'])
  })

  it('refuse what depends on itself', async () => {
    const options: Record<string, unknown> = { server: ok }
    const own = { options }
    options['middleware'] = [own]
    await expect(listed([own])()).rejects.toThrow('depends on itself')
  })

  it('are checked at once in options', () => {
    expect(() => startApi({}, { middleware: [ok] as never })).toThrow(
      /^startApi\(\): option `middleware`\[0\] is a function/,
    )
    expect(() => startApi({}, { middleware: log('a') as never })).toThrow(TypeError)
    expect(() => startApi({}, { start: {} as never })).toThrow(/option `start` must be/)
  })
})

describe('start.ts beside the routes directory', () => {
  const text = `
    const { createMiddleware, createStart } = require('express-start-api')
    const log = createMiddleware().server(({ next }) => next({ context: { log: 'start' } }))
    exports.startInstance = createStart(() => ({ requestMiddleware: [log] }))`
  const routeFile = `
    const { createFileRoute } = require('express-start-api')
    exports.Route = createFileRoute('/api/x')({
      server: { handlers: { GET: ({ context }) => new Response(context.log ?? 'nothing') } },
    })`

  const bodyOf = async (files: Record<string, string>, options?: StartApiOptions) => {
    const directory = routesDirectory(files)
    const { url } = await listen(startApi(`${directory}/routes`, options))
    return (await fetch(`${url}/api/x`)).text()
  }

  it('is found, and its requestMiddleware runs', async () => {
    expect(await bodyOf({ 'start.js': text, 'routes/api/x.js': routeFile })).toBe('start')
  })

  it.each([
    `exports.startInstance = require('./server/start').startInstance`,
    `const { startInstance } = require('./server/start')\nmodule.exports = { startInstance }`,
    `Object.assign(exports, require('./server/start')) // export { startInstance } from './server/start'`,
  ])('may pass on the one of another file: %s', async (start) => {
    const files = { 'start.js': start, 'server/start.js': text, 'routes/api/x.js': routeFile }
    expect(await bodyOf(files)).toBe('start')
  })

  it.each([
    `module.exports = require('./server/start')`,
    `Object.assign(exports, require('./server/start')) // export * from './server/start'`,
  ])('may pass on all of another file: %s', async (start) => {
    const files = { 'start.js': start, 'server/start.js': text, 'routes/api/x.js': routeFile }
    expect(await bodyOf(files)).toBe('start')
    const other = { ...files, 'server/start.js': 'exports.port = 1' }
    expect(await bodyOf(other)).toBe('nothing')
  })

  it('is found where the routes directory is the folder of the base itself', async () => {
    const ask = async (files: Record<string, string>) => {
      const { url } = await listen(startApi(`${routesDirectory(files)}/src/api`))
      return (await fetch(`${url}/api/x`)).text()
    }
    const file = { 'src/api/x.js': routeFile }
    expect(await ask({ 'src/start.js': text, ...file })).toBe('start')
    expect(await ask({ 'start.js': text, ...file })).toBe('start')
  })

  it('has a createMiddleware() of its own, as in Start', async () => {
    const startInstance = createStart(() => ({ requestMiddleware: [log('start ')] }))
    const own = startInstance
      .createMiddleware()
      .server(({ next, context }) =>
        next({ context: { log: `${(context as { log?: string }).log}own` } }),
      )
    const api = chainX([own], showLog as never, { start: startInstance })
    expect(await (await api.fetch('/api/x')).text()).toBe('start own')
  })

  it('may come from `@tanstack/react-start`, whose getOptions() may give no promise', async () => {
    const start = { getOptions: () => ({ requestMiddleware: [log('start')] }) }
    const api = chainX([], showLog as never, { start })
    expect(await (await api.fetch('/api/x')).text()).toBe('start')
  })

  it('is left alone with `start: false`, and where it is no start of Start', async () => {
    const files = { 'start.js': text, 'routes/api/x.js': routeFile }
    expect(await bodyOf(files, { start: false })).toBe('nothing')
    const server =
      'exports.main = () => startInstance\nconst startInstance = 1\nthrow new Error("the server")'
    const own = { 'start.js': server, 'routes/api/x.js': routeFile }
    expect(await bodyOf(own)).toBe('nothing')
  })

  it.each([
    ['exports none', 'exports.other = "createStart"', 'exports no `startInstance`'],
    ['throws', '/* createStart */ throw new Error("broken start")', 'broken start'],
    [
      'lists what is no middleware',
      'exports.startInstance = { /* createStart */ getOptions: async () => ({ requestMiddleware: [1] }) }',
      'requestMiddleware[0] of ../start.js is a number',
    ],
  ])('ends start-up if it %s', async (_, start, message) => {
    const directory = routesDirectory({ 'start.js': start, 'routes/api/x.js': routeFile })
    await expect(startApi(`${directory}/routes`).ready).rejects.toThrow(message)
  })
})
