// What V8 makes of `req` and `res` decides what each read of them costs, in Node and Express as well.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { startApi } from 'express-start-api'
import { deferred } from './support/deferred'
import { describeHosts, serve } from './support/hosts'
import { rawGet } from './support/raw-request'
import { apiRoutes } from './support/routes'

setFlagsFromString('--allow-natives-syntax')
// oxlint-disable-next-line no-new-func -- syntax that no parser but V8's, with its flag, knows
const isAlike = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
  a: object,
  b: object,
) => boolean
setFlagsFromString('--no-allow-natives-syntax')

type Pair = readonly [req: IncomingMessage, res: ServerResponse]

describeHosts('two requests at the same time', (host) => {
  it.each([
    ['served', '/api/served'],
    ['passed on', '/other'],
  ])('are of one hidden class each for req and res where they are %s', async (_how, path) => {
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
    const [[req, res], [otherReq, otherRes]] = seen as [Pair, Pair]
    expect(req).not.toBe(otherReq)
    expect([isAlike(req, otherReq), isAlike(res, otherRes)]).toEqual([true, true])
  })
})

it('startApi() passes on objects that take no properties', async () => {
  const api = startApi(apiRoutes({ 'api/served.ts': { GET: () => new Response('ok') } }))
  await api.ready
  const next = jest.fn()
  const req = Object.freeze({ url: '/other', method: 'GET', app: { settings: {} } })
  api(req as never, Object.freeze({}) as never, next)
  expect(next.mock.calls).toEqual([[]])
})
