// fromExpress(): Express middleware for single routes.
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type ServerResponse, request } from 'node:http'
import * as http2 from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import compression from 'compression'
import cors from 'cors'
import express, { type Request as ExpressRequest } from 'express'
import express4 from 'express4'
import { rateLimit } from 'express-rate-limit'
import session from 'express-session'
import { type AnyMiddleware, fromExpress, json, startApi } from 'express-start-api'
import { getRequest, setHeader } from 'express-start-api/server'
import helmet from 'helmet'
import multer from 'multer'
import passport from 'passport'
import { Strategy } from 'passport-local'
import { type ChainHandler, chainX, middleware } from './support/chain'
import { deferred } from './support/deferred'
import {
  type Host,
  type Layer,
  type Middleware,
  describeHosts,
  expressHosts,
  listen,
  serve,
} from './support/hosts'
import { post, toForm } from './support/post'
import { recordProcessErrors, recordWarnings } from './support/process-errors'
import { open, rawHead } from './support/raw-request'
import { apiRoutes } from './support/routes'

type Handler = ChainHandler

const hello: Handler = () => new Response('hello')

interface Setting {
  front?: readonly Layer[]
  behind?: readonly Layer[]
}

/** `/api/x`, GET and POST, with these middlewares around the handler. */
function serveX(
  host: Host,
  list: readonly AnyMiddleware[],
  handler: Handler,
  { front = [], behind = [] }: Setting = {},
) {
  return serve(host, [...front, chainX(list, handler), ...behind])
}

/** Reads the Request's head before what comes after it, so that it has been made. */
const looker = middleware(({ request, next }) => {
  request.headers.get('x-any')
  return next()
})

const requireAuth: Middleware = (req, res, next) => {
  if (req.headers.authorization === 'secret') {
    req.user = { name: 'Ada' }
    return next()
  }
  res.statusCode = 401
  res.setHeader('content-type', 'application/json')
  res.end('{"error":"Log in first"}')
}

async function answerOf(response: Response) {
  return [response.status, await response.text()]
}

describeHosts('fromExpress()', (host) => {
  it("shows the route's params on `req.params`, decoded, where guards look for them", async () => {
    const seen: unknown[] = []
    const deny: Middleware = (req, res, next) => {
      seen.push(req.params)
      if (req.params.id !== 'a secret') return next()
      res.statusCode = 403
      res.end('no')
    }
    const router = express.Router({ mergeParams: true }).use(deny as never)
    const guards = [
      fromExpress(deny),
      fromExpress(router),
      fromExpress((_req, _res, next) => next()),
    ]
    const answers: unknown[] = []
    for (const guard of guards) {
      const api = startApi(
        apiRoutes({
          'api/x/$id.ts': {
            GET: ({ params, context: { req } }) =>
              json([params.id, (req as { params?: { id?: string } }).params?.id]),
          },
        }),
        { middleware: [guard] },
      )
      const app = await serve(host, [api])
      for (const id of ['a%20secret', '7']) {
        answers.push(await answerOf(await fetch(`${app.url}/api/x/${id}`)))
      }
    }
    const open = [200, '["7","7"]']
    const known = [200, '["a secret","a secret"]']
    expect(answers).toEqual([[403, 'no'], open, [403, 'no'], open, known, open])
    expect(seen).toEqual([{ id: 'a secret' }, { id: '7' }, { id: 'a secret' }, { id: '7' }])
  })

  it('keeps what an earlier one made of `req.params`', async () => {
    const convert: Middleware = (req, _res, next) => {
      req.params.id = Number(req.params.id)
      next()
    }
    const seen: unknown[] = []
    const see: Middleware = (req, _res, next) => {
      seen.push(req.params.id)
      next()
    }
    const api = startApi(
      apiRoutes({
        'api/x/$id.ts': {
          GET: ({ context: { req } }) => json((req as { params?: object }).params),
        },
      }),
      { middleware: [fromExpress(convert), fromExpress(see)] },
    )
    const app = await serve(host, [api])
    expect(await answerOf(await fetch(`${app.url}/api/x/7`))).toEqual([200, '{"id":7}'])
    expect(seen).toEqual([7])
  })

  describe('leaves `req.params` as they came, where', () => {
    const leaving: Middleware = (_req, _res, next) => next('route')
    const failing: Middleware = (_req, _res, next) => next(new Error('failed'))
    const answer = () => new Response('route')
    const failLate = () =>
      new Response(new ReadableStream({ start: (own) => own.error(new Error('failed')) }))
    const cases: readonly [string, readonly Middleware[], () => Response][] = [
      ['it leaves the route', [leaving], answer],
      ['it fails', [failing], answer],
      ['the answer fails behind it', [], failLate],
    ]

    /** Express gives each of its layers params of its own: one layer that calls both others. */
    const ask = async (
      layers: readonly Middleware[],
      handler: () => Response,
      front: Middleware,
    ) => {
      const seen: unknown[] = []
      const see: Middleware = (req, _res, next) => {
        seen.push({ ...req.params })
        next()
      }
      const api = (id: string) =>
        startApi(apiRoutes({ [`api/x/$${id}.ts`]: { GET: handler } }), {
          middleware: [see, ...layers].map((layer) => fromExpress(layer)),
        })
      const [first, second] = [api('a'), api('b')]
      const behind: Middleware = (req, res) => {
        seen.push('params' in req ? req.params : 'none')
        res.end('behind')
      }
      const all: Middleware = (req, res, next) =>
        front(req, res, () => first(req, res, () => second(req, res, () => behind(req, res, next))))
      const app = await serve(host, [all])
      expect(await answerOf(await fetch(`${app.url}/api/x/7`))).toEqual([200, 'behind'])
      return seen
    }

    it.each(cases)('%s', async (_name, layers, handler) => {
      const params = { tenant: 'acme' }
      const front: Middleware = (req, _res, next) => {
        req.params = params
        next()
      }
      const seen = await ask(layers, handler, front)
      expect(seen).toEqual([{ tenant: 'acme', a: '7' }, { tenant: 'acme', b: '7' }, params])
      expect(seen.at(-1)).toBe(params)
    })

    it.each(cases)('%s and there were none', async (_name, layers, handler) => {
      const front: Middleware = (req, _res, next) => {
        Reflect.deleteProperty(req, 'params')
        next()
      }
      expect(await ask(layers, handler, front)).toEqual([{ a: '7' }, { b: '7' }, 'none'])
    })

    it.each(cases)('%s and only a getter gives them', async (_name, layers, handler) => {
      const front: Middleware = (req, _res, next) => {
        Object.defineProperty(req, 'params', { get: () => ({ c: '1' }), configurable: true })
        next()
      }
      expect(await ask(layers, handler, front)).toEqual([
        { c: '1', a: '7' },
        { c: '1', b: '7' },
        { c: '1' },
      ])
    })
  })

  it('goes on where the middleware calls `next()`, with what it left on `req` and `res`', async () => {
    const mark: Middleware = (req, res, next) => {
      req.mark = 'marked'
      res.setHeader('x-mark', 'res')
      res.setHeader('set-cookie', 'a=1')
      setTimeout(next, 1)
    }
    const { url } = await serveX(host, [fromExpress(mark)], ({ context }) => {
      const { mark } = context.req as unknown as { mark: string }
      return new Response(mark, { headers: { 'set-cookie': 'b=2' } })
    })
    const response = await fetch(`${url}/api/x`)
    expect(await answerOf(response)).toEqual([200, 'marked'])
    expect(response.headers.get('x-mark')).toBe('res')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('runs for its own route only', async () => {
    const seen = jest.fn((_req, _res, next) => next())
    const { url } = await serveX(host, [fromExpress(seen)], hello)
    await fetch(`${url}/other`)
    await fetch(`${url}/api/x`, { method: 'PUT' })
    expect(seen).not.toHaveBeenCalled()
    await fetch(`${url}/api/x`)
    expect(seen).toHaveBeenCalledTimes(1)
  })

  it('hands `next(error)`, what is thrown and what is rejected to the error middleware', async () => {
    const error = new Error('refused')
    const failing: Middleware[] = [
      (_req, _res, next) => next(error),
      () => {
        throw error
      },
      async () => {
        throw error
      },
      (_req, _res, next) => setTimeout(() => next(error), 1),
    ]
    for (const failure of failing) {
      const handler = jest.fn(hello)
      const { url, errors } = await serveX(host, [fromExpress(failure)], handler)
      expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([500, 'error handler'])
      expect(errors).toEqual([error])
      expect(handler).not.toHaveBeenCalled()
    }
  })

  it('makes Errors of other values, also of those that mean something to a router (hazards 158, 159)', async () => {
    const failing: Middleware[] = [
      (_req, _res, next) => next('text'),
      () => {
        throw undefined
      },
      () => Promise.reject('route'),
    ]
    for (const failure of failing) {
      const { url, errors } = await serveX(host, [fromExpress(failure)], hello)
      expect((await fetch(`${url}/api/x`)).status).toBe(500)
      expect(errors).toEqual([expect.objectContaining({ code: 'ERR_START_API_THROWN' })])
    }
  })

  it('lets outer middleware catch an error', async () => {
    const rescue = middleware(async ({ next }) => {
      try {
        return await next()
      } catch (error) {
        return new Response((error as Error).message, { status: 503 })
      }
    })
    const failing = fromExpress((_req, _res, next) => next(new Error('down')))
    const { url } = await serveX(host, [rescue, failing], hello)
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([503, 'down'])
  })

  it('sends an answer of its own once, and shows it to outer middleware', async () => {
    const seen: unknown[] = []
    const log = middleware(async ({ next }) => {
      const result = await next()
      const { response } = result
      seen.push(response.status, response.headers.get('content-type'))
      response.headers.set('x-late', '1')
      return result
    })
    const handler = jest.fn(hello)
    const { url, errors } = await serveX(host, [log, fromExpress(requireAuth as never)], handler)
    const refused = await fetch(`${url}/api/x`)
    expect(await answerOf(refused)).toEqual([401, '{"error":"Log in first"}'])
    expect(seen).toEqual([401, 'application/json'])
    expect(handler).not.toHaveBeenCalled()
    const headers = { authorization: 'secret' }
    expect(await answerOf(await fetch(`${url}/api/x`, { headers }))).toEqual([200, 'hello'])
    expect(errors).toEqual([])
  })

  it('sends an answer of its own that is streamed, and one to HEAD', async () => {
    const stream: Middleware = (_req, res) => {
      Readable.from(['a', 'b', 'c']).pipe(res)
    }
    const { url } = await serveX(host, [fromExpress(stream)], hello)
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'abc'])
    expect((await fetch(`${url}/api/x`, { method: 'HEAD' })).status).toBe(200)
  })

  it('redirects', async () => {
    const redirect: Middleware = (_req, res) => {
      res.writeHead(302, { location: '/login' }).end()
    }
    const { url } = await serveX(host, [fromExpress(redirect)], hello)
    const response = await fetch(`${url}/api/x`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/login'])
  })

  it('sends nothing of ours after an answer, though `next()` is called as well', async () => {
    const both: Middleware = (_req, res, next) => {
      res.end('own')
      next()
    }
    const { url, errors } = await serveX(host, [fromExpress(both)], hello)
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'own'])
    expect(errors).toEqual([])
  })

  it('goes on once, though `next()` is called twice', async () => {
    const handler = jest.fn(hello)
    const twice: Middleware = (_req, _res, next) => {
      next()
      next()
      next('route')
    }
    const { url, errors } = await serveX(host, [fromExpress(twice)], handler)
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'hello'])
    expect(handler).toHaveBeenCalledTimes(1)
    expect(errors).toEqual([])
  })

  it.each<[string, AnyMiddleware]>([
    [
      'a native Response',
      middleware(({ next }) => next().catch(() => new Response('caught') as never)),
    ],
    ['JSON', middleware(({ next }) => next().catch(() => json({}) as never))],
    ['nothing', middleware(({ next }) => next())],
  ])(
    'leaves `res` to middleware that comes back after its client, answered by %s',
    async (_, outer) => {
      const done = deferred()
      const late: Middleware = (_req, res: ServerResponse, next: () => void) => {
        res.once('close', () =>
          setTimeout(() => {
            res.setHeader('x-late', '1')
            next()
            done.resolve()
          }, 20),
        )
        socket.destroy()
      }
      let socket: Socket
      const failures = await recordProcessErrors(async () => {
        const { port } = await serveX(host, [outer, fromExpress(late)], hello)
        socket = await open(port)
        socket.write(rawHead('GET /api/x HTTP/1.1'))
        await done.promise
      })
      expect(failures).toEqual([])
    },
  )

  describe('`next(error)` after `next()`', () => {
    const error = Object.assign(new Error('late'), { status: 503 })
    let log: jest.SpyInstance
    beforeEach(() => {
      log = jest.spyOn(console, 'error').mockImplementation()
    })
    afterEach(() => {
      log.mockRestore()
    })

    /** Fails, as connect-timeout does, when it is told to. */
    function failing(): { list: AnyMiddleware[]; fail: () => void } {
      const timer = { list: [] as AnyMiddleware[], fail: () => {} }
      const layer: Middleware = (_req, _res, next) => {
        timer.fail = () => next(error)
        next()
      }
      timer.list.push(fromExpress(layer))
      return timer
    }

    it('is the answer while the route has none; a Response that comes later is cancelled', async () => {
      const cancelled = deferred<void>()
      const timer = failing()
      const handler: Handler = async () => {
        timer.fail()
        timer.fail()
        await new Promise((resolve) => setTimeout(resolve, 20))
        return new Response(new ReadableStream({ cancel: () => cancelled.resolve() }))
      }
      const failures = await recordProcessErrors(async () => {
        const { url, errors } = await serveX(host, timer.list, handler)
        expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([503, 'error handler'])
        expect(errors).toEqual([error])
        await cancelled.promise
      })
      // The second of the two.
      expect(log.mock.calls).toEqual([[expect.stringContaining('after its next()'), error]])
      expect(failures).toEqual([])
    })

    it('reaches outer middleware, though the rest fails later', async () => {
      const timer = failing()
      const rescue = middleware(async ({ next }) => {
        try {
          return await next()
        } catch (error) {
          return new Response((error as Error).message)
        }
      })
      const handler: Handler = async () => {
        timer.fail()
        await new Promise(setImmediate)
        throw new Error('even later')
      }
      const failures = await recordProcessErrors(async () => {
        const { url, errors } = await serveX(host, [rescue, ...timer.list], handler)
        expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'late'])
        expect(errors).toEqual([])
      })
      expect(failures).toEqual([])
    })

    it('ends a route whose further middleware hangs', async () => {
      const first: Middleware = (_req, _res, next) => {
        setTimeout(next, 5, error)
        next()
      }
      const handler = jest.fn(hello)
      for (const list of [
        [fromExpress([first, () => {}])],
        [fromExpress(first), fromExpress(() => {})],
      ]) {
        const { url, errors } = await serveX(host, list, handler)
        expect((await fetch(`${url}/api/x`)).status).toBe(503)
        expect(errors).toEqual([error])
      }
      expect(handler).not.toHaveBeenCalled()
    })

    it('never takes the place of an answer: it is logged', async () => {
      const { list, fail } = logging()
      const refuse = middleware(() => new Response('no', { status: 403 }))
      const { url, errors } = await serveX(host, [...list, refuse], hello)
      expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([403, 'no'])
      await fail
      expect(errors).toEqual([])
      expect(log.mock.calls).toEqual([[expect.stringContaining('after its next()'), error]])

      function logging() {
        const failed = deferred<void>()
        const layer: Middleware = (_req, res, next) => {
          res.once('finish', () => {
            next(error)
            failed.resolve()
          })
          next()
        }
        return { list: [fromExpress(layer)], fail: failed.promise }
      }
    })

    it('is logged where the handler has begun to answer through `res`', async () => {
      const timer = failing()
      const { url, errors } = await serveX(host, timer.list, async ({ context: { res } }) => {
        res.write('own ')
        timer.fail()
        await new Promise(setImmediate)
        res.end('answer')
      })
      expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'own answer'])
      expect(errors).toEqual([])
      expect(log.mock.calls).toEqual([[expect.stringContaining('after its next()'), error]])
    })

    it("is logged where a session's store fails to save", async () => {
      class BadStore extends session.MemoryStore {
        override set(_id: string, _data: unknown, done?: (error?: unknown) => void): void {
          setTimeout(() => done?.(error), 5)
        }
      }
      const store = new BadStore()
      const list = [
        fromExpress(session({ secret: 's', resave: false, saveUninitialized: false, store })),
      ]
      const { url } = await serveX(host, list, ({ context }) => {
        Object.assign((context.req as { session: object }).session, { a: 1 })
        return json('saved?')
      })
      expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, '"saved?"'])
      // express-session tells of it in a later turn.
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(log.mock.calls).toEqual([[expect.stringContaining('after its next()'), error]])
    })

    it('is logged once the client has left, unless it only says so', async () => {
      const cut = Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
      const ended = deferred<void>()
      const begun = deferred<void>()
      const layer: Middleware = (_req, res, next) => {
        res.once('close', () => {
          next(cut)
          next(error)
          ended.resolve()
        })
        next()
      }
      const { port, errors } = await serveX(host, [fromExpress(layer)], async () => {
        begun.resolve()
        await ended.promise
        return new Response('nobody')
      })
      const socket = await open(port)
      socket.write(rawHead('GET /api/x HTTP/1.1'))
      await begun.promise
      socket.destroy()
      await ended.promise
      await new Promise(setImmediate)
      expect(errors).toEqual([])
      expect(log.mock.calls).toEqual([[expect.stringContaining('after its next()'), error]])
    })
  })

  it('logs what fails after `next()`, and answers', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation()
    const error = new Error('audit failed')
    const late: Middleware = async (_req, _res, next) => {
      next()
      throw error
    }
    const errors = await recordProcessErrors(async () => {
      const { url } = await serveX(host, [fromExpress(late)], hello)
      expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'hello'])
    })
    expect(log.mock.calls).toEqual([[expect.stringContaining('after its next()'), error]])
    expect(errors).toEqual([])
    log.mockRestore()
  })

  it('takes several, in an array, and stops at the first that answers', async () => {
    const order: string[] = []
    const mark =
      (name: string): Middleware =>
      (_req, _res, next) => {
        order.push(name)
        next()
      }
    const list = [mark('a'), [mark('b'), requireAuth], mark('c')] as never
    const { url } = await serveX(host, [fromExpress(list)], hello)
    expect((await fetch(`${url}/api/x`)).status).toBe(401)
    expect(order).toEqual(['a', 'b'])
    await fetch(`${url}/api/x`, { headers: { authorization: 'secret' } })
    expect(order).toEqual(['a', 'b', 'a', 'b', 'c'])
  })

  it('adds to the context what the second argument makes of `req`', async () => {
    const auth = fromExpress(requireAuth, async (req) => ({ user: req.user.name }))
    const { url } = await serveX(host, [auth], ({ context }) => new Response(context['user']))
    const response = await fetch(`${url}/api/x`, { headers: { authorization: 'secret' } })
    expect(await response.text()).toBe('Ada')
  })

  it.each(['route', 'router'])('leaves the route at next(%j)', async (signal) => {
    const handler = jest.fn(hello)
    const leave = fromExpress((_req, _res, next) => next(signal))
    const read: Middleware = async (req, res) => {
      let text = ''
      for await (const chunk of req) text += chunk
      res.end(`behind: ${text}`)
    }
    const { url, errors } = await serveX(host, [looker, leave], handler, { behind: [read] })
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'behind: '])
    const sent = await fetch(`${url}/api/x`, { method: 'POST', body: 'body' })
    expect(await sent.text()).toBe('behind: body')
    expect(handler).not.toHaveBeenCalled()
    expect(errors).toEqual([])
  })

  it('answers all the same where outer middleware replaces the 404 of a route that is left', async () => {
    const replace = middleware(async ({ next }) => {
      const { response } = await next()
      return new Response(`was ${response.status}`)
    })
    const leave = fromExpress((_req, _res, next) => next('route'))
    const { url } = await serveX(host, [replace, leave], hello)
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'was 404'])
  })

  it('ends, and leaves no listener, when the client leaves while it waits', async () => {
    const seen = jest.fn()
    let outcome: Promise<unknown> | undefined
    let begin = (): void => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    let listeners: () => number[] = () => []
    const watch = middleware(async ({ next }) => {
      outcome = next()
      return outcome
    })
    const hang = fromExpress((req, res) => {
      listeners = () => [res.listenerCount('finish'), req.listenerCount('newListener')]
      seen(listeners())
      begin()
    })
    const before = middleware(({ context, next }) => {
      seen([context.res.listenerCount('finish'), context.req.listenerCount('newListener')])
      return next()
    })
    const { port, errors } = await serveX(host, [before, watch, hang], hello)
    const socket = await open(port)
    socket.write(rawHead('GET /api/x HTTP/1.1'))
    await begun
    socket.destroy()
    await expect(outcome).rejects.toMatchObject({ name: 'AbortError' })
    const [[ours], [during]] = seen.mock.calls
    expect(during).not.toEqual(ours)
    expect(listeners()).toEqual(ours)
    expect(errors).toEqual([])
  })

  it('warns of no leak with twenty of them around a route', async () => {
    const pass = fromExpress((_req, _res, next) => setImmediate(next))
    const warnings = await recordWarnings(async () => {
      const { url } = await serveX(host, Array(20).fill(pass), hello)
      expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([200, 'hello'])
    })
    expect(warnings).toEqual([])
  })

  it('keeps the stores of AsyncLocalStorage: those around it, and those that it runs `next` in (hazard 233)', async () => {
    const outer = new AsyncLocalStorage<string>()
    const inner = new AsyncLocalStorage<string>()
    const around = middleware(({ next }) => outer.run('outer', () => next()))
    const within = fromExpress((_req, _res, next) => inner.run('inner', next))
    const parse: Middleware = (req, _res, next) => {
      // Called in the context of the socket.
      req.on('data', () => {})
      req.on('end', next)
    }
    const handler: Handler = () => {
      setHeader('x-helper', new URL(getRequest().url).pathname)
      return json([outer.getStore(), inner.getStore()])
    }
    const { url } = await serveX(host, [around, within, fromExpress(parse)], handler)
    const response = await fetch(`${url}/api/x`, { method: 'POST', body: 'a body' })
    expect(await response.json()).toEqual(['outer', 'inner'])
    expect(response.headers.get('x-helper')).toBe('/api/x')
  })

  describe('the body', () => {
    const form = toForm([
      { name: 'title', content: 'Näme' },
      { name: 'photo', filename: 'a.png', type: 'image/png', content: Buffer.from([1, 2, 255]) },
    ])
    const readForm: Handler = async ({ request, context }) => {
      const { file, body } = context.req as unknown as ExpressRequest
      const data = await request.formData()
      const photo = data.get('photo') as File
      return json({
        file: file?.originalname,
        body: { ...body },
        title: data.get('title'),
        photo: [photo.name, photo.type, [...new Uint8Array(await photo.arrayBuffer())]],
      })
    }
    const upload = fromExpress(multer().single('photo'))

    it.each([
      ['', [upload]],
      [', though the Request had been made', [looker, upload]],
      [', though outer middleware reads it as well', [cloning(), upload]],
    ])('is on `req` and in the Request after multer%s', async (_, list) => {
      const { port } = await serveX(host, list, readForm)
      const { status, body } = await post(port, '/api/x', form)
      expect({ status, body: JSON.parse(body) }).toEqual({
        status: 200,
        body: {
          file: 'a.png',
          body: { title: 'Näme' },
          title: 'Näme',
          photo: ['a.png', 'image/png', [1, 2, 255]],
        },
      })
    })

    const slow = fromExpress(multer({ storage: slowStorage() }).single('photo'))

    function slowStorage(): multer.StorageEngine {
      return {
        _handleFile(_req: unknown, file: { stream: Readable }, done: (...args: unknown[]) => void) {
          const chunks: Buffer[] = []
          file.stream.on('data', (chunk: Buffer) => chunks.push(chunk))
          file.stream.on('end', () => setTimeout(done, 50, null, { buffer: Buffer.concat(chunks) }))
        },
        _removeFile() {},
      } as unknown as multer.StorageEngine
    }

    it('is whole where a clone of the Request reads ahead of a slow parser', async () => {
      const { port } = await serveX(host, [cloning(), slow], readForm)
      const { status, body } = await post(port, '/api/x', form)
      expect(status).toBe(200)
      expect(JSON.parse(body)).toMatchObject({ photo: ['a.png', 'image/png', [1, 2, 255]] })
    })

    it('is given to two reads at once that begin while a parser has it', async () => {
      const reads: string[] = []
      const reading = middleware(async ({ request, next }) => {
        const reader = request.body!.getReader()
        const ends = sleep(20).then(() => Promise.all([reader.read(), reader.read()]))
        const result = await next()
        for (const { value } of await ends) reads.push(Buffer.from(value!).toString())
        return result
      })
      const { port } = await serveX(host, [reading, slow], () => json('read'))
      const { body } = await post(port, '/api/x', form)
      expect(body).toBe('"read"')
      expect(reads.join('')).toContain('name="title"')
      expect(reads.map((text) => text.length > 0)).toEqual([true, true])
    })

    /** Reads after the route has run. */
    function cloning(): AnyMiddleware {
      return middleware(async ({ request, next }) => {
        const copy = request.clone()
        const result = await next()
        await copy.text()
        return result
      })
    }

    it.each([
      ['json', express.json(), 'application/json', '{"a":[1]}'],
      ['json of Express 4', express4.json(), 'application/json', '{"a":[1]}'],
      ['urlencoded', express.urlencoded(), 'application/x-www-form-urlencoded', 'a=1&b=%C3%BC'],
      ['text', express.text(), 'text/plain', 'Grüße'],
      ['raw', express.raw(), 'application/octet-stream', 'bytes'],
    ])('is in the Request after the parser %s', async (_, parser, type, body) => {
      for (const list of [
        [fromExpress(parser as Middleware)],
        [looker, fromExpress(parser as Middleware)],
      ]) {
        const { port } = await serveX(host, list, async ({ request }) =>
          json([await request.text(), request.headers.get('content-length')]),
        )
        const answer = await post(port, '/api/x', { type, body })
        expect(answer.status).toBe(200)
        const [text, length] = JSON.parse(answer.body) as [string, string]
        expect(text).toBe(body)
        expect(Number(length)).toBe(Buffer.byteLength(body))
      }
    })

    it('is inflated in the Request, and described as such, after a parser has inflated it', async () => {
      const gzip = Readable.from(['{"zip":true}']).pipe(createGzip())
      const body = Buffer.concat(await gzip.toArray())
      const { port } = await serveX(
        host,
        [looker, fromExpress(express.json())],
        async ({ request }) =>
          json([await request.json(), request.headers.get('content-encoding')]),
      )
      const headers = { 'content-encoding': 'gzip' }
      const answer = await post(port, '/api/x', { type: 'application/json', body, headers })
      expect(JSON.parse(answer.body)).toEqual([{ zip: true }, null])
    })

    it('has the limit of its parser where no length is declared, else `maxBodySize`, too', async () => {
      const list = [fromExpress(express.json({ limit: 30 }))]
      const api = chainX(list, async ({ request }) => new Response(await request.text()), {
        maxBodySize: 20,
      })
      const { port } = await serve(host, [api])
      const ask = async (length: number, headers = {}) => {
        const body = JSON.stringify(['x'.repeat(length - 4)])
        return (await post(port, '/api/x', { type: 'application/json', body, headers })).status
      }
      const chunked = { 'transfer-encoding': 'chunked' }
      expect([await ask(20), await ask(21)]).toEqual([200, 413])
      expect([await ask(30, chunked), await ask(31, chunked)]).toEqual([200, 413])
    })

    it('shows what later middleware makes of `req.body`', async () => {
      const trim = fromExpress((req, _res, next) => {
        Object.assign(req, { body: { name: 'trimmed' } })
        next()
      })
      const { port } = await serveX(
        host,
        [looker, fromExpress(express.json()), trim],
        async ({ request }) => json([await request.json(), request.headers.get('content-length')]),
      )
      const answer = await post(port, '/api/x', { type: 'application/json', body: '{"name":" "}' })
      expect(JSON.parse(answer.body)).toEqual([{ name: 'trimmed' }, '18'])
    })

    it('can still be read by outer middleware afterwards', async () => {
      const seen: unknown[] = []
      const after = middleware(async ({ request, next }) => {
        const result = await next()
        seen.push(await request.json())
        return result
      })
      const { port } = await serveX(host, [after, fromExpress(express.json())], hello)
      await post(port, '/api/x', { type: 'application/json', body: '{"a":1}' })
      expect(seen).toEqual([{ a: 1 }])
    })

    it('is a clear error where the middleware kept nothing of it', async () => {
      const drain = fromExpress((req, _res, next) => req.resume().on('end', next))
      const { port, errors } = await serveX(host, [looker, drain], async ({ request }) =>
        json(await request.json()),
      )
      expect((await post(port, '/api/x', { body: '{"a":1}' })).status).toBe(500)
      expect(errors).toEqual([expect.objectContaining({ code: 'ERR_START_API_BODY_CONSUMED' })])
    })

    it('is a clear error, and no hang, where it was read before multer', async () => {
      const eager = middleware(async ({ request, next }) => {
        await request.text()
        return next()
      })
      const { port, errors } = await serveX(host, [eager, upload], hello)
      expect((await post(port, '/api/x', form)).status).toBe(500)
      expect(errors).toEqual([expect.objectContaining({ code: 'ERR_START_API_BODY_CONSUMED' })])
    })

    it('may be listened to by middleware that goes on, though it was read', async () => {
      const listen = fromExpress((req, _res, next) => {
        req.on('data', () => {})
        setImmediate(() => {}) // The error would come by now.
        next()
      })
      const { port } = await serveX(
        host,
        [fromExpress(express.json()), listen],
        async ({ request }) => json(await request.json()),
      )
      const answer = await post(port, '/api/x', { type: 'application/json', body: '{"a":1}' })
      expect(answer).toEqual({ status: 200, body: '{"a":1}' })
    })

    it('that a parser in front has kept may be sent on: a proxy pipes nothing, and writes `req.body`', async () => {
      const upstream = await listen((req, res) => req.pipe(res))
      const proxy: Middleware = (req, res, next) => {
        const { url, body } = { url: upstream.url, body: JSON.stringify(req.body) }
        const headers = { 'content-length': Buffer.byteLength(body) }
        const sent = request(url, { method: 'POST', headers }, (answer) => answer.pipe(res))
        sent.on('error', next)
        sent.write(body)
        // Has ended: the request to the upstream is ended, too.
        setTimeout(() => req.pipe(sent), 20)
      }
      const late: Middleware = (req, _res, next) => {
        req.on('data', () => {})
        setTimeout(next, 20)
      }
      const front = [express.json()]
      const { port, errors } = await serveX(host, [fromExpress([late, proxy])], hello, { front })
      const answer = await post(port, '/api/x', { type: 'application/json', body: '{"a":1}' })
      expect([answer, errors]).toEqual([{ status: 200, body: '{"a":1}' }, []])
    })

    it('reaches a parser though a logger in front has listened to it', async () => {
      const logged: Buffer[] = []
      const log: Middleware = (req, _res, next) => {
        req.on('data', (chunk: Buffer) => logged.push(chunk))
        next()
      }
      const { port } = await serveX(
        host,
        [fromExpress(express.json())],
        async ({ request }) => json(await request.json()),
        { front: [log] },
      )
      const answer = await post(port, '/api/x', { type: 'application/json', body: '{"a":1}' })
      expect(answer).toEqual({ status: 200, body: '{"a":1}' })
      expect(Buffer.concat(logged).toString()).toBe('{"a":1}')
    })

    it('left unread by a middleware that answers, does not stand in the way (hazard 97)', async () => {
      const refuse = fromExpress((_req, res) => res.writeHead(403).end('no'))
      const { port } = await serveX(host, [refuse], hello)
      const answer = await post(port, '/api/x', { body: 'x'.repeat(300_000) })
      expect(answer).toEqual({ status: 403, body: 'no' })
    })
  })

  it('works with helmet', async () => {
    const { url } = await serveX(host, [fromExpress(helmet())], hello)
    const { headers } = await fetch(`${url}/api/x`)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
  })

  it('works with compression', async () => {
    const { url } = await serveX(
      host,
      [fromExpress(compression({ threshold: 0 }))],
      () => new Response('hello '.repeat(1000), { headers: { 'content-type': 'text/plain' } }),
    )
    const response = await fetch(`${url}/api/x`)
    expect(response.headers.get('content-encoding')).toMatch(/br|gzip/)
    expect(await response.text()).toBe('hello '.repeat(1000))
  })

  it('works with cors, preflights included', async () => {
    const list = [fromExpress(cors({ origin: 'https://a.example', methods: ['GET'] }))]
    const { url } = await serveX(host, list, hello)
    const origin = 'https://a.example'
    const simple = await fetch(`${url}/api/x`, { headers: { origin } })
    expect(simple.headers.get('access-control-allow-origin')).toBe(origin)
    expect(await simple.text()).toBe('hello')
    const preflight = await ask(url, 'OPTIONS', { origin, 'access-control-request-method': 'GET' })
    expect(preflight).toEqual({ status: 204, body: '', methods: 'GET' })
  })

  /** fetch() allows scripts no preflight. */
  function ask(url: string, method: string, headers: Record<string, string>) {
    return new Promise((resolve, reject) => {
      request(`${url}/api/x`, { method, headers, agent: false }, async (answer) => {
        resolve({
          status: answer.statusCode,
          body: Buffer.concat(await answer.toArray()).toString(),
          methods: answer.headers['access-control-allow-methods'],
        })
      })
        .on('error', reject)
        .end()
    })
  }

  it('works with express-session: data lasts, and is saved before the answer ends', async () => {
    const list = [
      fromExpress(session({ secret: 'secret', resave: false, saveUninitialized: false })),
    ]
    const { url } = await serveX(host, list, ({ context }) => {
      const { session } = context.req as unknown as { session: { count?: number } }
      session.count = (session.count ?? 0) + 1
      return json({ count: session.count })
    })
    const first = await fetch(`${url}/api/x`)
    expect(await first.json()).toEqual({ count: 1 })
    const cookie = first.headers.getSetCookie()[0]!.split(';')[0]!
    expect(await (await fetch(`${url}/api/x`, { headers: { cookie } })).json()).toEqual({
      count: 2,
    })
  })

  it('works with passport: login by password, session, and a guard', async () => {
    const auth = new passport.Passport()
    auth.use(
      new Strategy((name, password, done) =>
        done(null, password === 'right' ? { name } : false, { message: 'wrong' }),
      ),
    )
    auth.serializeUser((user, done) => done(null, (user as { name: string }).name))
    auth.deserializeUser((name: string, done) => done(null, { name }))
    const list = [
      looker,
      fromExpress(session({ secret: 'secret', resave: false, saveUninitialized: false })),
      fromExpress([express.urlencoded(), auth.session() as never]),
      // Logs in at POST; at GET it insists on the session.
      fromExpress((req, res, next) => {
        if (req.method === 'POST') return auth.authenticate('local')(req, res, next)
        return requireUser(req, res, next)
      }),
    ]
    const requireUser: Middleware = (req, res, next) =>
      req.isAuthenticated() ? next() : res.writeHead(401).end('who?')
    const { url } = await serveX(host, list, ({ context }) =>
      json((context.req as unknown as { user: object }).user),
    )
    const login = (password: string) =>
      fetch(`${url}/api/x`, {
        method: 'POST',
        body: new URLSearchParams({ username: 'ada', password }),
      })
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([401, 'who?'])
    expect(await answerOf(await login('wrong'))).toEqual([401, 'Unauthorized'])
    const response = await login('right')
    expect(await response.json()).toEqual({ name: 'ada' })
    const cookie = response.headers.getSetCookie()[0]!.split(';')[0]!
    expect(await (await fetch(`${url}/api/x`, { headers: { cookie } })).json()).toEqual({
      name: 'ada',
    })
  })
})

describeHosts(
  'fromExpress()',
  (host) => {
    it('works with express-rate-limit', async () => {
      const limit = rateLimit({ windowMs: 60_000, limit: 1, standardHeaders: true })
      const { url, errors } = await serveX(host, [fromExpress(limit)], hello)
      const first = await fetch(`${url}/api/x`)
      expect(await answerOf(first)).toEqual([200, 'hello'])
      expect(first.headers.get('ratelimit-remaining')).toBe('0')
      const second = await fetch(`${url}/api/x`)
      expect(await answerOf(second)).toEqual([429, expect.stringContaining('Too many requests')])
      expect(errors).toEqual([])
    })

    it('takes a Router: what it answers, and what it lets pass', async () => {
      const router = host.name === 'Express 5' ? express.Router() : express4.Router()
      router.use('/api', (_req, res, next) => {
        res.set('x-router', 'passed')
        next()
      })
      router.post('/api/x', (_req, res) => void res.json({ by: 'router' }))
      const { url } = await serveX(host, [fromExpress(router)], hello)
      const got = await fetch(`${url}/api/x`)
      expect([got.headers.get('x-router'), await got.text()]).toEqual(['passed', 'hello'])
      const posted = await fetch(`${url}/api/x`, { method: 'POST' })
      expect(await posted.json()).toEqual({ by: 'router' })
    })

    it('takes an application, and gives `req` and `res` back as they were', async () => {
      const create = host.name === 'Express 5' ? express : express4
      const inner = create()
      inner.set('trust proxy', true)
      const seen: unknown[] = []
      const look: Middleware = (req, res, next) => {
        seen.push([req.ip, req.protocol, req.app === inner, res.app === inner])
        next()
      }
      const fail = create().use((_req, _res, next) => next(new Error('no')))
      const own = ['127.0.0.1', 'http', false, false]
      const headers = { 'x-forwarded-for': '9.9.9.9', 'x-forwarded-proto': 'https' }
      const front = [look]
      inner.use(look)
      const { url, errors } = await serveX(
        host,
        [fromExpress([inner, look])],
        ({ context: { req, res } }) => {
          look(req, res, () => {})
          return new Response('hello')
        },
        { front },
      )
      expect(await answerOf(await fetch(`${url}/api/x`, { headers }))).toEqual([200, 'hello'])
      expect(seen.splice(0)).toEqual([own, ['9.9.9.9', 'https', true, true], own, own])
      expect(errors).toEqual([])

      const behind = [
        (error: unknown, req: unknown, res: unknown, next: (error: unknown) => void) =>
          look(req, res, () => next(error)),
      ]
      const failing = await serveX(host, [fromExpress(fail)], hello, { behind: behind as never })
      expect((await fetch(`${failing.url}/api/x`, { headers })).status).toBe(500)
      expect(seen).toEqual([own])
    })

    it('has nothing to report of a file, or a body, whose client has left', async () => {
      const logged = jest.spyOn(console, 'error').mockReturnValue()
      const folder = mkdtempSync(join(tmpdir(), 'from-express-'))
      try {
        const file = join(folder, 'large.bin')
        writeFileSync(file, Buffer.alloc(20_000_000))
        let settled = (): void => {}
        const sends: Middleware = (_req, res, next) => {
          res.sendFile(file, (error: unknown) => {
            next(error)
            settled()
          })
        }
        const parses: Middleware = (req, res, next) => {
          express.json({ limit: '1mb' })(req, res, (error: unknown) => {
            next(error)
            settled()
          })
        }
        const head = ['Content-Type: application/json', 'Content-Length: 1000']
        for (const [middleware, text] of [
          [sends, rawHead('GET /api/x HTTP/1.1')],
          [parses, `${rawHead('POST /api/x HTTP/1.1', head)}{"a":`],
        ] as const) {
          const { port, errors } = await serveX(host, [fromExpress(middleware)], hello)
          const done = new Promise<void>((resolve) => (settled = resolve))
          const socket = await open(port)
          socket.write(text)
          if (middleware === sends) await once(socket, 'data')
          else await new Promise((resolve) => setTimeout(resolve, 50))
          socket.destroy()
          await done
          await new Promise(setImmediate)
          expect(errors).toEqual([])
        }
        expect(logged.mock.calls).toEqual([])
      } finally {
        logged.mockRestore()
        rmSync(folder, { recursive: true })
      }
    })

    it('takes what answers by `res.json()`, `res.redirect()` and `res.sendFile()`', async () => {
      const answers: [Middleware, unknown][] = [
        [(_req, res) => res.status(402).json({ pay: true }), [402, '{"pay":true}']],
        [(_req, res) => res.redirect('/login'), [302, expect.stringContaining('/login')]],
        [(_req, res) => res.sendFile(__filename), [200, expect.stringContaining('sendFile()')]],
      ]
      for (const [answer, expected] of answers) {
        const { url, errors } = await serveX(host, [fromExpress(answer)], hello)
        const response = await fetch(`${url}/api/x`, { redirect: 'manual' })
        expect(await answerOf(response)).toEqual(expected)
        expect(errors).toEqual([])
      }
    })
  },
  expressHosts,
)

describe('fromExpress()', () => {
  it('answers 404 for a route that is left where nothing is behind it', async () => {
    const leave = fromExpress((_req, _res, next) => next('route'))
    const { url } = await listen(chainX([leave], hello))
    expect(await answerOf(await fetch(`${url}/api/x`))).toEqual([404, 'Not found'])
  })

  it('says that `api.fetch()` has no `req` and `res`', async () => {
    const pass = fromExpress((_req, _res, next) => next())
    await expect(chainX([pass], hello).fetch('/api/x')).rejects.toMatchObject({
      code: 'ERR_START_API_NO_NODE_REQUEST',
      message: expect.stringContaining('api.fetch()'),
    })
  })

  it('answers over HTTP/2, too, where there are headers of another kind', async () => {
    const seen: unknown[] = []
    const look = middleware(async ({ next }) => {
      const { response } = await next()
      seen.push([response.status, [...response.headers]])
      return response
    })
    const deny: Middleware = (_req, res) => {
      res.statusCode = 401
      res.setHeader('x-why', 'no')
      res.end('no')
    }
    const server = http2.createServer(chainX([look, fromExpress(deny)], hello) as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    try {
      for (const [method, body] of [
        ['GET', 'no'],
        ['HEAD', ''],
      ] as const) {
        const stream = client.request({ ':path': '/api/x', ':method': method })
        const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
        expect([head[':status'], await text(stream)]).toEqual([401, body])
        expect(seen.splice(0)).toEqual([[401, [['x-why', 'no']]]])
      }
    } finally {
      client.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('refuses what is no middleware, at once', () => {
    expect(() => fromExpress('cors' as never)).toThrow(/fromExpress\(\).*is a string/)
    expect(() => fromExpress([] as never)).toThrow(TypeError)
    expect(() => fromExpress([cors(), undefined] as never)).toThrow(/undefined/)
    const onError = (_error: unknown, _req: unknown, _res: unknown, _next: unknown) => {}
    expect(() => fromExpress(onError as never)).toThrow(/error middleware/)
  })
})
