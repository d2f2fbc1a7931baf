// What V8 makes of `req` and `res` decides what each read of them costs, in Node and Express as well.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { startApi } from 'express-start-api'
import { deferred } from './support/deferred'
import { type Host, describeHosts, serve } from './support/hosts'
import { rawGet } from './support/raw-request'
import { apiRoutes } from './support/routes'

/** A function of V8's, whose syntax takes a flag. */
function toNative<T>(parameters: string, call: string): T {
  setFlagsFromString('--allow-natives-syntax')
  // oxlint-disable-next-line no-new-func -- no parser but V8's, with its flag, knows the syntax
  const native = new Function(...parameters.split(','), `return ${call}`) as T
  setFlagsFromString('--no-allow-natives-syntax')
  return native
}

const isAlike = toNative<(a: object, b: object) => boolean>('a,b', '%HaveSameMap(a, b)')
const isDictionary = toNative<(value: object) => boolean>('value', '!%HasFastProperties(value)')

type Pair = readonly [req: IncomingMessage, res: ServerResponse]

/** Node's objects of two requests that are answered at the same time, as they are behind startApi(). */
async function holdTwo(host: Host, path: string): Promise<readonly [Pair, Pair]> {
  const seen: Pair[] = []
  const both = deferred()
  const meet = async (...pair: Pair): Promise<void> => {
    seen.push(pair)
    if (seen.length === 2) both.resolve()
    await both.promise
  }
  const api = startApi(
    apiRoutes({
      'api/served.ts': {
        GET: async ({ context }) => {
          await meet(context.req as IncomingMessage, context.res as ServerResponse)
          return new Response('ok')
        },
      },
    }),
  )
  await api.ready
  const { port } = await serve(host, [
    api,
    (req, res) => {
      void meet(req, res).then(() => res.end('ok'))
    },
  ])
  await Promise.all([rawGet(port, path), rawGet(port, path)])
  expect(seen[0]![0]).not.toBe(seen[1]![0])
  return seen as [Pair, Pair]
}

describeHosts('two requests at the same time', (host) => {
  const isLone = Number.parseInt(process.versions.v8, 10) < 13

  // Later ones do it by themselves, though not in a process with hundreds of applications, as this may be.
  if (isLone) {
    it.each([
      ['served', '/api/served'],
      ['passed on', '/other'],
    ])('are of one hidden class each for req and res where they are %s', async (_how, path) => {
      const isShared = async () => {
        const [[req, res], [otherReq, otherRes]] = await holdTwo(host, path)
        return isAlike(req, otherReq) && isAlike(res, otherRes)
      }
      // Another application has other prototypes: one of 64 has no luck.
      expect((await isShared()) || (await isShared()) || (await isShared())).toBe(true)
    })
  }

  it('stay what they are where they share their hidden class anyway', async () => {
    const [[req, res]] = await holdTwo(host, '/other')
    expect([isDictionary(req), isDictionary(res)]).toEqual(Array(2).fill(host.isExpress && isLone))
  })
})

describe('startApi() passes on', () => {
  const failing = () => {
    throw new Error('refused')
  }
  it.each<[string, unknown, unknown]>([
    [
      'objects that take no property',
      Object.freeze({ url: '/other', headers: {}, app: {} }),
      Object.freeze({}),
    ],
    ['what is no object', { url: '/other', headers: {}, app: {} }, undefined],
    [
      'what refuses each property',
      { url: '/other', headers: {}, app: {} },
      new Proxy({}, { set: failing }),
    ],
  ])('%s', async (_what, req, res) => {
    const api = startApi(apiRoutes({ 'api/served.ts': { GET: () => new Response('ok') } }))
    const early = jest.fn()
    api(req as never, res as never, early)
    await api.ready
    const next = jest.fn()
    api(req as never, res as never, next)
    expect([early.mock.calls, next.mock.calls]).toEqual([[[]], [[]]])
  })

  it('the error of a request that can not be read, while the routes load as well', async () => {
    const api = startApi(apiRoutes({ 'api/served.ts': { GET: () => new Response('ok') } }))
    const req = Object.defineProperty({ url: '/other', headers: {} }, 'app', { get: failing })
    const early = jest.fn()
    api(req as never, {} as never, early)
    await api.ready
    const next = jest.fn()
    api(req as never, {} as never, next)
    const error = expect.objectContaining({ message: 'refused' })
    expect([early.mock.calls, next.mock.calls]).toEqual([[[error]], [[error]]])
  })

  it('a Proxy with nothing added', async () => {
    const api = startApi(apiRoutes({ 'api/served.ts': { GET: () => new Response('ok') } }))
    await api.ready
    // A trap that forgets to say `true`.
    const set = (target: object, name: PropertyKey, value: unknown) => {
      Object.assign(target, { [name]: value })
    }
    const res = new Proxy({}, { set: set as never })
    api({ url: '/other', headers: {}, app: {} } as never, res as never, () => {})
    expect(Reflect.ownKeys(res)).toEqual([])
  })
})
