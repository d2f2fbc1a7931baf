import * as fs from 'node:fs'
import { join } from 'node:path'
import { startApi } from 'express-start-api'
import type * as realTimers from '../lib/real-timers'
import { buildPackage, createApp, runNode } from './support/built-package'
import { describeHosts, hosts, listen, serve } from './support/hosts'
import { apiRoutes } from './support/routes'
import { routeText, routeTexts, routesDirectory } from './support/routes-directory'

/** A module whose loading ends when the spec says so. */
function createGate() {
  let open: () => void = () => {}
  let fail: (error: Error) => void = () => {}
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  const [module] = Object.values(apiRoutes({ 'x.ts': { GET: () => new Response('gate') } }))
  return { open, fail, load: () => opened.then(() => module) }
}

describeHosts('requests before the routes are loaded', (host) => {
  it('wait, and are then served in order, with no 404 between (hazards 171, 172)', async () => {
    const gate = createGate()
    const order: string[] = []
    const routes = apiRoutes({
      'api/a/$n.ts': {
        GET: ({ params }) => {
          order.push(params['n']!)
          return new Response(params['n'])
        },
      },
    })
    const api = startApi({ ...routes, 'api/z.ts': gate.load })
    const arrivals: string[] = []
    const watch = (req: { url: string }, _res: unknown, next: () => void) => {
      arrivals.push(req.url)
      next()
    }
    const { url } = await serve(host, [watch, api])
    const answers = []
    for (const n of ['1', '2', '3']) {
      answers.push(fetch(`${url}/api/a/${n}`).then((response) => response.text()))
      while (arrivals.length < answers.length) await new Promise((resolve) => setImmediate(resolve))
    }
    const other = fetch(`${url}/other`).then((response) => response.text())
    while (arrivals.length < 4) await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual([])
    gate.open()
    expect(await Promise.all(answers)).toEqual(['1', '2', '3'])
    expect(await other).toBe('legacy GET /other')
    expect(order).toEqual(['1', '2', '3'])
    expect(await (await fetch(`${url}/api/z`)).text()).toBe('gate')
  })

  it('and after it fails go to the error handler, each of them (hazard 170)', async () => {
    const gate = createGate()
    const api = startApi({ 'api/a.ts': gate.load })
    api.ready.catch(() => {})
    const { url, errors } = await serve(host, [api])
    const early = fetch(`${url}/api/a`)
    gate.fail(new Error('secret'))
    expect((await early).status).toBe(500)
    const late = await fetch(`${url}/other`)
    expect([late.status, await late.text()]).toEqual([500, 'error handler'])
    expect(errors).toEqual(Array(2).fill(await api.ready.catch((error: unknown) => error)))
    expect(String(errors[0])).toContain('api/a.ts: secret')
  })
})

describe('on bare node:http, without `next`', () => {
  it('requests after loading failed get a 500 that tells nothing (hazard 170)', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {})
    const api = startApi({ 'api/a.ts': () => Promise.reject(new Error('secret')) })
    api.ready.catch(() => {})
    const { url } = await listen(api)
    const response = await fetch(`${url}/api/a`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(log).toHaveBeenCalledTimes(1)
    log.mockRestore()
  })
})

describe('startApi()', () => {
  it('returns at once and loads from that moment on', async () => {
    const gate = createGate()
    const load = jest.fn(gate.load)
    const api = startApi({ 'api/a.ts': load })
    expect(load).toHaveBeenCalledTimes(1)
    expect(api.routes).toEqual([])
    gate.open()
    await expect(api.ready).resolves.toBeUndefined()
    expect(api.routes).toHaveLength(1)
  })

  it('returns before it loads a second file', async () => {
    const load = jest.fn(() => ({ APIRoute: { methods: { GET: () => new Response() } } }))
    const api = startApi({ 'api/a.ts': load, 'api/b.ts': load, 'api/c.ts': load })
    expect(load).toHaveBeenCalledTimes(1)
    await api.ready
    expect(load).toHaveBeenCalledTimes(3)
  })

  it('returns before it loads a second file also where the first one throws', async () => {
    const load = jest.fn(() => ({ APIRoute: { methods: { GET: () => new Response() } } }))
    const fail = () => {
      throw new Error('boom')
    }
    const api = startApi({ 'api/a.ts': fail, 'api/b.ts': load })
    expect(load).not.toHaveBeenCalled()
    await expect(api.ready).rejects.toThrow('api/a.ts: boom')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('gives a plain middleware that no host takes for something else (hazard 167)', () => {
    const api = startApi(apiRoutes({ 'api/a.ts': { GET: () => new Response() } }))
    expect(typeof api).toBe('function')
    expect(api.name).toBe('startApi')
    expect(api).toHaveLength(3)
    expect(Object.keys(api).sort()).toEqual(['close', 'fetch', 'ready', 'routes'])
    for (const name of ['handle', 'set', 'route', 'emit']) expect(name in api).toBe(false)
  })

  it.each([
    undefined,
    null,
    1,
    true,
    '',
    () => {},
    new URL('http://localhost/routes'),
    [],
    ['./routes'],
    { dev: true },
    { dir: './routes' },
    { default: { dev: true } },
    Promise.resolve({}),
    Promise.resolve('./routes'),
  ])('refuses %p for a directory', (routes) => {
    expect(() => startApi(routes as unknown as string)).toThrow(
      new TypeError(
        'startApi(): the first argument must be the routes directory, as a path or a file: URL, or an object of its modules by file name.',
      ),
    )
  })

  it('throws for a directory that is missing, a file, or unreadable', () => {
    const directory = routesDirectory(routeTexts('api/a.ts'))
    const error = { code: 'ERR_START_API_DIRECTORY' }
    expect(() => startApi(join(directory, 'missing'))).toThrow(expect.objectContaining(error))
    expect(() => startApi(join(directory, 'api/a.ts'))).toThrow(expect.objectContaining(error))
    const failure = Object.assign(new Error('EACCES'), { code: 'EACCES', path: directory })
    const readdir = jest
      .spyOn(jest.requireActual<typeof fs>('node:fs'), 'readdirSync')
      .mockImplementation(() => {
        throw failure
      })
    expect(() => startApi(directory)).toThrow(expect.objectContaining({ ...error, cause: failure }))
    readdir.mockRestore()
  })

  it('lists the served routes by file name', async () => {
    const api = startApi(
      apiRoutes({
        './routes/api/users/$id.ts': { GET: () => new Response(), DELETE: () => new Response() },
        './routes/api/users.index.ts': { POST: () => new Response() },
        './routes/health.ts': { HEAD: () => new Response() },
      }),
    )
    await api.ready
    expect(api.routes).toEqual([
      { path: '/api/users', methods: ['POST'], file: 'api/users.index.ts', dialect: 'APIRoute' },
      {
        path: '/api/users/$id',
        methods: ['GET', 'DELETE'],
        file: 'api/users/$id.ts',
        dialect: 'APIRoute',
      },
      { path: '/api/health', methods: ['HEAD'], file: 'health.ts', dialect: 'APIRoute' },
    ])
  })

  it('loads files one after the other, in order of name (hazard 221)', async () => {
    const log: string[] = []
    const load = (name: string) => async () => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} ends`)
      return Object.values(apiRoutes({ x: { GET: () => new Response() } }))[0]
    }
    await startApi({ 'api/b.ts': load('b'), 'api/a.ts': load('a') }).ready
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  it('reports every failing file in one error, with what each threw as cause (hazard 220)', async () => {
    const failures = [new Error('one'), new TypeError('two')]
    const reject = (error: Error) => () => {
      throw error
    }
    const good = apiRoutes({ 'api/b.ts': { GET: () => new Response() } })
    const two = startApi({
      ...good,
      'api/a.ts': reject(failures[0]!),
      'api/c.ts': reject(failures[1]!),
    })
    await expect(two.ready).rejects.toMatchObject({
      name: 'StartApiError',
      code: 'ERR_START_API_ROUTE_FILE',
      message: "2 route files can't be used:\n  api/a.ts: one\n  api/c.ts: TypeError: two",
      files: ['api/a.ts', 'api/c.ts'],
      cause: { errors: failures },
    })
    const one = startApi({ ...good, 'api/a.ts': reject(failures[0]!) })
    await expect(one.ready).rejects.toMatchObject({ cause: failures[0] })
    expect(one.routes).toEqual([])
  })

  it('reports a file that cannot be read together with those that cannot be loaded', async () => {
    const directory = routesDirectory({ 'api/a.ts': `throw new Error('boom')` })
    fs.symlinkSync('nowhere.ts', join(directory, 'dangling.ts'))
    await expect(startApi(directory).ready).rejects.toMatchObject({
      message: expect.stringMatching(
        /^2 route files can't be used:\n {2}api\/a\.ts: boom\n {2}dangling\.ts: Cannot find module/,
      ) as unknown,
    })
  })

  it('serves two directories side by side', async () => {
    const first = startApi(routesDirectory({ 'api/a.ts': routeText('first') }))
    const second = startApi(routesDirectory({ 'api/a.ts': routeText('second') }))
    expect(await (await first.fetch('/api/a')).json()).toMatchObject({ file: 'first' })
    expect(await (await second.fetch('/api/a')).json()).toMatchObject({ file: 'second' })
  })
})

describeHosts('an API without routes (hazard 204)', (host) => {
  it('warns and passes all on', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    const { url } = await serve(host, [startApi(routesDirectory({}))])
    expect(await (await fetch(`${url}/api/a`)).text()).toBe('legacy GET /api/a')
    expect(warn).toHaveBeenCalledTimes(1)
    warn.mockRestore()
  })
})

describe('fallthrough: false', () => {
  it('answers below a base that URLs escape, in any case, and only there', async () => {
    const routes = apiRoutes({ 'a.ts': { GET: () => new Response('a') } })
    const api = startApi(routes, { apiBaseURL: '/größe x', fallthrough: false })
    const { url } = await serve(hosts[0]!, [api])
    const ask = async (path: string) => (await fetch(`${url}${path}`)).text()
    expect(await ask('/gr%C3%B6%C3%9Fe%20x/a')).toBe('a')
    expect(await ask('/gr%C3%B6%C3%9Fe%20x/b')).toBe('Not found')
    expect(await ask('/GR%c3%b6%c3%9fE%20X/b')).toBe('Not found')
    expect(await ask('/gr%C3%B6%C3%9Fe%20xy/b')).toMatch(/^legacy/)
    expect(await ask('/other')).toMatch(/^legacy/)
  })
})

describe('close()', () => {
  it('resolves, also while routes are loading and when called again', async () => {
    const gate = createGate()
    const api = startApi({ 'api/a.ts': gate.load })
    await api.close()
    gate.open()
    await api.ready
    await expect(api.close()).resolves.toBeUndefined()
  })
})

describe('a process of its own', () => {
  beforeAll(buildPackage)

  const good = `exports.APIRoute = { methods: { GET: () => new Response('a') } }`
  const asJson = `process.on('exit', (code) => console.log(JSON.stringify({ code })))`

  function run(files: Readonly<Record<string, string>>, main: string) {
    const app = createApp({ 'package.json': '{}', ...files }, ['express'])
    return runNode(app, [main])
  }

  it('ends with the message when a route file is broken and nobody listens to `ready` (hazard 170)', () => {
    const { status, stderr, stdout } = run(
      {
        'main.cjs': `const app = require('express')()
          app.use(require('express-start-api').startApi('./routes'))
          app.listen(0)
          setTimeout(() => console.log('still there'), 60_000)`,
        'routes/api/a.cjs': good,
        'routes/api/b.cjs': `throw new Error('boom')`,
        'routes/api/c.cjs': `exports.APIRoute = { methods: { GET: 1 } }`,
      },
      'main.cjs',
    )
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(
      "StartApiError: 2 route files can't be used:\n  api/b.cjs: boom\n  api/c.cjs has a `GET` that is a number; make it a function.\n",
    )
  })

  it('ends, too, when requests are all that would show it', () => {
    const { status, stderr } = run(
      {
        'main.cjs': `require('express-start-api').startApi('./routes').fetch('/api/a').catch(() => {})
          setTimeout(() => {}, 60_000)`,
        'routes/api/a.cjs': `throw new Error('boom')`,
      },
      'main.cjs',
    )
    expect(status).toBe(1)
    expect(stderr).toContain('api/a.cjs: boom')
  })

  it('goes on when somebody does listen to `ready`', () => {
    const { status, stderr, stdout } = run(
      {
        'main.cjs': `require('express-start-api').startApi('./routes').ready
          .catch((error) => console.log(error.code))`,
        'routes/api/a.cjs': `throw new Error('boom')`,
      },
      'main.cjs',
    )
    expect([status, stdout, stderr]).toEqual([0, 'ERR_START_API_ROUTE_FILE\n', ''])
  })

  it('ends with the message of a missing directory, at the call', () => {
    const { status, stderr } = run(
      { 'main.cjs': `require('express-start-api').startApi('./missing')` },
      'main.cjs',
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /StartApiError: The routes directory \/.*\/missing does not exist\. Create it/,
    )
  })

  it('boots, serves, and ends without a word otherwise', () => {
    const { status, stderr, stdout } = run(
      {
        'main.cjs': `const app = require('express')()
          const api = require('express-start-api').startApi('./routes')
          app.use(api)
          const server = app.listen(0, '127.0.0.1', async () => {
            const url = 'http://127.0.0.1:' + server.address().port
            console.log(await (await fetch(url + '/api/a')).text())
            server.closeAllConnections()
            server.close()
          })`,
        'routes/api/a.cjs': good,
        'routes/page.tsx': `throw new Error('a page was imported')`,
      },
      'main.cjs',
    )
    expect([status, stdout, stderr]).toEqual([0, 'a\n', ''])
  })

  it('names the file that waits for the application which waits for it (hazard 219)', () => {
    const { status, stderr } = run(
      {
        'main.mjs': `import { startApi } from 'express-start-api'
          export const api = startApi('./routes')
          await api.ready`,
        'routes/api/a.cjs': good,
        'routes/api/b.mjs': `import '../../main.mjs'\nexport const APIRoute = {}`,
      },
      'main.mjs',
    )
    expect(status).toBe(13)
    expect(stderr).toContain(
      "[start-api] api/b.mjs doesn't finish loading, and no request is answered before it does. Does it import a module that awaits `ready`, or await something that never comes?",
    )
  })

  it('names the file that awaits something that never comes (hazard 219)', () => {
    const { stderr, stdout } = run(
      {
        // Work that others do at the end makes Node come to the end again.
        'main.cjs': `${asJson}
          process.once('beforeExit', () => setTimeout(() => {}, 1))
          require('express-start-api').startApi('./routes')`,
        'routes/api/b.mjs': `await new Promise(() => {})\nexport const APIRoute = {}`,
      },
      'main.cjs',
    )
    expect(stdout).toBe('{"code":0}\n')
    expect(stderr.match(/api\/b\.mjs doesn't finish loading/g)).toHaveLength(1)
  })

  it('takes circular imports that nobody awaits as they come (hazard 219)', () => {
    const { status, stderr, stdout } = run(
      {
        'main.mjs': `import { startApi } from 'express-start-api'
          export const greeting = 'hello'
          export const api = startApi('./routes')
          api.ready.then(async () => console.log(await (await api.fetch('/api/b')).text()))`,
        'routes/api/b.mjs': `import { greeting } from '../../main.mjs'
          export const APIRoute = { methods: { GET: () => new Response(greeting) } }`,
      },
      'main.mjs',
    )
    expect([status, stdout, stderr]).toEqual([0, 'hello\n', ''])
  })
})

describe('a file that takes long to load (hazard 219)', () => {
  it('is named once, while the process goes on', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {})
    const timers = jest.requireActual<typeof realTimers>('../lib/real-timers')
    const fire: (() => void)[] = []
    const setTimeout = jest.spyOn(timers, 'setTimeout').mockImplementation(((
      callback: (entry: unknown) => void,
      _ms: number,
      entry: unknown,
    ) => {
      fire.push(() => callback(entry))
      const timer = { unref: () => timer, refresh: () => timer }
      return timer
    }) as unknown as typeof realTimers.setTimeout)
    try {
      const gate = createGate()
      const api = startApi({ 'api/slow.ts': gate.load })
      expect(log).not.toHaveBeenCalled()
      for (const callback of fire) callback()
      expect(log.mock.calls).toEqual([
        [expect.stringMatching(/^\[start-api\] api\/slow\.ts doesn't finish loading/)],
      ])
      gate.open()
      await api.ready
      expect((await api.fetch('/api/slow')).status).toBe(200)
    } finally {
      setTimeout.mockRestore()
      log.mockRestore()
    }
  })

  it('leaves no listener on the process behind', async () => {
    const before = process.listenerCount('beforeExit')
    const gates = Array.from({ length: 20 }, createGate)
    const apis = gates.map((gate) => startApi({ 'api/a.ts': gate.load }))
    expect(process.listenerCount('beforeExit')).toBe(before + 1)
    for (const gate of gates) gate.open()
    await Promise.all(apis.map((api) => api.ready))
    expect(process.listenerCount('beforeExit')).toBe(before)
  })
})
