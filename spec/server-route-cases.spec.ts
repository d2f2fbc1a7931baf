// What Start v1 was seen to do, row by row, and where this package does otherwise on purpose.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AnyMiddleware,
  type RouteModules,
  StartApiError,
  createFileRoute,
  createMiddleware,
  createStart,
  json,
  notFound,
  redirect,
  startApi,
  type StartApiOptions,
} from 'express-start-api'
import {
  createServerFileRoute,
  getCookie,
  setCookie,
  setResponseHeader,
  setResponseHeaders,
  setResponseStatus,
} from 'express-start-api/server'
import { hosts, serve } from './support/hosts'

interface Expected {
  /** An HTTP status; `fallthrough`; or of start-up itself `ok` or `load-error`. */
  readonly status: number | string
  readonly body?: string
  readonly params?: Readonly<Record<string, string>>
  /** The file that answers. */
  readonly route?: string
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>
}

interface Case {
  readonly id: string
  readonly file: string
  readonly files?: readonly string[]
  /** What the file holds, in words; a GET that tells who it is where nothing is said. */
  readonly handler?: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly expect: Expected
}

const cases = JSON.parse(
  readFileSync(join(__dirname, 'fixtures/start-v1-cases.json'), 'utf8'),
) as readonly Case[]

/** What this package has nothing for. */
const NOT_OFFERED: Readonly<Record<string, string>> = {
  'v1-052': "the generator's option routeFilePrefix",
  'v1-061': "the generator's options indexToken and routeToken",
  'v1-063': 'virtual route configurations',
  'v1-138': "the page's params.parse",
  'v1-139': "the page's params.parse",
  'v1-140': "the page's params.parse",
  'v1-226': 'createCsrfMiddleware(), for server functions',
  'v1-228': 'createCsrfMiddleware(), for server functions',
}

/** Deliberate differences: what we do instead, and why. */
const DIFFERENCES: Readonly<Record<string, { readonly expect: Expected; readonly why: string }>> = {
  'v1-133': { expect: { status: 'load-error' }, why: 'one of two params of a name would be lost' },
  'v1-143': { expect: { status: 'fallthrough' }, why: "Express's guards don't collapse `//`" },
  'v1-145': { expect: { status: 'fallthrough' }, why: "Express's guards don't decode paths" },
  'v1-163': { expect: { status: 400, body: 'error handler' }, why: "errors are the application's" },
  'v1-164': { expect: { status: 200 }, why: 'as in newer releases of Start' },
  'v1-169': { expect: { status: 'fallthrough' }, why: 'what follows is not ours' },
  'v1-184': { expect: { status: 500, body: 'error handler' }, why: "errors are the application's" },
  'v1-192': { expect: { status: 404, body: 'Not found' }, why: 'that is what it means' },
  'v1-198': { expect: { status: 500 }, why: 'it is documented nowhere' },
  'v1-222': { expect: { status: 'load-error' }, why: 'what can not work is told at start-up' },
  'v1-231': { expect: { status: 404 }, why: 'as in newer releases of Start' },
  'v1-234': {
    expect: { status: 404, headers: { 'x-a': '1' } },
    why: 'as in newer releases of Start',
  },
  'v1-237': {
    expect: { status: 302, headers: { 'set-cookie': ['a=1'] } },
    why: 'as in newer releases of Start',
  },
  'v1-240': {
    expect: { status: 200, headers: { 'x-a': '1' } },
    why: 'as in newer releases of Start',
  },
  'v1-254': {
    expect: { status: 'load-error' },
    why: 'case alone must not decide which file answers',
  },
  'v1-259': { expect: { status: 200 }, why: 'GET answers HEAD (RFC 9110, 9.3.2)' },
  'v1-260': { expect: { status: 500 }, why: 'a forgotten return is an error, as in v1' },
  'v1-261': {
    expect: { status: 'fallthrough' },
    why: 'a route answers its own path only, as in v1',
  },
}

type Handler = (context: {
  request: Request
  params: Record<string, string>
  context: Record<string, unknown>
  next(): never
}) => unknown

type Server = Record<string, unknown>

/** A route file of v1. */
function toFile(server: Server, more: object = {}): object {
  return { Route: createFileRoute('/')({ server, ...more } as never) }
}

const get = (handler: Handler, more?: object) => toFile({ handlers: { GET: handler } }, more)
const middleware = (run: (options: never) => unknown): AnyMiddleware =>
  createMiddleware().server(run as never)
const behind = (list: readonly AnyMiddleware[], handler: Handler = () => new Response('handler')) =>
  toFile({ middleware: list, handlers: { GET: handler, POST: handler } })
const own = (run: Handler) => get(run)
const text = (value = 'x', init?: ResponseInit) => new Response(value, init)

interface Next {
  next(options?: object): Promise<{ response: Response; context: Record<string, unknown> }>
}

/** Adds a name to the list in `context.log`. */
const log = (name: string): AnyMiddleware =>
  middleware(({ next, context }: Next & { context: { log?: string } }) =>
    next({ context: { log: `${context.log ?? ''}${name}` } }),
  )

const showLog: Handler = ({ context }) => text(String(context['log']))
const showMethod =
  (name: string): Handler =>
  ({ request }) =>
    text('', { headers: { 'x-handler': name, 'x-method': request.method } })

const dependency = log('A')
const dependent = createMiddleware()
  .middleware([dependency])
  .server((({ next, context }: Next & { context: { log: string } }) =>
    next({ context: { log: `${context.log}B` } })) as never)

const PARAMS = {
  'api/params/$foo/route.ts': own(({ params }) => text(`hello, ${params['foo']}`)),
  'api/params/$foo/$bar.ts': own(({ params }) =>
    text(`hello, ${params['foo']} and ${params['bar']}`),
  ),
}

/** What the files of a row hold: by its id, one for `file` and, where named, the others. */
const FILES: Readonly<Record<string, object | Readonly<Record<string, object>>>> = {
  'v1-064': {
    Route: createFileRoute('/wrong')({
      server: { handlers: { GET: tell('users/$id.ts') } },
    } as never),
  },
  'v1-165': own(() => Response.json({ message: 'Hello, World!' })),
  'v1-166': toFile({
    handlers: {
      POST: async ({ request }: { request: Request }) =>
        text(`Hello, ${((await request.json()) as { name: string }).name}!`),
    },
  }),
  'v1-167': own(() => text('User not found', { status: 404 })),
  'v1-168': toFile({ handlers: { POST: () => text() } }),
  'v1-169': own(() => text()),
  'v1-171': toFile({ handlers: { ANY: showMethod('ANY') } }),
  'v1-172': toFile({ handlers: { ANY: showMethod('ANY') } }),
  'v1-174': toFile({ handlers: { GET: showMethod('GET'), ANY: showMethod('ANY') } }),
  'v1-175': toFile({ handlers: { GET: showMethod('GET'), ANY: showMethod('ANY') } }),
  'v1-176': own(() =>
    text('<a/>', { headers: { 'content-type': 'application/xml; charset=utf-8' } }),
  ),
  'v1-178': own(() => redirect({ to: '/api/head-fallback', statusCode: 307 } as never)),
  'v1-179': PARAMS,
  'v1-180': PARAMS,
  'v1-182': toFile({
    handlers: ({ createHandlers }: { createHandlers(handlers: object): object }) =>
      createHandlers({ GET: { middleware: [log('mw')], handler: showLog } }),
  }),
  'v1-184': own(() => {
    throw new Error('secret')
  }),
  'v1-187': own(() => {
    throw redirect({ to: '/login' } as never)
  }),
  'v1-188': own(() => redirect({ href: 'https://example.com/' })),
  'v1-189': own(() => redirect({ href: '/y', statusCode: 301 })),
  'v1-190': own(() => redirect({ to: 'login' } as never)),
  'v1-191': own(() => redirect({ to: '/login', search: () => ({}) } as never)),
  'v1-192': own(() => {
    throw notFound()
  }),
  'v1-197': own(() => ({ a: 1 })),
  'v1-198': own(() => ({ response: text('ok') })),
  'v1-200': get(({ next }) => next(), { component: () => null }),
  'v1-203': { 'users.ts': own(tell('users.ts')), 'users/$id.ts': own(tell('users/$id.ts')) },
  'v1-204': behind([dependent], showLog),
  'v1-205': behind([dependent, log('C'), dependency], showLog),
  'v1-206': toFile({
    middleware: [log('auth ')],
    handlers: { POST: { middleware: [log('validate')], handler: showLog } },
  }),
  'v1-207': { '_auth.ts': toFile({ middleware: [log('auth')] }), '_auth/secret.ts': own(showLog) },
  'v1-208': { 'users.ts': toFile({ middleware: [log('users')] }), 'users/$id.ts': own(showLog) },
  'v1-209': { 'users.ts': toFile({ middleware: [log('users')] }), 'users_.$id.ts': own(showLog) },
  'v1-211': behind([dependency], showLog),
  'v1-213': behind([middleware(() => text('no', { status: 401 }))]),
  'v1-215': behind([
    middleware(async ({ next }: Next) => {
      const result = await next()
      result.response.headers.set('x-test', 'true')
      return result
    }),
  ]),
  'v1-216': behind([
    middleware(async ({ next }: Next) => {
      await next()
      return text('replacement')
    }),
  ]),
  'v1-219': behind([
    middleware(async ({ next }: Next) => {
      await next()
      throw text('handled', { status: 418 })
    }),
  ]),
  'v1-220': behind([
    middleware(async ({ next }: Next) => {
      await next()
    }),
  ]),
  'v1-222': behind([createMiddleware()]),
  'v1-224': behind(
    [
      middleware(({ next }: Next) => next({ context: { a: 1 } })),
      middleware(({ next }: Next) =>
        next({ context: JSON.parse('{"a":2,"b":3,"__proto__":{"c":4}}') as object }),
      ),
    ],
    ({ context: { a, b, c } }) => json({ a, b, c }),
  ),
  'v1-225': behind([middleware((options: Next) => json(Object.keys(options).sort()))]),
  'v1-229': own(() => text()),
  'v1-230': toFile({ middleware: [log('users')], handlers: { GET: () => text() } }),
  'v1-231': own(() => {
    setResponseStatus(404)
    return text()
  }),
  'v1-233': own(() => {
    setResponseHeader('content-type', 'application/json')
    return text('{}')
  }),
  'v1-234': own(() => {
    setResponseHeader('x-a', '1')
    return text('x', { status: 404 })
  }),
  'v1-237': own(() => {
    setCookie('a', '1')
    return Response.redirect('http://localhost/y')
  }),
  'v1-238': own(() => {
    setCookie('a', '1')
    setCookie('a', '2')
    return text()
  }),
  'v1-239': own(() => {
    setCookie('a', '1', { path: '/x' })
    setCookie('a', '2')
    return text()
  }),
  'v1-240': own(() => {
    setResponseHeaders(new Headers({ 'x-a': '1' }))
    return text()
  }),
  'v1-241': own(() => {
    setResponseHeader('x-a', ['1', '2'])
    return text()
  }),
  'v1-242': own(() => {
    setCookie('a', '1')
    throw new Error('x')
  }),
  'v1-243': own(() => {
    setCookie('a', '1')
    return text(String(getCookie('a')))
  }),
  'v1-256': {
    ServerRoute: createServerFileRoute('/').methods((api) => ({
      GET: api.middleware([log('mw')]).handler(showLog as never),
    })),
  },
  'v1-257': { ServerRoute: createServerFileRoute('/').methods({ get: () => text() } as object) },
  'v1-259': { ServerRoute: createServerFileRoute('/').methods({ GET: () => text() }) },
  'v1-260': {
    ServerRoute: createServerFileRoute('/').methods({ GET: () => undefined as never }),
  },
  'v1-261': { ServerRoute: createServerFileRoute('/').methods({ GET: () => text() }) },
  'v1-262': {
    ServerRoute: createServerFileRoute('/').methods({ GET: tell('api/users/$id.ts') as never }),
  },
}

/** What a row's application is set up with besides its files. */
const OPTIONS: Readonly<Record<string, StartApiOptions>> = {
  'v1-211': { start: createStart(() => ({ requestMiddleware: [dependency] })) },
}

/** What rows describe in their notes. */
const BODIES: Readonly<Record<string, string>> = {
  'v1-182': 'mw',
  'v1-204': 'AB',
  'v1-205': 'ABC',
  'v1-206': 'auth validate',
  'v1-207': 'auth',
  'v1-208': 'users',
  'v1-209': 'undefined',
  'v1-211': 'A',
  'v1-220': 'handler',
  'v1-224': '{"a":2,"b":3}',
  'v1-225': '["context","handlerType","next","params","pathname","request"]',
  'v1-243': 'undefined',
  'v1-256': 'mw',
}

function tell(file: string): Handler {
  return ({ params }) => tellWith(params, file)
}

function tellWith(params: object, file: string): Response {
  return json({ file, params })
}

describe('Start v1, case by case', () => {
  const offered = cases.filter(({ id }) => NOT_OFFERED[id] === undefined)

  it.each(offered.map((row) => [row.id, toTitle(row), row] as const))(
    '%s: %s',
    async (id, _, row) => {
      const answer = await run(row)
      const expected = DIFFERENCES[id]?.expect ?? row.expect
      const { status, body = BODIES[id], headers = {} } = expected
      // Bodies tell route and params where no row says what they are.
      const { params, route } = body === undefined ? expected : ({} as Partial<Expected>)
      expect({
        status: answer.status,
        body: body === undefined ? undefined : answer.body,
        params: params && answer.params,
        route: route && answer.route,
        headers: Object.keys(headers).map((name) => toText(answer.headers?.[name])),
      }).toEqual({ status, body, params, route, headers: Object.values(headers).map(toText) })
    },
  )

  it('is departed from only where the table of differences says so', () => {
    const known = new Map(cases.map((row) => [row.id, row]))
    for (const [id, { expect: ours }] of Object.entries(DIFFERENCES)) {
      expect(known.get(id)?.expect).not.toMatchObject(ours)
    }
  })
})

/** Without the attributes of cookies, on which releases differ. */
function toText(value: string | readonly string[] | null | undefined): string {
  return [value ?? 'none']
    .flat()
    .map((item) => item.replace(/(^a=\d)(?:;.*|\.\.\.)/, '$1'))
    .join()
}

function toTitle({ id, file, files, handler, request, expect: { status } }: Case): string {
  const what = files === undefined ? file : files.join(' + ')
  const holding = handler === undefined ? '' : ` (${handler})`
  const asked = request.path === '' ? '' : `, ${request.method} ${request.path}`
  const difference = DIFFERENCES[id]
  const result =
    difference === undefined
      ? status
      : `${difference.expect.status}, other than in Start: ${difference.why}`
  return `${what}${holding}${asked} is ${result}`
}

function toModules({ id, file, files = [file] }: Case): RouteModules {
  const held = FILES[id]
  if (held === undefined) {
    return Object.fromEntries(files.map((name) => [name, own(tell(name))]))
  }
  return files.some((name) => name in held) ? { ...held } : { [file]: held }
}

/** Start-up, and the request through Express with a legacy 404 behind. */
async function run(row: Case): Promise<Expected> {
  const { method, path, headers, body } = row.request
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
  try {
    const api = startApi(toModules(row), { apiBaseURL: '/', ...OPTIONS[row.id] })
    await api.ready
    if (path === '') return { status: 'ok' }
    const { url } = await serve(hosts[0]!, [api])
    const init = { method, redirect: 'manual', ...(headers && { headers }), ...(body && { body }) }
    return await toAnswer(await fetch(url + path, init as RequestInit))
  } catch (error) {
    if (error instanceof StartApiError && error.files !== undefined) return { status: 'load-error' }
    throw error
  } finally {
    warn.mockRestore()
  }
}

async function toAnswer(response: Response): Promise<Expected> {
  const body = await response.text()
  if (body.startsWith('legacy ')) return { status: 'fallthrough' }
  const told = (body.startsWith('{') ? JSON.parse(body) : {}) as {
    file?: string
    params?: Record<string, string>
  }
  return {
    status: response.status,
    body,
    headers: {
      ...Object.fromEntries(response.headers),
      ...(response.headers.has('set-cookie') && { 'set-cookie': response.headers.getSetCookie() }),
    },
    ...(told.file !== undefined && { route: told.file }),
    ...(told.params !== undefined && { params: told.params }),
  }
}
