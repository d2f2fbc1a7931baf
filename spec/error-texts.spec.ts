// docs/errors.md: every message that the package can print. The page is written by this spec, which
// provokes what can be provoked; messages of lib/ that are missing on it are named. A new message goes
// into SECTIONS, then: UPDATE_ERRORS=1 npx jest error-texts
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  type AnyMiddleware,
  type StartApiOptions,
  createAPIRoute,
  defaultAPIRoutesHandler,
  fromExpress,
  redirect,
  startApi,
  startHandler,
} from 'express-start-api'
import {
  defaultStreamHandler,
  createStartHandler,
  getRequest,
  readBody,
  requestHandler,
  sendRedirect,
  setCookie,
  updateSession,
  writeEarlyHints,
} from 'express-start-api/server'
import { runCommand } from '../lib/cli/run-command'
import { type Handler, route } from './support/ask'
import { type ChainHandler, chainX, middleware } from './support/chain'
import { type Layer, hosts, serve } from './support/hosts'
import { findCodes, findSentences, toWords } from './support/messages-in-lib'
import { rawHead, rawRequest } from './support/raw-request'
import { routeText, routeTexts, routesDirectory } from './support/routes-directory'

const page = resolve(__dirname, '../docs/errors.md')

/** A message as it is written in lib/, where provoking it needs another environment. */
type Text = string | (() => string | Promise<string>)

interface Section {
  /** The code of an error, or a subject. */
  readonly title: string
  /** When it comes, and to whom. */
  readonly about: string
  readonly texts: readonly Text[]
}

async function messageOf(fail: () => unknown): Promise<string> {
  try {
    await fail()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error(`Nothing was thrown by ${String(fail)}`)
}

const thrown = (fail: () => unknown) => () => messageOf(fail)

/** Of `startApi()` itself or of its `ready`. */
function starting(
  files: Readonly<Record<string, string>>,
  options?: StartApiOptions,
  inside = '',
): Text {
  return thrown(() => startApi(routesDirectory(files, inside), options).ready)
}

function option(options: object): Text {
  return thrown(() => startApi({}, options))
}

function warning(files: Readonly<Record<string, string>>, inside = ''): Text {
  return async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      await startApi(routesDirectory(files, inside)).ready
      return String(warn.mock.calls[0]![0])
    } finally {
      warn.mockRestore()
    }
  }
}

interface Asked {
  readonly line?: string
  readonly headers?: readonly string[]
  readonly body?: string
  readonly options?: StartApiOptions
  readonly before?: readonly Layer[]
}

/** What the error middleware of an Express application is given. */
function asking(
  handler: Handler,
  { line, headers = [], body = '', options, before = [] }: Asked = {},
): Text {
  return async () => {
    const app = await serve(hosts[0]!, [...before, route(handler, options)])
    const length = body === '' ? [] : [`Content-Length: ${body.length}`]
    const head = rawHead(line ?? 'POST /api/x/7 HTTP/1.1', [...length, ...headers])
    await rawRequest(app.port, head + body)
    const [error] = app.errors
    if (error === undefined) throw new Error(`Nothing was thrown by ${String(handler)}`)
    return (error as Error).message
  }
}

/** What asking a route of v1 with middleware rejects with. */
function failing(list: readonly AnyMiddleware[], handler: ChainHandler = ok): Text {
  return thrown(() => chainX(list, handler).fetch('/api/x'))
}

function command(...args: readonly string[]): Text {
  return async () => {
    const message = await messageOf(() => runCommand(args))
    return `start-api: ${message.split('\n\n')[0]}`
  }
}

const ok = () => new Response('ok')
/** With one chunk, and no end. */
const streamOf = (chunk: unknown) =>
  new ReadableStream<never>({ start: (controller) => controller.enqueue(chunk as never) })
const apiRoute = (methods: string) => `exports.APIRoute = { methods: ${methods} }`
const serverRoute = (server: string) => `exports.Route = { options: { server: ${server} } }`
const password = 'a password of thirty-two characters'

const SECTIONS: readonly Section[] = [
  {
    title: 'ERR_START_API_DIRECTORY',
    about: "Thrown by `startApi()`: the routes directory can't be used.",
    texts: [
      thrown(() => startApi(join(routesDirectory({}), 'nothing'))),
      thrown(() => startApi(join(routesDirectory({ 'a.js': '' }), 'a.js'))),
      "The routes directory /app/routes can't be read, because of /app/routes/api in it. Give the process read permission on it and on the folders in it.",
      "The routes directory /app/routes can't be read (EIO).",
    ],
  },
  {
    title: 'ERR_START_API_CONFLICT',
    about: 'Thrown by `startApi()`: no order decides between files that answer the same URLs.',
    texts: [
      starting(routeTexts('api/users.js', 'api.users.js')),
      starting(routeTexts('api/$id.js', 'api/$name.js', 'api/Users.js', 'api/users.js')),
      starting({
        'api/a.js': serverRoute('{ middleware: [] }'),
        'api/a.route.js': serverRoute('{ middleware: [] }'),
      }),
    ],
  },
  {
    title: 'ERR_START_API_ROUTE_FILE',
    about:
      "`api.ready` rejects, or `startApi()` throws where names alone tell: all files that can't be used, in one error, whose `cause` is what they threw.",
    texts: [
      starting({
        'api/a.js': `throw new TypeError('whatever the file threw')`,
        'api/b.js': `throw 'text'`,
        'api/c.js': 'exports.APIRoute = 1',
        'api/d.js': 'exports.APIRoute = {}',
        'api/e.js': apiRoute('{}'),
        'api/f.js': apiRoute('{ GET: 1, get() {}, FETCH() {} }'),
      }),
      starting({
        'api/a.js': `exports.ServerRoute = { options: {} }`,
        'api/b.js': serverRoute('{ handlers: 1 }'),
        'api/c.js': serverRoute('{ handlers: { GET: 1, get() {} } }'),
        'api/d.js': serverRoute('{ middleware: 1 }'),
        'api/e.js': serverRoute('{ middleware: [1] }'),
        'api/f.js': serverRoute('{ middleware: [() => {}] }'),
        'api/g.js': serverRoute('{ middleware: [(req, res, next) => next()] }'),
        'api/h.js': serverRoute('{ middleware: [{ options: { type: "function" } }] }'),
        'api/i.js': serverRoute('{ middleware: [{ options: {} }] }'),
        'api/j.js': `const own = { options: { server() {} } }\nown.options.middleware = [own]\n${serverRoute('{ middleware: [own] }')}`,
      }),
      starting({
        'api/a.js': serverRoute('{ GET() {} }'),
        'api/b.js': `${serverRoute('{ handlers: {} }')}\n${apiRoute('{ GET() {} }')}`,
      }),
      starting(routeTexts('api/$.a.js', 'api/$__proto__.js', 'api/$id/$id.js')),
      starting({
        'api/a[$]b.js': serverRoute('{ handlers: {} }'),
        'api/(group).js': serverRoute('{ handlers: {} }'),
        'api/[.][.].js': serverRoute('{ handlers: {} }'),
      }),
      starting({ '../start.js': '// createStart', 'api/a.js': routeText('a') }, {}, 'routes'),
      "A route file can't be used:\n  api/a.ts: SyntaxError: Unexpected token ':' (at /app/routes/api/a.ts:3). If nothing here loads TypeScript: start the app with tsx, ts-node or Node 22.18 or newer, compile the routes, or pass the option `load`",
      'A route file can\'t be used:\n  api/a.js: SyntaxError: Cannot use import statement outside a module. If the file is an ES module, name it .mjs or .mts, or put a package.json of {"type":"module"} into the routes directory; if it is loaded by other means than Node\'s, pass the option `load`',
      "A route file can't be used:\n  api/a.tsx: SyntaxError: Unexpected token '<' (at /app/routes/api/a.tsx:3). Node compiles no .tsx files: start the app with tsx or ts-node, compile the routes, or pass the option `load`",
      'A route file can\'t be used:\n  api/a.ts: SyntaxError: The requested module \'../../users.ts\' does not provide an export named \'users\' (at /app/routes/api/a.ts:1). Node reads that file as CommonJS, as its package.json says. If it is written with `export`: put "type": "module" there, or a package.json of {"type":"module"} beside the file',
      "A route file can't be used:\n  api/a.ts: SyntaxError: TypeScript enum is not supported in strip-only mode. Node only removes types: start the app with tsx or ts-node, which compile enums, parameter properties and the like, or compile the routes",
      "A route file can't be used:\n  api/a.ts: Cannot find module '/app/users' imported from /app/routes/api/a.ts. Node wants whole file names in imports, such as \"./users.ts\": write them, or start the app with tsx or ts-node",
      "A route file can't be used:\n  api/a.ts: SyntaxError: Unexpected token ':'. In vitest, pass the option `load: (file) => import(file)`",
      "A route file can't be used:\n  api/a.mjs: You need to run with a version of node that supports ES Modules in the VM API. In jest, run Node with --experimental-vm-modules, or have the file transformed to CommonJS",
    ],
  },
  {
    title: 'Warnings at start-up',
    about: 'On stderr; the other files are served.',
    texts: [
      warning({ 'api/typo.js': 'exports.ApiRoute = {}' }),
      warning(routeTexts('api/users/:id.js')),
      warning({}),
      '[start-api] Option `ignore`: no route file is named api/users.ts, is in a folder of that name, or matches it as a glob. Names are relative to the routes directory, and end as the files do.',
      "[start-api] The object of modules holds no API route file. Add one, e.g. api/hello.ts with `export const APIRoute = createAPIFileRoute('/api/hello')({ GET: … })`.",
      "[start-api] api/a.ts doesn't finish loading, and no request is answered before it does. Does it import a module that awaits `ready`, or await something that never comes?",
    ],
  },
  {
    title: 'Arguments of startApi()',
    about: 'TypeErrors, thrown by the call.',
    texts: [
      thrown(() => startApi('')),
      thrown(() => startApi({}, 1 as never)),
      option({ bodyLimit: 1 }),
      option({ apiBaseURL: 1 }),
      option({ apiBaseURL: '/api/:version' }),
      option({ fallthrough: 1 }),
      option({ caseSensitive: 1 }),
      option({ dev: 1 }),
      option({ dev: true }),
      option({ handler: 1 }),
      option({ middleware: 1 }),
      option({ start: 1 }),
      option({ timeout: 0 }),
      option({ context: 1 }),
      option({ ignore: 1 }),
      option({ load: 1 }),
      option({ maxBodySize: '1mb' }),
      option({ plugins: 1 }),
    ],
  },
  {
    title: 'Arguments of startHandler() and fromExpress()',
    about: 'TypeErrors, thrown by the call.',
    texts: [
      thrown(() => startHandler(1 as never)),
      thrown(() => startHandler(ok, 1 as never)),
      thrown(() => startHandler(ok, { fallthrough: 1 as never })),
      thrown(() => fromExpress([])),
      thrown(() => fromExpress(1 as never)),
      thrown(() =>
        fromExpress(((_a: unknown, _b: unknown, _c: unknown, _d: unknown) => {}) as never),
      ),
    ],
  },
  {
    title: 'ERR_START_API_BAD_PARAM',
    about:
      "The client's mistake, with status 400: handed to the error middleware before a handler runs.",
    texts: [asking(ok, { line: 'GET /api/x/%E0%A4 HTTP/1.1' })],
  },
  {
    title: 'ERR_START_API_BAD_HOST',
    about:
      "The client's mistake, with status 400, likewise; or thrown by helpers that are told to believe `X-Forwarded-Host`.",
    texts: [
      async () => {
        const app = await serve(hosts[0]!, [route(ok)])
        await rawRequest(
          app.port,
          'GET /api/x/7 HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n',
        )
        return (app.errors[0] as Error).message
      },
    ],
  },
  {
    title: 'ERR_START_API_BODY_TOO_LARGE',
    about:
      "The client's mistake, with status 413: before the handler runs where the client declares the length, else from the read that exceeds it.",
    texts: [asking(ok, { body: 'too long', options: { maxBodySize: 4 } })],
  },
  {
    title: 'Malformed bodies, clients that leave',
    about:
      'Rejections of `request.json()`, `request.formData()` and `readFormData()`, with status 400; and of reads and streams whose client has left, as an `AbortError`, which is no error of the application.',
    texts: [
      asking(({ request }) => request.json(), {
        body: '{"a":',
        headers: ['Content-Type: application/json'],
      }),
      asking(({ request }) => request.formData(), {
        body: 'x',
        headers: ['Content-Type: multipart/form-data; boundary=y'],
      }),
      'The client left before its request body was complete.',
      'The client left.',
    ],
  },
  {
    title: 'ERR_START_API_BODY_CONSUMED',
    about: 'Rejections of what reads a body that is not there any more.',
    texts: [
      asking(({ request }) => request.text(), {
        body: 'x',
        before: [(req, _res, next) => req.resume().on('end', () => next())],
      }),
      asking(
        async ({ request }) => {
          await request.text()
          await readBody()
        },
        { body: 'x' },
      ),
      'The request body was still unread when the answer had been sent, and is discarded. Read it before the handler returns.',
      'A middleware given to fromExpress() reads the request body, which has been read already: through `request`, or by a parser in front. Run it first, or read `request` after it.',
    ],
  },
  {
    title: 'ERR_START_API_BAD_RESULT',
    about: "Handed to the error middleware: what a handler returned can't be sent.",
    texts: [
      asking(() => ({ id: 1 })),
      asking(ok, { options: { handler: (() => undefined) as never } }),
      async () => {
        const app = await serve(hosts[0]!, [startHandler(() => 'text' as never)])
        await rawRequest(app.port, rawHead('GET /api/x HTTP/1.1'))
        return (app.errors[0] as Error).message
      },
      failing([], (({ next }: { next(): unknown }) => next()) as never),
      ...[
        () => undefined,
        () => 'text',
        async ({ next }: { next(): unknown }) => {
          await next()
          return next()
        },
        async ({ next }: { next(): Promise<object> }) =>
          Object.assign(await next(), { response: 'text' }),
      ].map((run) => failing([middleware(run as never)])),
      'server.middleware[0] of api/x.ts (GET api/x.ts) called next() after it had ended; await next(), or return it.',
    ],
  },
  {
    title: 'ERR_START_API_BAD_RESPONSE',
    about: 'Handed to the error middleware, or, once the answer has begun, on stderr.',
    texts: [
      asking(() => Response.error()),
      asking(async () => {
        const response = new Response('x')
        await response.text()
        return response
      }),
      asking(
        () => new Response(streamOf(Buffer.from('abc')), { headers: { 'content-length': '2' } }),
      ),
      asking(
        () => new Response(streamOf(Buffer.from('abc')), { headers: { 'content-length': '3, 3' } }),
      ),
      asking(() => new Response(streamOf({ id: 1 }))),
      '[start-api] GET failed after its answer had begun: …',
    ],
  },
  {
    title: 'ERR_START_API_THROWN',
    about: 'Handed to the error middleware; `cause` is what was thrown.',
    texts: [
      asking(() => {
        throw 'text'
      }),
      asking(ok, {
        options: {
          handler() {
            throw undefined
          },
        },
      }),
      asking(
        () => new Response(new ReadableStream({ start: (controller) => controller.error('text') })),
      ),
    ],
  },
  {
    title: 'ERR_START_API_TIMEOUT',
    about:
      'Handed to the error middleware with status 504; the reason of `request.signal` is a `TimeoutError`.',
    texts: [
      asking(() => new Promise(() => {}), { options: { timeout: 1 } }),
      'The handler had 1 ms.',
    ],
  },
  {
    title: 'ERR_START_API_NO_NODE_REQUEST',
    about: 'What `api.fetch()` rejects with for routes that need `req` and `res`.',
    texts: [
      thrown(() => chainX([fromExpress((_req, _res, next) => next())], ok).fetch('/api/x')),
      'The client left while Express middleware ran.',
      '[start-api] Express middleware failed after its next(): …',
    ],
  },
  {
    title: 'ERR_START_API_NO_REQUEST',
    about: 'Thrown by helpers.',
    texts: [thrown(() => getRequest())],
  },
  {
    title: 'Arguments of helpers',
    about: 'Errors of the developer, thrown by the helper.',
    texts: [
      asking(() => setCookie('a b', 'x')),
      asking(() => setCookie('a', 'x', { path: '/; Domain=x' })),
      asking(() => sendRedirect('//other.example')),
      asking(() => writeEarlyHints('/style.css')),
      asking(() => updateSession({ password }, { text: 'x'.repeat(400_000) })),
      thrown(() => createStartHandler()),
      thrown(() => requestHandler()),
      thrown(() => defaultStreamHandler()),
      thrown(() =>
        defaultAPIRoutesHandler({
          routes: { '/api/a': createAPIRoute('/api/b')({ GET: ok }) } as never,
        }),
      ),
    ],
  },
  {
    title: 'Arguments of redirect()',
    about: 'TypeErrors, thrown by the call.',
    texts: (
      [
        { to: '/a', statusCode: 200 },
        {},
        { to: '/a?b=1', search: { c: 1 } },
        { to: '/a', params: 1 },
        { to: '/$/a', params: { _splat: 'x' } },
        { to: '/$id' },
        { to: 'a' },
        { to: '//a' },
        { href: 'javascript:x' },
        { to: '/a', search: 1 },
        { to: '/a', hash: 1 },
      ] as object[]
    ).map((options) => thrown(() => redirect(options as never))),
  },
  {
    title: 'Dev mode',
    about: 'On stderr, once each. A broken file answers its URL with 500 and its reason.',
    texts: [
      '[start-api] dev mode: 1 route file in routes\n  GET POST  /api/users  api/users.ts',
      '[start-api] never reached, because of what is in front:\n  GET  /api/users  behind api/users.ts',
      "[start-api] A route file can't be used:\n  ../start.ts no longer names createStart; what it exported last stays in use. Export a `startInstance` again, or remove the file.",
      'api/users.ts: TypeError: boom (at routes/api/users.ts:3)\n\n(express-start-api in dev mode)',
      '[start-api] api/users.ts: no problem any more',
      '[start-api] api/_auth.ts no longer exports a route. Export it again, or remove the file.',
      "[start-api] api/_auth/users.ts is not served without the middleware of api/_auth.ts, which can't be used. Mend that file.",
      '[start-api] api/users.ts was empty: it has a GET now',
      '[start-api] api/users.ts: path literal corrected',
      "[start-api] api/users.ts can't be written (EACCES), and stays as it is. Give the process write permission on its folder, or correct it as `start-api check` says.",
      "[start-api] database.ts has changed, but the old one stays in use: what ES modules import, and what the application itself has loaded, can't be loaded again. Restart the application; `node --watch` or `tsx watch` do so by themselves.",
      "[start-api] can't watch the route files (ENOSPC): changes are seen with the next request.",
    ],
  },
  {
    title: 'The command',
    about: "On stderr; the exit code is 2 for arguments, 1 otherwise. The command's help follows.",
    texts: [
      command(),
      command('rout'),
      command('routes', 'a', 'b'),
      command('new'),
      command('routes', ''),
      command('manifest', routesDirectory({}), '-o', 'x.json'),
      command('new', '/api/a', '--methods', 'FETCH'),
      command('new', 'users'),
      command('new', '/users'),
      command('new', '/api/users/:id'),
      command('new', '/api/a.b'),
      command('new', '/api/users', '--dir', routesDirectory(routeTexts('api.users.js'))),
      command('status', 'nothing.js'),
      'start-api: app.js has no Express application. Export it (as default, as `app`, or as a function that returns it), or name the export with --export.',
      "start-api: app.js can't be loaded: TypeError: boom (at app.js:3)",
      '[start-api] app.js failed beside its routes: …',
      'start-api: a module ended the process before the command was done, or never finishes loading.',
      "start-api: stdout can't be written (ENOSPC: no space left on device, write): what it has is not the whole output. Make room, or send it elsewhere.",
    ],
  },
  {
    title: 'start-api check',
    about: 'On stdout, beside what start-up would say.',
    texts: [
      async () => {
        const made = `createAPIFileRoute = (path) => (methods) => ({ path, methods })\nexports.APIRoute = createAPIFileRoute('/api/user')({ GET: () => {} })`
        const directory = routesDirectory({
          'api/users.js': made,
          'api/load.test.js': routeText('x'),
        })
        const { stdout } = await runCommand(['check', directory, '--json'])
        const { problems } = JSON.parse(stdout!) as { problems: { message: string }[] }
        return problems.map(({ message }) => message).join('\n')
      },
      "createAPIFileRoute('/api/user') disagrees with the file's name, which spells /api/users. The file can't be written (EACCES): give the process write permission on its folder.",
    ],
  },
]

/** Strings that are no messages: what is looked for, written into files, or part of a table. */
const IGNORED = new Set([
  'lib/routes/scaffold.ts',
  // Of commands and their help.
  'summary',
  'usage',
  'HELP',
  'toManifest',
])

const NO_MESSAGES = new Set([
  'Cannot require() ES Module',
  'Content-Disposition: form-data; name="',
  'Method not allowed',
  'case sensitive routing',
  'is up to date',
  'moved to route files',
  'never answers, behind',
  ': remove what is not needed, or mount it in front.',
  'trust proxy fn',
])

async function toPage(): Promise<string> {
  const sections: string[] = []
  for (const { title, about, texts } of SECTIONS) {
    const blocks: string[] = []
    for (const text of texts) {
      const message = typeof text === 'string' ? text : await text()
      blocks.push(`\`\`\`text\n${withoutPlaces(message)}\n\`\`\``)
    }
    sections.push([`## ${title}`, about, ...blocks].join('\n\n'))
  }
  return `<!-- Written by spec/error-texts.spec.ts. -->

# Messages

Every message of the package, by the \`code\` of the error where it has one. Tell errors apart by \`code\`: two copies of the package may be loaded. Each message says what happened, where, and what to do about it; file names are relative to the routes directory. Answers that are ours never hold one, except in dev mode.

${sections.join('\n\n')}
`
}

/** Where this machine keeps what specs make. */
function withoutPlaces(text: string): string {
  return text
    .replaceAll(/(?:\.\.\/)*[^\s(]*\/start-api-\w+/g, '/app/routes')
    .replaceAll(process.cwd(), '/app')
}

describe('docs/errors.md', () => {
  let shown = ''
  beforeAll(() => (shown = readFileSync(page, 'utf8')))

  it('has the messages as they are (else: UPDATE_ERRORS=1 npx jest error-texts)', async () => {
    const text = await toPage()
    if (process.env['UPDATE_ERRORS'] !== undefined) writeFileSync(page, text)
    shown = readFileSync(page, 'utf8')
    expect(shown).toBe(text)
  })

  it('has each code of lib/, and no other', () => {
    const titles = SECTIONS.map(({ title }) => title).filter((title) => /^ERR_/.test(title))
    expect(titles.sort()).toEqual(findCodes().sort())
  })

  it('has each sentence of lib/ (a new one belongs into SECTIONS)', () => {
    const words = toWords(shown)
    const missing = findSentences(IGNORED).filter(
      ({ text }) => !words.includes(text) && !NO_MESSAGES.has(text),
    )
    expect(missing.map(({ place, text }) => `${place}: ${text}`)).toEqual([])
  })

  it('has nothing that lib/ does not say any more', () => {
    const sentences = findSentences(IGNORED).map(({ text }) => text)
    const written = SECTIONS.flatMap(({ texts }) =>
      texts.filter((text) => typeof text === 'string'),
    )
    const stale = written.filter(
      (text) => !sentences.some((sentence) => toWords(text).includes(sentence)),
    )
    expect(stale).toEqual([])
    expect([...NO_MESSAGES].filter((text) => !sentences.includes(text))).toEqual([])
  })
})
