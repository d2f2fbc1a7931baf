// No request reaches a handler past a guard in front of it: every trick that makes two layers read two
// paths out of one request line, at guards written in each of the ways that hosts offer.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import connect from 'connect'
import express5 from 'express'
import express4 from 'express4'
import * as fc from 'fast-check'
import { type StartApi, json, startApi } from 'express-start-api'
import { type Middleware, listen } from './support/hosts'
import { type RawAnswer, escapeBytes, rawGet, unescapeBytes } from './support/raw-request'
import { apiRoutes } from './support/routes'

const FILES = [
  'api/admin/index.ts',
  'api/admin/users.ts',
  'api/admin/$id.ts',
  'api/admin/$.ts',
  'api/$section/users.ts',
  'api/$.ts',
  'api/public/hello.ts',
]

const createApi = (): StartApi =>
  startApi(
    apiRoutes(
      Object.fromEntries(
        FILES.map((file) => [
          file,
          {
            GET: ({ request, params }) =>
              json({ file, params, pathname: new URL(request.url).pathname }),
          },
        ]),
      ),
    ),
  )

const deny = (_req: IncomingMessage, res: ServerResponse): void => {
  res.statusCode = 403
  res.end('denied')
}

const notFound = (_req: IncomingMessage, res: ServerResponse): void => {
  res.statusCode = 404
  res.end('legacy')
}

/** A guarded application and the path that its routes are mounted at. */
interface Guarded {
  readonly name: string
  readonly at: '' | '/v1' | '/acme'
  /** Whether the guard itself tells cases apart. */
  readonly caseSensitive?: true
  build(): RequestListener
}

type Settings = Record<string, true>
type Express = typeof express5

const EXPRESSES: readonly (readonly [string, Express])[] = [
  ['Express 5', express5],
  ['Express 4', express4 as unknown as Express],
]
const SENSITIVE: Settings = { 'case sensitive routing': true }
const STRICT: Settings = { 'strict routing': true }
const SETTINGS: readonly Settings[] = [{}, SENSITIVE, STRICT, { ...SENSITIVE, ...STRICT }]

function create(express: Express, settings: Settings = {}): express5.Express {
  const app = express()
  // Express logs errors in every other environment.
  app.set('env', 'test')
  for (const name of Object.keys(settings)) app.enable(name)
  return app
}

const describeSettings = (settings: Settings) => Object.keys(settings).join(' and ') || 'defaults'

/** Guards on a prefix: everything at and below `/api/admin` is theirs. */
const prefixGuards: readonly Guarded[] = [
  ...EXPRESSES.flatMap(([name, express]): Guarded[] => [
    ...SETTINGS.map((settings): Guarded => ({
      name: `${name}, ${describeSettings(settings)}`,
      at: '',
      ...(settings === SENSITIVE || settings === SETTINGS[3] ? { caseSensitive: true } : {}),
      build: () => create(express, settings).use('/api/admin', deny).use(createApi()).use(notFound),
    })),
    {
      name: `${name}, in a Router`,
      at: '',
      build: () =>
        create(express)
          .use(express.Router().use('/api/admin', deny).use(createApi()))
          .use(notFound),
    },
    {
      name: `${name}, in a case-sensitive Router`,
      at: '',
      caseSensitive: true,
      build: () => {
        const router = express.Router({ caseSensitive: true, strict: true })
        return create(express)
          .use(express.Router().use(router.use('/api/admin', deny).use(createApi())))
          .use(notFound)
      },
    },
    {
      name: `${name}, guard in a case-sensitive Router that app.all() runs`,
      at: '',
      caseSensitive: true,
      build: () => {
        const router = express.Router({ caseSensitive: true }).use('/api/admin', deny)
        return create(express).all(/.*/, router).use(createApi()).use(notFound)
      },
    },
    {
      name: `${name}, guard in front of a mounted Router`,
      at: '/v1',
      build: () =>
        create(express)
          .use('/v1/api/admin', deny)
          .use('/v1', express.Router().use(createApi()))
          .use(notFound),
    },
    {
      name: `${name}, in a sub-app`,
      at: '/v1',
      build: () =>
        create(express)
          .use('/v1', create(express).use('/api/admin', deny).use(createApi()))
          .use(notFound),
    },
    {
      name: `${name}, in a lenient sub-app of a sensitive app`,
      at: '',
      caseSensitive: true,
      build: () => {
        const sub = create(express).disable('case sensitive routing').use(createApi())
        return create(express, SENSITIVE).use('/api/admin', deny).use(sub).use(notFound)
      },
    },
    {
      name: `${name}, mounted with a param`,
      at: '/acme',
      build: () =>
        create(express).use('/:tenant/api/admin', deny).use('/:tenant', createApi()).use(notFound),
    },
  ]),
  {
    name: 'Connect',
    at: '',
    build: () => connect().use('/api/admin', deny).use(createApi()).use(notFound),
  },
  {
    name: 'Connect, mounted',
    at: '/v1',
    build: () => connect().use('/v1/api/admin', deny).use('/v1', createApi()).use(notFound),
  },
  {
    name: 'node:http, guard by the beginning of req.url',
    at: '',
    caseSensitive: true,
    build: () => {
      const api = createApi()
      return (req, res) => (req.url!.startsWith('/api/admin') ? deny(req, res) : api(req, res))
    },
  },
]

/** Targets that may mean `/api/admin…` to one reader and something else to another. */
const TRICKS: readonly string[] = [
  // plainly, for the guards themselves
  '/api/admin',
  '/api/admin/',
  '/api/admin/users',
  '/api/admin/users/',
  '/api/admin/users?x=1',
  '/api/admin/a/b/c',
  // dot segments in every spelling (hazard 6)
  ...['..', '%2e%2e', '%2E%2E', '.%2e', '%2e.', '.%2E'].flatMap((up) => [
    `/api/public/${up}/admin/users`,
    `/api/public/hello/${up}/${up}/admin/users`,
    `/x/${up}/api/admin/users`,
    `/${up}/api/admin/users`,
    `/api/public/x/${up}/${up}/admin`,
    `/api/admin/users/${up}/users`,
    `/api/nothing/${up}/admin/users/`,
  ]),
  ...['.', '%2e', '%2E'].flatMap((here) => [
    `/${here}/api/admin/users`,
    `/api/${here}/admin/users`,
    `/api/admin${here}/users`,
    `/api/${here}/${here}/admin`,
  ]),
  '/api/public/%252e%252e/admin/users',
  '/api/public/..;/admin/users',
  '/api/public/..%00/admin/users',
  '/api/public/...//admin/users',
  // empty segments (hazard 7)
  '//api/admin/users',
  '/api//admin/users',
  '///api///admin///users',
  '/api/admin//users',
  '/api/%2fadmin/users',
  // encoded separators (hazards 8 to 10)
  '/api%2fadmin/users',
  '/api%2Fadmin%2Fusers',
  '/api/public%2f..%2fadmin/users',
  '/api%252fadmin/users',
  '/api\\admin\\users',
  '/api\\admin/users',
  '/api/\\admin/users',
  '/\\api/admin/users',
  '\\api\\admin\\users',
  '/api/public\\..\\admin/users',
  '/api/public\\../admin/users',
  '/api%5cadmin%5cusers',
  '/api/public/..%5c..%5cadmin',
  '/api/public\\..\\admin/users?#',
  '/api\\admin/users?#',
  // matrix params (hazard 11)
  '/api/admin;x=1',
  '/api/admin;x=1/users',
  '/api;x/admin/users',
  '/api/admin/users;jsessionid=1',
  '/api/;/admin/users',
  // cases (hazard 12)
  '/API/admin/users',
  '/api/ADMIN/users',
  '/Api/Admin/Users',
  '/api/aDmin',
  '/api/admin/USERS/',
  // encoded letters (hazard 193)
  '/api/%61dmin/users',
  '/%61pi/admin/users',
  '/api/admi%6e',
  '/api/%41dmin/users',
  '/api/%2561dmin/users',
  // absolute form (hazards 13, 21, 23)
  'http://localhost/api/admin/users',
  'HTTP://LOCALHOST/api/admin/users',
  'https://localhost/api/admin/users',
  'http://evil.example/api/admin/users',
  'http://localhost:80/API/admin/users',
  'http://localhost//api/admin/users',
  'http://localhost/x/../api/admin/users',
  'http://localhost\\api\\admin\\users',
  'http://localhost/api\\admin/users',
  'http://localhost?/api/admin/users',
  'http://localhost#/api/admin/users',
  'http://user@localhost/api/admin/users',
  'http://user:pw@localhost/api/admin/users',
  'http://localhost:99999/api/admin/users',
  'http://[::1]/api/admin/users',
  'http:/api/admin/users',
  'http:///api/admin/users',
  'x://h/api/admin/users',
  'javascript:/api/admin/users',
  '//localhost/api/admin/users',
  '//user@localhost/api/admin/users',
  '//user@localhost/api/admin/users?#',
  '//user@localhost/v1/api/admin/users#',
  '//user@localhost/acme/../api/admin/users?\xa0',
  '*',
  // ends of the path that one reader sees and another doesn't (hazards 24, 184)
  '/api/admin#',
  '/api/admin/users#x',
  '/api#/admin/users',
  '/#/api/admin/users',
  '/api/public/hello#/../../admin/users',
  '/api/admin/users?#',
  '/api/admin/users?a=#/b',
  '/api/admin%23/users',
  '/api/admin%3f/users',
  '/api/admin%00/users',
  '/api/admin%00',
  '/api/admin%20/users',
  '/api/admin%09',
  '/api/admin%0d%0a/users',
  '/api/admin./users',
  '/api/admin/users.json',
  '/api/admin.json',
  '/api.admin/users',
  // bytes that a parser trims, drops or folds (hazard 26)
  '/api/admin\t/users',
  '/api/ad\tmin/users',
  '\t/api/admin/users',
  '/\t/api/admin/users',
  '/api/admin/users\t',
  '/api/admin\x0c/users',
  '/api/admin\xa0',
  '/api/admin\xa0/users',
  '/api/admin\xef\xbb\xbf/users',
  '/api/\xe2\x80\xaeadmin/users',
  '/api/\xc0\xae\xc0\xae/admin/users',
  '/api/ad\xadmin/users',
  '/api/admin\x80/users',
  '/api/\xefadmin/users',
  '/api/%c0%ae%c0%ae/admin/users',
  '/api/admin/\xff?#',
  // characters that the legacy parser escapes: mounts then strip the wrong length
  '/{/x/api/admin/users?#',
  '/{/x/api/admin/users?\xa0',
  '/{/x/api/admin/users?\t',
  '/^/x/api/admin?#',
  '/`{/xxx/api/admin/users?#',
  'http://localhost/{/x/api/admin/users',
  '/x{/api/admin/users?#',
  '/api/{/admin/users#',
]

/** The tricks as they are, and below a mount path. */
const tricksFor = ({ at }: Guarded): string[] =>
  at === ''
    ? [...TRICKS]
    : [
        ...TRICKS,
        ...TRICKS.map((target) =>
          /^[a-z]+:\/\/[^/]*\//i.test(target)
            ? target.replace(/^([a-z]+:\/\/[^/]*)/i, `$1${at}`)
            : at + target,
        ),
        `${at}/../api/admin/users`,
        `${at.toUpperCase()}/api/admin/users`,
        `/x/..${at}/api/admin/users`,
        `/%2e%2e/api/admin/users`,
        `${at}%2f/api/admin/users`,
        `${at}.api/admin/users`,
        `${at}./api/admin/users`,
      ]

interface Reached {
  readonly target: string
  readonly file: string
  readonly pathname: string
}

/** What a handler of ours answered, or `undefined` for everybody else's answers. */
function toReached(target: string, answer: RawAnswer): Reached | undefined {
  if (answer.status !== 200) return undefined
  // Raw bytes: what is not chunked is the JSON itself.
  return { target, ...(JSON.parse(answer.body) as Omit<Reached, 'target'>) }
}

/** Whether an answer shows that the guard was passed by. */
function isBypass({ file, pathname }: Reached, { at, caseSensitive }: Guarded): boolean {
  const fold = (text: string) => (caseSensitive === true ? text : text.toLowerCase())
  const path = fold(pathname)
  const guarded = `${at}/api/admin`
  // A handler that asks the URL itself must not read a guarded path either.
  return file.startsWith('api/admin') || path === guarded || path.startsWith(`${guarded}/`)
}

async function askAll(port: number, targets: readonly string[]): Promise<Reached[]> {
  const reached: Reached[] = []
  for (let start = 0; start < targets.length; start += 20) {
    const answers = await Promise.all(
      targets.slice(start, start + 20).map(async (target) => {
        const answer = await rawGet(port, escapeBytes(target))
        return toReached(target, answer)
      }),
    )
    reached.push(...answers.filter((answer) => answer !== undefined))
  }
  return reached
}

describe('a guard on /api/admin in front of startApi()', () => {
  for (const guarded of prefixGuards) {
    it(`sees every request that could mean its path [${guarded.name}]`, async () => {
      const { port } = await listen(unescapeBytes(guarded.build()))
      const { at } = guarded
      // Both the guard and the routes are there.
      expect((await rawGet(port, `${at}/api/admin/users`)).body).toBe('denied')
      expect(await askAll(port, [`${at}/api/public/hello`])).toMatchObject([
        { file: 'api/public/hello.ts' },
      ])
      const reached = await askAll(port, tricksFor(guarded))
      expect(reached.filter((answer) => isBypass(answer, guarded))).toEqual([])
    })
  }
})

describe('a mount that strips a prefix of what it did not match', () => {
  const file = { 'admin/users.ts': { GET: () => new Response('reached') } }

  it.each(EXPRESSES)(
    'serves nothing where the legacy parser takes `//user@host` for an authority [%s]',
    async (_name, express) => {
      const { port } = await listen(
        create(express)
          .use('/:tenant/internal/admin', deny)
          .use('/:tenant', startApi(apiRoutes(file), { apiBaseURL: '/internal' }))
          .use(notFound),
      )
      expect((await rawGet(port, '/acme/internal/admin/users')).body).toBe('denied')
      // Express matches `/xinternal/admin/users` and strips ten characters: `//aaa@bb/x`.
      expect((await rawGet(port, '//aaa@bb/xinternal/admin/users?#')).body).toBe('legacy')
    },
  )

  it.each(EXPRESSES)(
    'serves nothing where a stripped dot segment would lead `request.url` elsewhere (hazard 6) [%s]',
    async (_name, express) => {
      const { port } = await listen(
        create(express)
          .use('/admin', deny)
          .use('/:org/:team', startApi(apiRoutes(file), { apiBaseURL: '/' }))
          .use(notFound),
      )
      expect((await rawGet(port, '/acme/a/admin/users')).body).toBe('reached')
      expect((await rawGet(port, '/acme/../admin/users')).body).toBe('legacy')
      expect((await rawGet(port, '/acme/%2E%2e/admin/users')).body).toBe('legacy')
    },
  )
})

describe('a guard on the exact path /api/admin/users', () => {
  const exactGuards = EXPRESSES.flatMap(([name, express]) => [
    ...SETTINGS.map((settings) => ({
      name: `${name}, ${describeSettings(settings)}`,
      build: (guard: Middleware) =>
        create(express, settings).all('/api/admin/users', guard).use(createApi()),
    })),
    {
      name: `${name}, in a strict and case-sensitive Router`,
      build: (guard: Middleware) =>
        create(express).use(
          express
            .Router({ caseSensitive: true, strict: true })
            .all('/api/admin/users', guard)
            .use(createApi()),
        ),
    },
    {
      name: `${name}, in a strict Router beside a lenient one`,
      build: (guard: Middleware) =>
        create(express)
          .use(express.Router({ strict: true }).all('/api/admin/users', guard))
          .use(express.Router().use(createApi())),
    },
  ])

  for (const { name, build } of exactGuards) {
    it(`sees every request for that file, HEAD included (hazards 12, 34) [${name}]`, async () => {
      const { port } = await listen(unescapeBytes(build(deny).use(notFound)))
      expect((await rawGet(port, '/api/admin/users')).body).toBe('denied')
      const reached = await askAll(port, [
        ...TRICKS,
        '/api/admin/users//',
        '/api/admin/users/?',
        '/api/admin/users%2f',
        '/API/ADMIN/USERS/',
        '/api/admin/Users',
      ])
      expect(reached.filter(({ file }) => file === 'api/admin/users.ts')).toEqual([])
      expect(reached.map(({ pathname }) => pathname)).not.toContain('/api/admin/users')
    })
  }
})

describe('a guard that reads Host', () => {
  it.each([
    'localhost:3000/abc?',
    'localhost/api/admin',
    'localhost#',
    'localhost\\api\\admin',
    'user:pw@localhost',
    'localhost:80/../x',
    'a b',
    '[::1',
    'a:b:c',
    '',
    '%2e%2e',
  ])('can not be passed by with another path in it: %j (hazards 13, 14)', async (host) => {
    const { port } = await listen(
      create(express5)
        .use('/api/admin', deny)
        .use(createApi())
        .use(((error, _req, res, _next) => {
          res.status(error.status).end()
        }) as express5.ErrorRequestHandler),
    )
    const answer = await rawGet(port, '/api/public/hello', [`Host: ${host}`])
    expect(answer.status).toBe(400)
    expect(answer.body).not.toContain('api/public/hello.ts')
  })
})

describe('any combination of tricks', () => {
  /** Mostly as it should be: with a trick at every step, nothing resembles a path any more. */
  const mostly = (plain: string, ...tricks: readonly string[]) =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(plain) }, fc.constantFrom(...tricks))
  const segment = (name: string) =>
    mostly(
      name,
      name.toUpperCase(),
      `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
      `${name};x=1`,
      `${name}.`,
      `${name}%00`,
      `${name}\t`,
      `${name}\xa0`,
      `${name}{`,
      `${name}/x/..`,
    )
  const separator = mostly(
    '/',
    '//',
    '/./',
    '/%2e/',
    '/x/../',
    '/x/%2e%2E/',
    '/;/',
    '\\',
    '/\\',
    '%2f',
    '%5c',
    '/\t/',
    '/{/',
    '#/',
    '?/',
  )
  const start = mostly(
    '',
    'http://localhost',
    'HTTP://evil.example:80',
    'http://u@h',
    '//h',
    '//u@h',
    '/..',
    '/x/%2e%2e',
    '/{/x',
    '/^^/xxx',
    '/v1',
    '/acme',
    '/acme\\..',
    '\\',
  )
  const end = mostly(
    '',
    '/',
    '//',
    '?',
    '?#',
    '#',
    '?\xa0',
    '?\t',
    ';',
    '.',
    '/.',
    '/..',
    '/../users',
    '%20',
    '%3f',
    '\t',
    '?x=//u@h/',
  )
  const target = fc
    .tuple(
      start,
      separator,
      segment('api'),
      separator,
      segment('admin'),
      separator,
      segment('users'),
      end,
    )
    .map((parts) => parts.join(''))

  it('reaches no handler behind a guard', async () => {
    const apps = await Promise.all(
      prefixGuards.map(async (guarded) => ({
        guarded,
        port: (await listen(unescapeBytes(guarded.build()))).port,
      })),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...apps), target, async ({ guarded, port }, target) => {
        const [reached] = await askAll(port, [guarded.at + target])
        expect(reached !== undefined && isBypass(reached, guarded) ? reached : 'guarded').toBe(
          'guarded',
        )
      }),
      { seed: 20260917, numRuns: 3000 },
    )
  })
})
