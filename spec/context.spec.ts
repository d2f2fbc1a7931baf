// The option `context`, and how an application tells handlers its types.
import type { IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import { type StartApiOptions, defaultAPIFileRouteHandler, json } from 'express-start-api'
import ts from 'typescript'
import { type TestHandler, routeX } from './support/handlers'
import { describeHosts, serve } from './support/hosts'

/** What the option added, untyped: `Register` is one for the whole project. */
const userOf = ({ context }: Parameters<TestHandler>[0]) => (context as { user?: unknown }).user

const answerUser: TestHandler = (handled) => json({ user: userOf(handled) })

describeHosts('the option `context`', (host) => {
  const serveX = (handler: TestHandler, options: StartApiOptions) =>
    serve(host, [routeX(handler, options)])

  it.each<[string, StartApiOptions['context']]>([
    ['at once', (req) => ({ user: req.headers['x-user'] })],
    ['later', async (req) => ({ user: await Promise.resolve(req.headers['x-user']) })],
  ])("adds to the handlers' `context` %s", async (_when, context) => {
    const { url } = await serveX(answerUser, { context: context! })
    const ask = async (user: string) =>
      (await fetch(`${url}/api/x`, { headers: { 'x-user': user } })).json()
    expect(await Promise.all([ask('ann'), ask('bob')])).toEqual([{ user: 'ann' }, { user: 'bob' }])
  })

  it("leaves Node's `req` and `res` beside it", async () => {
    const { url } = await serveX(
      ({ context: { req, res } }) => {
        res.setHeader('x-res', '1')
        return json([req.url, Object.keys(req).includes('user')])
      },
      { context: () => ({ user: 'ann' }) },
    )
    const response = await fetch(`${url}/api/x?a=1`)
    expect(response.headers.get('x-res')).toBe('1')
    expect(await response.json()).toEqual(['/api/x?a=1', false])
  })

  it('may replace `req` and `res`', async () => {
    const { url } = await serveX(({ context }) => json(context), {
      context: () => ({ req: 'mine', res: null }),
    })
    expect(await (await fetch(`${url}/api/x`)).json()).toEqual({ req: 'mine', res: null })
  })

  it('sees what middleware in front left on `req`', async () => {
    const api = routeX(answerUser, {
      context: (req) => ({ user: (req as IncomingMessage & { user?: string }).user }),
    })
    const { url } = await serve(host, [
      (req, _res, next) => {
        req.user = 'ann'
        next()
      },
      api,
    ])
    expect(await (await fetch(`${url}/api/x`)).json()).toEqual({ user: 'ann' })
  })

  it('is called once for a request that a route serves, however often it runs, and for no other', async () => {
    const context = jest.fn(() => ({ user: 'ann' }))
    const { url } = await serveX(answerUser, {
      context,
      plugins: [{ onRequest() {} }],
      handler: async (entry) => {
        await defaultAPIFileRouteHandler(entry)
        return defaultAPIFileRouteHandler(entry)
      },
    })
    expect(await (await fetch(`${url}/api/x`)).json()).toEqual({ user: 'ann' })
    expect(context).toHaveBeenCalledTimes(1)
    await fetch(`${url}/other`)
    await fetch(`${url}/api/x`, { method: 'PUT' })
    expect(context).toHaveBeenCalledTimes(1)
  })

  it('is not called for 404s and 405s of ours', async () => {
    const context = jest.fn(() => ({}))
    const { url } = await serveX(answerUser, { context, fallthrough: false })
    expect((await fetch(`${url}/api/none`)).status).toBe(404)
    expect((await fetch(`${url}/api/x`, { method: 'PUT' })).status).toBe(405)
    expect(context).not.toHaveBeenCalled()
  })

  it.each<[string, (error: Error) => StartApiOptions['context']]>([
    [
      'throws',
      (error) => () => {
        throw error
      },
    ],
    [
      'rejects',
      (error) => async () => {
        await undefined
        throw error
      },
    ],
  ])('reaches the error middleware when it %s; no handler runs', async (_how, toContext) => {
    const handler = jest.fn(answerUser)
    const error = Object.assign(new Error('no session'), { status: 401 })
    const { url, errors } = await serveX(handler, { context: toContext(error)! })
    const response = await fetch(`${url}/api/x`)
    expect([response.status, await response.text()]).toEqual([401, 'error handler'])
    expect(errors).toEqual([error])
    expect(handler).not.toHaveBeenCalled()
  })

  it('may result in nothing', async () => {
    const { url } = await serveX(({ context }) => json(Object.keys(context)), {
      context: (() => undefined) as never,
    })
    expect(await (await fetch(`${url}/api/x`)).json()).toEqual(['req', 'res'])
  })
})

describe('api.fetch()', () => {
  it("has none of Node's objects, so no context either", async () => {
    const context = jest.fn(() => ({}))
    const api = routeX(({ context }) => json(Object.keys(context)), { context })
    expect(await (await api.fetch('/api/x')).json()).toEqual([])
    expect(context).not.toHaveBeenCalled()
  })

  it('answers HEAD with what GET says, without its body, whose producer stops (hazard 37)', async () => {
    const cancel = jest.fn()
    const init = { status: 201, headers: { 'x-get': '1' } }
    const api = routeX(() => new Response(new ReadableStream({ cancel }), init), {})
    const response = await api.fetch('/api/x', { method: 'HEAD' })
    expect([response.status, response.headers.get('x-get'), response.body]).toEqual([
      201,
      '1',
      null,
    ])
    expect(cancel).toHaveBeenCalledTimes(1)
  })
})

describe('`Register`', () => {
  const route = `
    import { createAPIFileRoute } from 'express-start-api/api'
    export const APIRoute = createAPIFileRoute('/users/$id')({
      GET: ({ context, params }) => {
        const name: string = context.user.name
        const session: unknown = context.req.query['session']
        context.res.locals['name'] = name
        // @ts-expect-error -- nobody added it
        void context.other
        return new Response(params.id + String(session))
      },
    })
  `

  it.each([
    ['the function itself', 'typeof context'],
    ['the type of its result', '{ user: { name: string } }'],
  ])("gives handlers the application's types, by %s", (_by, type) => {
    const app = `
      import type { Request, Response } from 'express'
      import { startApi } from 'express-start-api'
      async function context(req: Request, _res: Response) {
        return { user: { name: req.ip ?? '' } }
      }
      declare module 'express-start-api' {
        interface Register { req: Request; res: Response; context: ${type} }
      }
      startApi('./routes', { context })
      // @ts-expect-error -- another type than the registered one
      startApi('./routes', { context: () => ({ user: 1 }) })
    `
    expect(compile([app, route])).toEqual([])
  })

  it('gives handlers what global middleware adds, of the option and of start.ts', () => {
    const app = `
      import { createMiddleware, createStart, startApi } from 'express-start-api'
      const user = createMiddleware().server(({ next }) => next({ context: { user: 'Ada', id: 1 } }))
      const id = createMiddleware().server(({ next }) => next({ context: { id: 'one' } }))
      const middleware = [user] as const
      const startInstance = createStart(() => ({ requestMiddleware: [id] }))
      declare module 'express-start-api' {
        interface Register {
          middleware: typeof middleware
          config: Awaited<ReturnType<typeof startInstance.getOptions>>
        }
      }
      startApi('./routes', { middleware, start: startInstance })
    `
    const route = `
      import { createFileRoute } from 'express-start-api'
      import { createServerFileRoute } from 'express-start-api/server'
      const GET = ({ context }: { context: { user: string; id: string; req: object } }) =>
        new Response(context.user + context.id)
      createFileRoute('/x')({ server: { handlers: { GET } } })
      createServerFileRoute('/x').methods({ GET })
      createFileRoute('/x')({
        server: {
          handlers: {
            GET: ({ context }) => {
              // @ts-expect-error -- the later one's is in force
              context.id satisfies number
              return new Response(context.id satisfies string)
            },
          },
        },
      })
    `
    expect(compile([app, route])).toEqual([])
  })

  it('gives handlers what the middleware of parent routes adds, by routeTree.gen.ts', () => {
    const parent = `
      import { createFileRoute, createMiddleware } from 'express-start-api'
      const user = createMiddleware().server(({ next }) => next({ context: { user: 'Ada' } }))
      export const Route = createFileRoute('/_auth')({ server: { middleware: [user] } })
    `
    const tree = `
      import { Route as AuthRoute } from './app-0'
      declare module 'express-start-api' {
        interface FileRoutesByPath {
          '/_auth/x': { id: '/_auth/x'; parentRoute: typeof AuthRoute }
        }
      }
    `
    const route = `
      import { createFileRoute } from 'express-start-api'
      createFileRoute('/_auth/x')({
        server: { handlers: { GET: ({ context }) => new Response(context.user satisfies string) } },
      })
      createFileRoute('/y')({
        server: {
          handlers: {
            // @ts-expect-error -- not below that parent
            GET: ({ context }) => new Response(context.user),
          },
        },
      })
    `
    expect(compile([parent, tree, route])).toEqual([])
  })
})

/** Libraries are parsed once for all compilations. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/** What the compiler says about modules of an application. */
function compile(modules: readonly string[]): string[] {
  const root = resolve(__dirname, '..')
  const config = ts.readConfigFile(resolve(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const texts = new Map(modules.map((text, index) => [resolve(root, `app-${index}.ts`), text]))
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = (file) => texts.has(resolve(file)) || fileExists(file)
  host.getSourceFile = (file, ...rest) => {
    const text = texts.get(resolve(file))
    if (text !== undefined) return ts.createSourceFile(file, text, rest[0])
    if (!parsed.has(file)) parsed.set(file, getSourceFile(file, ...rest))
    return parsed.get(file)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
