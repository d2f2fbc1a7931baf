import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  createAPIFileRoute,
  createFileRoute,
  startApi,
  type RouteModules,
  type StartApiError,
  type StartApiOptions,
} from 'express-start-api'
import { routeText, routeTexts, routesDirectory } from './support/routes-directory'

let warn: jest.SpyInstance
beforeEach(() => (warn = jest.spyOn(console, 'warn').mockImplementation(() => {})))
afterEach(() => warn.mockRestore())

function warnings(): string[] {
  return warn.mock.calls.map(([text]) => String(text))
}

/** Path and file of every served route, e.g. `/api/users ← api/users.ts`. */
async function served(
  routes: string | RouteModules,
  options: StartApiOptions = {},
): Promise<string[]> {
  const api = startApi(routes, options)
  await api.ready
  return api.routes.map(({ path, file }) => `${path} ← ${file}`)
}

function serve(files: readonly string[], options?: StartApiOptions): Promise<string[]> {
  return served(routesDirectory(routeTexts(...files)), options)
}

const route = {
  APIRoute: createAPIFileRoute('/x')({ GET: ({ params }) => Response.json(params) }),
}
const page = { Route: {} }

describe('a routes directory', () => {
  it('serves every form of name of the page, from real files', async () => {
    const directory = routesDirectory(
      routeTexts(
        'api.a.ts',
        'api/b.ts',
        'api/c.index.ts',
        'api/d/index.ts',
        'api/users/$id.ts',
        'api/users/$id/posts.ts',
        'api.people.$id.posts.ts',
        'api/users/$id/posts/$postId.ts',
        'api/file/$.ts',
        'api/_pathlessLayout/users.ts',
        'api.mixed/$id.tail.ts',
      ),
    )
    const api = startApi(directory)
    const ask = async (path: string) => (await api.fetch(path)).json() as Promise<unknown>
    expect(await ask('/api/a')).toEqual({ file: 'api.a.ts', params: {} })
    expect(await ask('/api/b')).toEqual({ file: 'api/b.ts', params: {} })
    expect(await ask('/api/c')).toEqual({ file: 'api/c.index.ts', params: {} })
    expect(await ask('/api/d')).toEqual({ file: 'api/d/index.ts', params: {} })
    expect(await ask('/api/users/1')).toEqual({ file: 'api/users/$id.ts', params: { id: '1' } })
    expect(await ask('/api/users/1/posts')).toEqual({
      file: 'api/users/$id/posts.ts',
      params: { id: '1' },
    })
    expect(await ask('/api/people/1/posts')).toEqual({
      file: 'api.people.$id.posts.ts',
      params: { id: '1' },
    })
    expect(await ask('/api/users/1/posts/2')).toEqual({
      file: 'api/users/$id/posts/$postId.ts',
      params: { id: '1', postId: '2' },
    })
    expect(await ask('/api/file/a/b.txt')).toEqual({
      file: 'api/file/$.ts',
      params: { _splat: 'a/b.txt', '*': 'a/b.txt' },
    })
    expect(await ask('/api/_pathlessLayout/users')).toEqual({
      file: 'api/_pathlessLayout/users.ts',
      params: {},
    })
    expect(await ask('/api/mixed/1/tail')).toEqual({
      file: 'api.mixed/$id.tail.ts',
      params: { id: '1' },
    })
    expect(warnings()).toEqual([])
  })

  it('serves the same paths when it is the folder that the base names', async () => {
    const directory = routesDirectory(
      routeTexts('users.ts', 'users.$id.ts', 'index.ts'),
      'routes/api',
    )
    expect(await served(directory)).toEqual([
      '/api ← index.ts',
      '/api/users/$id ← users.$id.ts',
      '/api/users ← users.ts',
    ])
  })

  it.each([
    ['/', ['/api/users ← api/users.ts', '/health ← health.ts']],
    ['/api', ['/api/users ← api/users.ts', '/api/health ← health.ts']],
    ['api', ['/api/users ← api/users.ts', '/api/health ← health.ts']],
    ['/internal/v1', ['/internal/v1/api/users ← api/users.ts', '/internal/v1/health ← health.ts']],
    ['internal/v1/', ['/internal/v1/api/users ← api/users.ts', '/internal/v1/health ← health.ts']],
  ])('is served under the apiBaseURL %j', async (apiBaseURL, expected) => {
    expect(await serve(['api/users.ts', 'health.ts'], { apiBaseURL })).toEqual(expected)
  })

  it('keeps what already lies under an apiBaseURL of several segments', async () => {
    const files = ['internal/v1/users.ts', 'internal.v1.posts.ts', 'tags.ts']
    const api = startApi(routesDirectory(routeTexts(...files)), { apiBaseURL: 'internal/v1' })
    for (const path of ['users', 'posts', 'tags']) {
      expect((await api.fetch(`/internal/v1/${path}`)).status).toBe(200)
      expect((await api.fetch(`/api/${path}`)).status).toBe(404)
    }
  })

  it('leaves out what `ignore` names', async () => {
    const files = ['api/users.ts', 'api/internal/x.ts', 'api/old.users.ts']
    expect(await serve(files, { ignore: 'api/internal/**' })).toEqual([
      '/api/old/users ← api/old.users.ts',
      '/api/users ← api/users.ts',
    ])
    expect(await serve(files, { ignore: ['api/internal/**', '**/old.*'] })).toEqual([
      '/api/users ← api/users.ts',
    ])
  })

  it('warns of an entry of `ignore` that names nothing, but for globs that begin with `*`', async () => {
    const files = ['api/a.ts', 'api/users.ts', 'api/old/x.ts']
    const ignore = ['api/users.js', 'old/**', './api/users.ts', 'api/old', '**/*.fixture.*', '']
    const expected = ['api/users.js', 'old/**'].map(
      (entry) =>
        `[start-api] Option \`ignore\`: no route file is named ${entry}, is in a folder of that name, or matches it as a glob. Names are relative to the routes directory, and end as the files do.`,
    )
    await serve(files, { ignore })
    expect(warnings()).toEqual(expected)
    warn.mockClear()
    const modules = Object.fromEntries(files.map((name) => [`./routes/${name}`, route]))
    await served(modules, { ignore })
    expect(warnings()).toEqual(expected)
  })

  it('follows the name of a file, not the literal in it (hazard 197)', async () => {
    const text = `const { createAPIFileRoute } = require('express-start-api/api')
      exports.APIRoute = createAPIFileRoute('/users/$id')({ GET: ({ params }) => Response.json(params) })`
    const api = startApi(routesDirectory({ 'api/people/$name.ts': text }))
    expect(await (await api.fetch('/api/people/x')).json()).toEqual({ name: 'x' })
    expect((await api.fetch('/users/x')).status).toBe(404)
  })
})

describe('page routes in the same directory', () => {
  const explode = `throw new Error('a page was imported')`
  const pages = {
    'index.tsx': explode,
    '__root.tsx': explode,
    '_layout/posts.$id.tsx': explode,
    // Names that API routes may not have.
    'posts/$/edit.tsx': explode,
    '$id.$id.tsx': explode,
    '$__proto__.tsx': explode,
    // The same path, were they API routes.
    'users.tsx': explode,
    'users.index.tsx': explode,
  }

  it.each(['/api', '/', '/internal/v1'])(
    'are never imported (apiBaseURL %j)',
    async (apiBaseURL) => {
      const directory = routesDirectory({ ...pages, 'api/users.ts': routeText('api/users.ts') })
      const base = apiBaseURL === '/internal/v1' ? '/internal/v1' : ''
      expect(await served(directory, { apiBaseURL })).toEqual([`${base}/api/users ← api/users.ts`])
      expect(warnings()).toEqual([])
    },
  )

  it('are told from API routes outside the base by the export that their text names', async () => {
    const directory = routesDirectory({
      ...pages,
      'health.ts': routeText('health.ts'),
      'named.ts': `const made = { methods: { GET: () => new Response() } }; export { made as APIRoute }`,
      'calls.ts': `/* createAPIRoute, APIRoutes */ ${explode}`,
    })
    expect(await served(directory)).toEqual(['/api/health ← health.ts', '/api/named ← named.ts'])
  })
})

describe('a file without an export named `APIRoute` (hazard 198)', () => {
  const texts = {
    'exports `Route`': `exports.Route = { methods: { GET: () => new Response() } }`,
    'exports by default': `export default { methods: { GET: () => new Response() } }`,
    'misspells it': `exports.ApiRoute = { methods: { GET: () => new Response() } }`,
    'exports nothing': `const APIRoute = {}`,
  }

  it.each(Object.entries(texts))('warns with its name and is not served: %s', async (_, text) => {
    const directory = routesDirectory({ 'api/b.ts': text, ...routeTexts('api/a.ts') })
    const api = startApi(directory)
    expect((await api.fetch('/api/b')).status).toBe(404)
    expect((await api.fetch('/api/a')).status).toBe(200)
    expect(warnings()).toEqual([
      '[start-api] api/b.ts exports no `APIRoute`, `ServerRoute`, or `Route` with `server`, so /api/b is not served. Export one by that name, or begin the file\'s name with "-" if it is no route.',
    ])
  })

  it('warns, too, when the directory is the folder that the base names; it is not imported', async () => {
    const files = {
      'users.ts': `exports.Route = {}; throw new Error('imported')`,
      'a/$/b.ts': `throw new Error('imported')`,
      ...routeTexts('x.ts'),
    }
    expect(await served(routesDirectory(files, 'routes/api'))).toEqual(['/api/x ← x.ts'])
    expect(warnings()).toEqual([
      expect.stringContaining(
        'a/$/b.ts exports no `APIRoute`, `ServerRoute`, or `Route` with `server`, so /api/a/$/b is not served',
      ),
      expect.stringContaining(
        'users.ts exports no `APIRoute`, `ServerRoute`, or `Route` with `server`, so /api/users is not served',
      ),
    ])
    warn.mockClear()
    expect(await served(routesDirectory(files, 'routes/not-api'))).toEqual(['/api/x ← x.ts'])
    expect(warnings()).toEqual([])
  })
})

describe('conflicting files', () => {
  /** The lines and files of the conflict that the call itself throws. */
  function conflictOf(files: readonly string[], options?: StartApiOptions) {
    const directory = routesDirectory(routeTexts(...files))
    try {
      startApi(directory, options)
    } catch (error) {
      const { code, message, files } = error as StartApiError
      return { code, lines: message.split('\n'), files }
    }
    throw new Error('no conflict')
  }

  it('of one path are all named (hazard 190)', () => {
    const files = [
      'api.users.ts',
      'api/users.index.ts',
      'api/users.ts',
      'api/users/index.ts',
      'users.ts',
    ]
    const { code, lines, files: named } = conflictOf([...files, 'api/other.ts'])
    expect(code).toBe('ERR_START_API_CONFLICT')
    expect(lines).toEqual([
      'Several route files answer the same URLs. Keep one file of each line:',
      `  /api/users: ${files.join(', ')}`,
    ])
    expect(named).toEqual(files)
  })

  it('are found when they are loaded if their text does not tell that they have handlers', async () => {
    const directory = routesDirectory({
      '-shared.js': `module.exports = { server: { ['hand' + 'lers']: { GET: () => new Response() } } }`,
      'api.users.js': `exports.Route = require('./-shared.js')`,
      'api/Users.js': `exports.Route = require('../-shared.js')`,
    })
    await expect(startApi(directory).ready).rejects.toMatchObject({
      code: 'ERR_START_API_CONFLICT',
      files: ['api.users.js', 'api/Users.js'],
    })
  })

  it('are told in the order of the first file of each path', () => {
    const { lines } = conflictOf(['a.ts', 'api.b.index.ts', 'api.b.ts', 'api/a.ts'])
    expect(lines.slice(1)).toEqual([
      '  /api/a: a.ts, api/a.ts',
      '  /api/b: api.b.index.ts, api.b.ts',
    ])
  })

  it('may differ by their extension alone (hazard 190)', () => {
    expect(conflictOf(['api/users.js', 'api/users.ts']).lines[1]).toBe(
      '  /api/users: api/users.js, api/users.ts',
    )
  })

  it('may differ by the names of params alone (hazard 189)', () => {
    expect(conflictOf(['api/users/$id.ts', 'api/users/$userId.ts']).lines[1]).toBe(
      '  same path but for the names of params: api/users/$id.ts (/api/users/$id), api/users/$userId.ts (/api/users/$userId)',
    )
    expect(conflictOf(['api/$a/x/$b.ts', 'api.$b.x.$a.ts']).files).toEqual([
      'api.$b.x.$a.ts',
      'api/$a/x/$b.ts',
    ])
    expect(
      conflictOf(['api/file/$.ts', 'api.file.$.ts', 'api/file/$/index.ts']).files,
    ).toHaveLength(3)
  })

  it('may differ by case alone, unless case matters (hazard 191)', async () => {
    const files = ['api/Users.ts', 'api/users.ts']
    expect(conflictOf(files).lines[1]).toBe(
      '  same path but for upper and lower case: api/Users.ts (/api/Users), api/users.ts (/api/users) (or set `caseSensitive: true`)',
    )
    expect(conflictOf(['api/Users/$id.ts', 'api/users/$name.ts']).lines[1]).toContain(
      'api/Users/$id.ts (/api/Users/$id), api/users/$name.ts (/api/users/$name)',
    )
    expect(await serve(files, { caseSensitive: true })).toHaveLength(2)
  })

  it('are judged by the URLs that browsers send, whose escapes have no case of their own letters', async () => {
    expect(await serve(['api/Ä.ts', 'api/ä.ts'])).toHaveLength(2)
    expect(conflictOf(['api/%C3.ts', 'api/%c3.ts']).files).toHaveLength(2)
  })

  it('may differ by Unicode form alone (hazard 192)', () => {
    expect(conflictOf(['api/caf\u00e9.ts', 'api/cafe\u0301.ts']).files).toHaveLength(2)
  })

  it('are reported all at once', () => {
    const { lines, files } = conflictOf([
      'api/a.ts',
      'api.a.ts',
      'api/b/$x.ts',
      'api/b/$y.ts',
      'api/c.ts',
    ])
    expect(lines).toHaveLength(3)
    expect(files).toEqual(['api.a.ts', 'api/a.ts', 'api/b/$x.ts', 'api/b/$y.ts'])
  })

  it('arise from the base, too', () => {
    expect(conflictOf(['api/users.ts', 'users.ts']).files).toEqual(['api/users.ts', 'users.ts'])
    expect(conflictOf(['v1/a.ts', 'a.ts'], { apiBaseURL: 'v1' }).files).toEqual(['a.ts', 'v1/a.ts'])
  })

  it.each([
    { files: ['api/users.ts', 'api/_x/users.ts'] },
    { files: ['api/users/$id.ts', 'api/users/me.ts', 'api/users/$.ts'] },
    { files: ['api/users.ts', 'api/users_.ts'] },
    { files: ['api/users/$id.ts', 'api/users/$id/posts.ts'] },
  ])('are not $files', async ({ files }) => {
    expect(await serve(files)).toHaveLength(files.length)
  })

  it('are not with files that are ignored', async () => {
    expect(await serve(['api/users.ts', 'api/-users.ts', 'api.users.test.ts'])).toHaveLength(1)
  })
})

describe('unusable names', () => {
  it('are all named by the call itself', () => {
    const directory = routesDirectory(
      routeTexts('api/a/$/b.ts', 'api/$id/$id.ts', 'api/$__proto__.ts', 'api/fine.ts'),
    )
    expect(() => startApi(directory)).toThrow(
      expect.objectContaining({
        code: 'ERR_START_API_ROUTE_FILE',
        files: ['api/$__proto__.ts', 'api/$id/$id.ts', 'api/a/$/b.ts'],
        message: [
          "3 route files can't be used:",
          '  api/$__proto__.ts names a param `__proto__`; choose another name.',
          '  api/$id/$id.ts names two params `id`; give each its own name.',
          '  api/a/$/b.ts has a splat `$` before its end; move the `$` to the last position.',
        ].join('\n'),
      }),
    )
  })
})

describe('modules of a bundler', () => {
  it.each([
    ['api/users.ts'],
    ['./api/users.ts'],
    ['/api/users.ts'],
    ['./routes/api/users.ts'],
    ['/src/routes/api/users.ts'],
    ['../app/routes/api/users.ts'],
    ['../../api/users.ts'],
    ['.\\routes\\api\\users.ts'],
    ['C:\\work\\app\\routes\\api\\users.ts'],
    ['users.ts'],
    ['./routes/users.ts'],
  ])('are served by the key %s (hazard 202)', async (key) => {
    expect((await served({ [key]: route })).map((line) => line.split(' ')[0])).toEqual([
      '/api/users',
    ])
    expect(warnings()).toEqual([])
  })

  it('drop the routes folder only if all keys share it', async () => {
    expect(
      await served({ './src/routes/api/a.ts': route, './src/routes/api/routes/b.ts': route }),
    ).toEqual(['/api/a ← api/a.ts', '/api/routes/b ← api/routes/b.ts'])
    expect(await served({ './api/a.ts': route, './routes/b.ts': route })).toEqual([
      '/api/a ← api/a.ts',
      '/api/routes/b ← routes/b.ts',
    ])
  })

  it('may be there already, or be functions that import them, or promises', async () => {
    const lazy = jest.fn(() => Promise.resolve(route))
    const callable = Object.assign(() => page, route)
    expect(
      await served({
        'api/eager.ts': route,
        'api/lazy.ts': lazy,
        'api/sync.ts': () => route,
        'api/promise.ts': Promise.resolve(route),
        // A CommonJS module that is itself a function.
        'api/callable.ts': callable,
        'api/default.ts': { default: route },
      }),
    ).toHaveLength(6)
    expect(lazy).toHaveBeenCalledTimes(1)
    expect(lazy).toHaveBeenCalledWith()
    expect(warnings()).toEqual([])
  })

  it('follow the rules for names: what a directory ignores, they ignore', async () => {
    const lazy = jest.fn(() => route)
    const names = [
      'api/-x.ts',
      'api/.x.ts',
      'api/x.test.ts',
      'api/x.d.ts',
      'api/x.css',
      'api/__tests__/x.ts',
    ]
    const modules = Object.fromEntries(names.map((name) => [`./routes/${name}`, lazy]))
    expect(
      await served(
        { ...modules, './routes/api/a.ts': route, './routes/api/private/b.ts': lazy },
        { ignore: 'api/private/**' },
      ),
    ).toEqual(['/api/a ← api/a.ts'])
    expect(lazy).not.toHaveBeenCalled()
  })

  it('are loaded in order of name (hazard 221)', async () => {
    const order: string[] = []
    const load = (name: string) => () => (order.push(name), route)
    await served({ 'api/c.ts': load('c'), 'api/a.ts': load('a'), 'api/b.ts': load('b') })
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it.each(['api/a.ts', 'api/(group)/a.ts'])(
    'have a function that makes handlers called once, whatever the name: %s',
    async (file) => {
      const handlers = jest.fn(() => ({ GET: () => new Response() }))
      const Route = createFileRoute('/api/a')({ server: { handlers } })
      expect(await served({ [file]: { Route } })).toEqual([`/api/a ← ${file}`])
      expect(handlers).toHaveBeenCalledTimes(1)
    },
  )

  it('conflict at the call if their names or exports say so', () => {
    for (const modules of [
      { 'api/a.ts': () => route, 'api.a.ts': () => route },
      { 'a.ts': route, 'api/a.ts': () => route },
      { './routes/api/a.ts': route, 'routes/api/a.ts': route },
    ]) {
      expect(() => startApi(modules)).toThrow(
        expect.objectContaining({ code: 'ERR_START_API_CONFLICT' }),
      )
    }
  })

  it('conflict when they are loaded if only that shows that they are routes', async () => {
    await expect(served({ 'a.ts': () => route, 'api/a.ts': () => route })).rejects.toMatchObject({
      code: 'ERR_START_API_CONFLICT',
      files: ['a.ts', 'api/a.ts'],
    })
  })

  it('may hold pages, whatever their names: they neither fail nor warn nor conflict', async () => {
    expect(
      await served({
        './routes/posts/$/edit.tsx': page,
        './routes/$id.$id.tsx': () => page,
        './routes/users.tsx': () => page,
        './routes/users.index.tsx': page,
        './routes/api/users.ts': route,
      }),
    ).toEqual(['/api/users ← api/users.ts'])
    expect(warnings()).toEqual([])
  })

  it.each([undefined, null, 'text', 1, page, () => undefined, () => null])(
    'under the base warn if they are none: %p',
    async (value) => {
      expect(await served({ 'api/a.ts': route, 'api/b.ts': value })).toEqual(['/api/a ← api/a.ts'])
      expect(warnings()).toEqual([
        expect.stringContaining(
          'api/b.ts exports no `APIRoute`, `ServerRoute`, or `Route` with `server`, so /api/b is not served',
        ),
      ])
    },
  )

  it('fail with the names of their files', async () => {
    const failure = new Error('boom')
    await expect(
      served({
        './routes/api/a.ts': () => {
          throw failure
        },
        './routes/api/b.ts': () => Promise.reject(new TypeError('late')),
      }),
    ).rejects.toThrow("2 route files can't be used:\n  api/a.ts: boom\n  api/b.ts: TypeError: late")
  })

  it('may be the default export of a module that is passed as a whole (hazard 210)', async () => {
    const manifest = { './routes/api/a.ts': route }
    const compiled = { __esModule: true, default: manifest }
    for (const namespace of [
      compiled,
      // Node's own of a CommonJS file.
      { default: manifest, 'module.exports': manifest },
      // Node's own of a file that TypeScript has made CommonJS: of Node 20, and of later ones.
      { default: compiled, __esModule: true },
      { default: compiled, __esModule: true, 'module.exports': compiled },
    ]) {
      expect(await served(namespace)).toEqual(['/api/a ← api/a.ts'])
    }
  })

  it('warn if there is none', async () => {
    for (const modules of [{}, { default: {} }, { 'api/users': route }]) {
      warn.mockClear()
      expect(await served(modules)).toEqual([])
      expect(warnings()).toEqual([
        expect.stringMatching(
          /^\[start-api\] The object of modules holds no API route file\. Add one/,
        ),
      ])
    }
  })
})

describe('what a file exports', () => {
  it.each([
    ['get', 'has a handler named `get`; write `GET`'],
    ['ALL', 'has a handler named `ALL`; use GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD'],
    ['ANY', 'has a handler named `ANY`; use GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD'],
    ['handler', 'has a handler named `handler`; use GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD'],
  ])('may not have the method %s (hazard 199)', async (method, sentence) => {
    const routes = { 'api/a.ts': { APIRoute: { methods: { [method]: () => new Response() } } } }
    await expect(served(routes)).rejects.toThrow(
      `A route file can't be used:\n  api/a.ts ${sentence}.`,
    )
  })

  const make = "make it with createAPIFileRoute('/api/a')({ GET: … })"
  it.each([
    [
      'a handler that is text',
      { methods: { GET: 'text' } },
      'has a `GET` that is a string; make it a function',
    ],
    [
      'a handler that is null',
      { methods: { PUT: null } },
      'has a `PUT` that is null; make it a function',
    ],
    [
      'no handlers',
      { methods: {} },
      "exports an `APIRoute` without a handler; add one, e.g. `GET: () => new Response('ok')`",
    ],
    [
      'only undefined ones',
      { methods: { GET: undefined } },
      "exports an `APIRoute` without a handler; add one, e.g. `GET: () => new Response('ok')`",
    ],
    ['undefined', undefined, `exports an \`APIRoute\` that is undefined; ${make}`],
    ['null', null, `exports an \`APIRoute\` that is null; ${make}`],
    ['a number', 1, `exports an \`APIRoute\` that is a number; ${make}`],
    [
      'the first call only',
      createAPIFileRoute('/x'),
      `exports an \`APIRoute\` that has no \`methods\`; ${make}`,
    ],
    ['an object of another kind', {}, `exports an \`APIRoute\` that has no \`methods\`; ${make}`],
  ])('is refused with a sentence: %s (hazard 199)', async (_, APIRoute, sentence) => {
    await expect(served({ 'api/a.ts': { APIRoute } })).rejects.toMatchObject({
      code: 'ERR_START_API_ROUTE_FILE',
      files: ['api/a.ts'],
      message: `A route file can't be used:\n  api/a.ts ${sentence}.`,
    })
  })

  it.each([
    ['GET', { GET: () => new Response() }],
    ['get', { handlers: { POST: () => new Response() }, get: () => new Response() }],
    ['ANY', { ANY: () => new Response() }],
    ['handler', { handler: { GET: () => new Response() } }],
    ['methods', { methods: { GET: () => new Response() } }],
  ])('is refused if handlers are beside `server.handlers`: %s', async (name, server) => {
    await expect(served({ 'api/a.ts': { Route: { options: { server } } } })).rejects.toThrow(
      `api/a.ts has \`server.${name}\`, which serves nothing; make it with createFileRoute('/api/a')({ server: { handlers: { GET: … } } }).`,
    )
  })

  it('is refused if it is two, of which one would never answer', async () => {
    const Route = { options: { server: { handlers: { GET: () => new Response() } } } }
    const ServerRoute = { options: { methods: { GET: () => new Response() } } }
    await expect(
      served({ 'api/a.ts': { ...route, Route }, 'api/b.ts': { ServerRoute, Route } }),
    ).rejects.toThrow(
      [
        '  api/a.ts is written for two versions of Start, with an `APIRoute` and a `Route`; keep the handlers of one.',
        '  api/b.ts is written for two versions of Start, with a `ServerRoute` and a `Route`; keep the handlers of one.',
      ].join('\n'),
    )
    expect(await served({ 'api/a.ts': { ...route, ...page } })).toEqual(['/api/a ← api/a.ts'])
  })

  it('is found wherever CommonJS and ESM put it (hazard 210)', async () => {
    for (const found of [
      route,
      { default: route },
      { default: { default: route } },
      { __esModule: true, default: {}, ...route },
      Object.assign(Object.create(null) as object, route),
    ]) {
      expect(await served({ 'api/a.ts': found })).toEqual(['/api/a ← api/a.ts'])
    }
  })
})

describe('an empty directory (hazard 204)', () => {
  it.each([
    ['holds nothing', {}],
    ['holds pages only', { 'index.tsx': 'export const Route = 1' }],
    ['holds ignored files only', { 'api/-x.ts': '', 'api/x.test.ts': '' }],
  ])('is a warning, no error: it %s', async (_, files) => {
    const directory = routesDirectory(files)
    expect(await served(directory)).toEqual([])
    expect(warnings()).toEqual([
      `[start-api] ${directory} holds no API route file. Add one, e.g. api/hello.ts with \`export const APIRoute = createAPIFileRoute('/api/hello')({ GET: … })\`.`,
    ])
  })
})

describe('where the directory is (hazard 203)', () => {
  it('may be told by a file: URL, an absolute path, or one relative to the working directory', async () => {
    const directory = routesDirectory(routeTexts('api/a.ts'))
    const fromHere = relative(process.cwd(), directory)
    for (const where of [
      directory,
      `${directory}/`,
      fromHere,
      `./${fromHere}`,
      pathToFileURL(directory),
      pathToFileURL(directory).href,
    ]) {
      expect((await startApi(where).fetch('/api/a')).status).toBe(200)
    }
  })

  it('may be full of what URLs escape', async () => {
    const directory = join(routesDirectory({}), 'a b%20c#d?e ä')
    mkdirSync(join(directory, 'api'), { recursive: true })
    writeFileSync(join(directory, 'api', 'x.ts'), routeText('x'))
    expect(await served(directory)).toEqual(['/api/x ← api/x.ts'])
  })
})
