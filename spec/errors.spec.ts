import { runInNewContext } from 'node:vm'
import {
  createStartAPIHandler,
  defaultAPIFileRouteHandler,
  json,
  startApi,
  type StartApiOptions,
} from 'express-start-api'
import { useRequestDeadline } from '@whatwg-node/server'
import { setHeader } from 'express-start-api/server'
import { type TestHandler, routeX } from './support/handlers'
import { type Host, type Layer, describeHosts, expressHosts, listen, serve } from './support/hosts'
import { recordProcessErrors } from './support/process-errors'
import { open, rawGet, rawHead, rawRequest, readAll } from './support/raw-request'
import { apiRoutes } from './support/routes'

let log: jest.SpyInstance

beforeEach(() => {
  log = jest.spyOn(console, 'error').mockImplementation()
})

afterEach(() => log.mockRestore())

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Asks once, and says what the client, the error middleware and the process saw. */
async function askX(host: Host, handler: TestHandler, before: readonly Layer[] = []) {
  const reached: string[] = []
  let seen: { status: number; body: string; headers: object; errors: unknown[] } | undefined
  const unhandled = await recordProcessErrors(async () => {
    const app = await serve(host, [
      ...before,
      routeX(handler),
      (_req, _res, next) => {
        reached.push('the layer behind')
        next()
      },
    ])
    const { status, body, headers } = await rawGet(app.port, '/api/x')
    await turns(3)
    seen = { status, body, headers, errors: app.errors }
  })
  return { ...seen!, unhandled, reached }
}

const boom = new Error('db password')

/** The ways that a handler can fail with a value. */
const ways: readonly [string, (value: unknown) => TestHandler][] = [
  [
    'throws',
    (value) => () => {
      throw value
    },
  ],
  [
    'throws asynchronously',
    (value) => async () => {
      await turns(1)
      throw value
    },
  ],
  // oxlint-disable-next-line prefer-promise-reject-errors -- what is tested
  ['returns a rejected promise of', (value) => () => Promise.reject(value)],
]

describe.each(ways)('a handler that %s', (_way, failWith) => {
  describeHosts('an Error', (host) => {
    it('hands that very error to the error middleware, once (hazards 161, 162, 163, 174)', async () => {
      const answer = await askX(host, failWith(boom))
      expect(answer.errors).toEqual([boom])
      expect(answer.errors[0]).toBe(boom)
      expect([answer.status, answer.body]).toEqual([500, 'error handler'])
      expect(answer.unhandled).toEqual([])
      expect(answer.reached).toEqual([])
      expect(log).not.toHaveBeenCalled()
    })
  })

  describeHosts('a value that is no Error', (host) => {
    it.each([
      [undefined, 'undefined'],
      [null, 'null'],
      ['route', 'a string'],
      ['router', 'a string'],
      ['secret', 'a string'],
      [0, 'a number'],
      [{ secret: 1 }, 'an object'],
    ])(
      'hands %j on as an Error that tells where, not what (hazards 158, 159)',
      async (value, kind) => {
        const answer = await askX(host, failWith(value))
        expect(answer.errors).toEqual([
          expect.objectContaining({
            code: 'ERR_START_API_THROWN',
            message: `GET api/x.ts threw ${kind}, which is not an Error. Throw an Error or a Response.`,
            cause: value,
          }),
        ])
        expect(answer.status).toBe(500)
        expect(answer.reached).toEqual([])
        expect(answer.unhandled).toEqual([])
      },
    )
  })

  describeHosts('a Response', (host) => {
    it('answers with it (hazard 160)', async () => {
      const response = json({ no: true }, { status: 401, headers: { 'set-cookie': 'a=1' } })
      const answer = await askX(host, failWith(response))
      expect([answer.status, answer.body]).toEqual([401, '{"no":true}'])
      expect(answer.headers).toMatchObject({ 'set-cookie': 'a=1', 'content-length': '11' })
      expect(answer.errors).toEqual([])
      expect(answer.unhandled).toEqual([])
    })

    it('of fetch() answers with it', async () => {
      const { url } = await listen((_req, res) => {
        res.statusCode = 403
        res.end('upstream')
      })
      const answer = await askX(host, failWith(await fetch(url)))
      expect([answer.status, answer.body]).toEqual([403, 'upstream'])
      expect(answer.errors).toEqual([])
    })
  })
})

describeHosts('an error', (host) => {
  it('of another realm is handed on as it is', async () => {
    const foreign: unknown = runInNewContext('new Error("foreign")')
    const answer = await askX(host, () => {
      throw foreign
    })
    expect(answer.errors[0]).toBe(foreign)
  })

  it('leaves nothing of the answer that was to come on the error page', async () => {
    const answer = await askX(host, () => {
      setHeader('X-Helper', '1')
      const headers = { 'x-good': '1', 'x-bad': 'a\x01', 'set-cookie': 'a=1' }
      return new Response('x', { status: 201, statusText: 'Made', headers })
    })
    expect([answer.status, answer.body]).toEqual([500, 'error handler'])
    for (const name of ['x-helper', 'x-good', 'x-bad', 'set-cookie', 'content-type']) {
      expect(answer.headers).not.toHaveProperty(name)
    }
  })

  it('after the handler began its answer breaks it off, and is logged once (hazard 164)', async () => {
    const app = await serve(host, [
      routeX(({ context: { res } }) => {
        res.write('begun')
        throw boom
      }),
    ])
    const answer = await rawGet(app.port, '/api/x')
    expect(answer.body).not.toContain('0\r\n\r\n')
    expect(app.errors).toEqual([])
    expect(log.mock.calls).toEqual([['[start-api] GET failed after its answer had begun:', boom]])
  })

  it('after the handler ended its answer is logged once, and the client has it whole', async () => {
    const app = await serve(host, [
      routeX(({ context: { res } }) => {
        res.end('x'.repeat(10_000_000))
        throw boom
      }),
    ])
    expect((await rawGet(app.port, '/api/x')).body).toHaveLength(10_000_000)
    expect(app.errors).toEqual([])
    expect(log).toHaveBeenCalledTimes(1)
  })
})

describeHosts('with an entry handler and plugins around the route', (host) => {
  const around = {
    handler: createStartAPIHandler(defaultAPIFileRouteHandler),
    plugins: [{ onRequest() {}, onResponse() {} }],
  }

  it.each<[string, TestHandler, object]>([
    [
      'an Error',
      () => {
        throw boom
      },
      boom,
    ],
    [
      'what is no Error',
      () => {
        // oxlint-disable-next-line no-throw-literal -- what is tested
        throw null
      },
      { code: 'ERR_START_API_THROWN' },
    ],
    ['what is no Response', () => undefined, { code: 'ERR_START_API_BAD_RESULT' }],
  ])('%s reaches the error middleware once', async (_name, handler, error) => {
    const unhandled = await recordProcessErrors(async () => {
      const app = await serve(host, [routeX(handler, around)])
      expect((await rawGet(app.port, '/api/x')).status).toBe(500)
      await turns(3)
      expect(app.errors).toEqual([expect.objectContaining(error)])
    })
    expect(unhandled).toEqual([])
  })

  it.each<[string, StartApiOptions]>([
    [
      'the option `context`',
      {
        context() {
          throw 'route'
        },
      },
    ],
    [
      'the entry handler',
      {
        handler() {
          throw 'route'
        },
      },
    ],
    [
      'a plugin',
      {
        plugins: [
          {
            onRequest() {
              throw 'route'
            },
          },
        ],
      },
    ],
  ])('what is no Error reaches it as one from %s too', async (_name, options) => {
    const unhandled = await recordProcessErrors(async () => {
      const app = await serve(host, [routeX(() => new Response('never'), options)])
      expect((await rawGet(app.port, '/api/x')).status).toBe(500)
      expect(app.errors).toEqual([
        expect.objectContaining({ code: 'ERR_START_API_THROWN', cause: 'route' }),
      ])
    })
    expect(unhandled).toEqual([])
  })

  it('a thrown Response is the answer, as sent by the route', async () => {
    const app = await serve(host, [
      routeX(() => {
        throw new Response('no', { status: 401, headers: { 'set-cookie': 'a=1' } })
      }, around),
    ])
    const answer = await rawGet(app.port, '/api/x')
    expect([answer.status, answer.body]).toEqual([401, 'no'])
    expect(answer.headers).toMatchObject({ 'set-cookie': 'a=1', 'content-length': '2' })
  })
})

describeHosts('a client that has left', (host) => {
  const leave = async (handler: TestHandler) => {
    const done = { errors: [] as unknown[], unhandled: [] as unknown[] }
    done.unhandled = await recordProcessErrors(async () => {
      let called!: () => void
      let ended!: () => void
      const running = new Promise<void>((resolve) => (called = resolve))
      const over = new Promise<void>((resolve) => (ended = resolve))
      const app = await serve(host, [
        routeX(async (context) => {
          called()
          try {
            return await handler(context)
          } finally {
            setImmediate(ended)
          }
        }),
      ])
      const socket = await open(app.port)
      socket.write(rawHead('GET /api/x HTTP/1.1'))
      await running
      socket.destroy()
      await over
      await turns(3)
      done.errors = app.errors
    })
    return done
  }

  it('is no error of the application when what it waited for is aborted (hazard 165)', async () => {
    const { url } = await listen(() => {})
    const { errors, unhandled } = await leave(({ request: { signal } }) => fetch(url, { signal }))
    expect(errors).toEqual([])
    expect(unhandled).toEqual([])
    expect(log).not.toHaveBeenCalled()
  })

  it('does not hide an error of the application', async () => {
    const { errors, unhandled } = await leave(async ({ context: { res } }) => {
      await new Promise((resolve) => res.once('close', resolve))
      throw boom
    })
    expect(errors).toEqual([boom])
    expect(unhandled).toEqual([])
  })
})

describeHosts('a handler that gives no Response', (host) => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'text'],
    ['a number', 404],
    ['an object', { a: 1 }],
    ['an array', [1]],
    ['a function', () => {}],
  ])('but %s is an error that names method and file (hazard 123)', async (kind, result) => {
    for (const handler of [() => result, async () => result]) {
      const answer = await askX(host, handler)
      expect(answer.status).toBe(500)
      expect(answer.errors).toEqual([
        expect.objectContaining({
          code: 'ERR_START_API_BAD_RESULT',
          message: `GET api/x.ts returned ${kind}. Return a Response, e.g. json(value) or new Response(text).`,
        }),
      ])
      expect(answer.reached).toEqual([])
    }
  })
})

describeHosts(
  'an error without an error middleware',
  (host) => {
    it('shows the client what the host shows, which hides it in production (hazard 156)', async () => {
      const app = host.create()
      app.use(
        '/',
        routeX(() => {
          throw boom
        }),
      )
      const { port } = await listen(app.listener)
      const answer = await rawGet(port, '/api/x')
      expect(answer.status).toBe(500)
      expect(JSON.stringify(answer)).not.toMatch(/password|errors\.spec/)
    })
  },
  expressHosts,
)

describe('without `next`, as a listener of node:http', () => {
  it.each<[string, TestHandler]>([
    [
      'a thrown Error',
      () => {
        throw boom
      },
    ],
    // oxlint-disable-next-line prefer-promise-reject-errors -- what is tested
    ['a rejection without a reason', () => Promise.reject(undefined)],
    ['no Response', () => ({ secret: 'db password' })],
    ['a Response that HTTP has no answer for', () => Response.error()],
    [
      'a stream that fails at once',
      () => new Response(new ReadableStream({ start: (controller) => controller.error(boom) })),
    ],
  ])(
    'answers 500 without message or stack, and logs the error: %s (hazard 156)',
    async (_name, handler) => {
      const unhandled = await recordProcessErrors(async () => {
        const { port } = await listen(routeX(handler))
        const answer = await rawGet(port, '/api/x')
        expect(answer.statusLine).toBe('HTTP/1.1 500 Internal Server Error')
        expect(answer.body).toBe('Internal Server Error')
        expect(JSON.stringify(answer)).not.toMatch(/password|api\/x\.ts|spec|Error:/)
      })
      expect(log).toHaveBeenCalledTimes(1)
      expect(log).toHaveBeenCalledWith('[start-api]', expect.anything())
      expect(unhandled).toEqual([])
    },
  )

  it.each<[unknown]>([[404], [99999], ['x'], [302]])(
    'takes no status from an error that is not ours: %j (hazard 157)',
    async (status) => {
      const { port } = await listen(
        routeX(() => {
          throw Object.assign(new Error('request failed'), { status, statusCode: status })
        }),
      )
      expect((await rawGet(port, '/api/x')).status).toBe(500)
    },
  )

  it('answers HEAD without a body', async () => {
    const { port } = await listen(
      routeX(() => {
        throw boom
      }),
    )
    const answer = await rawRequest(port, rawHead('HEAD /api/x HTTP/1.1'))
    expect([answer.status, answer.body]).toEqual([500, ''])
    expect(answer.headers['content-length']).toBe('21')
  })

  it('serves the next request on the same connection', async () => {
    let count = 0
    const { port } = await listen(
      routeX(() => {
        if (++count === 1) throw boom
        return new Response('second')
      }),
    )
    const socket = await open(port)
    socket.write(rawHead('GET /api/x HTTP/1.1', ['Connection: keep-alive']))
    socket.write(rawHead('GET /api/x HTTP/1.1'))
    expect((await readAll(socket)).toString()).toMatch(/ 500 .* 200 OK.*second$/s)
  })
})

describeHosts('a status that belongs to the request (hazard 175)', (host) => {
  it('is on the error: 400 for a parameter that does not decode', async () => {
    const app = await serve(host, [
      startApi(apiRoutes({ 'api/users/$id.ts': { GET: ({ params }) => json(params) } })),
    ])
    const answer = await rawGet(app.port, '/api/users/%E0%A4%A')
    expect([answer.status, answer.body]).toEqual([400, 'error handler'])
    expect(app.errors).toEqual([
      expect.objectContaining({ code: 'ERR_START_API_BAD_PARAM', status: 400 }),
    ])
  })

  it('is answered without a word about it where there is no `next`', async () => {
    const { port } = await listen(
      startApi(apiRoutes({ 'api/users/$id.ts': { GET: ({ params }) => json(params) } })),
    )
    const answer = await rawGet(port, '/api/users/%E0%A4%A')
    expect([answer.status, answer.body]).toEqual([400, 'Bad Request'])
    expect(log).not.toHaveBeenCalled()
  })
})

describeHosts('routes that failed to load (hazard 170)', (host) => {
  it('are an error of each request', async () => {
    const unhandled = await recordProcessErrors(async () => {
      const api = startApi({
        'api/x.ts': async () => {
          throw boom
        },
      })
      const app = await serve(host, [api])
      await expect(api.ready).rejects.toMatchObject({ code: 'ERR_START_API_ROUTE_FILE' })
      for (const count of [1, 2]) {
        expect((await rawGet(app.port, '/api/x')).status).toBe(500)
        expect(app.errors).toHaveLength(count)
      }
    })
    expect(unhandled).toEqual([])
  })
})

describeHosts('a handler that does not settle (hazard 173)', (host) => {
  it("is answered by the adapter's deadline plugin, if the application wants one", async () => {
    const deadline = useRequestDeadline({
      timeout: 20,
      response: () => new Response('too late', { status: 504 }),
    })
    const app = await serve(host, [routeX(() => new Promise(() => {}), { plugins: [deadline] })])
    const answer = await rawGet(app.port, '/api/x')
    expect([answer.status, answer.body]).toEqual([504, 'too late'])
  })
})
