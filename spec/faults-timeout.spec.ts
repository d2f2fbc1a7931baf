// The option `timeout`: what becomes of a handler that does not come to its end in time.
import { once } from 'node:events'
import { json, startApi } from 'express-start-api'
import { ask } from './support/ask'
import { deferred } from './support/deferred'
import { describeHosts, listen, middlewareHosts, serve } from './support/hosts'
import { recordProcessErrors } from './support/process-errors'
import { open } from './support/raw-request'
import { routeX } from './support/handlers'
import { apiRoutes } from './support/routes'

const never = (): Promise<never> => new Promise(() => {})

describeHosts('option `timeout`', (host) => {
  it('hands an error with status 504 that names method and file to the error middleware (hazard 173)', async () => {
    const { url, errors } = await serve(host, [routeX(never, { timeout: 20 })])
    const response = await fetch(`${url}/api/x`)
    expect([response.status, await response.text()]).toEqual([504, 'error handler'])
    expect(errors).toMatchObject([
      {
        code: 'ERR_START_API_TIMEOUT',
        status: 504,
        message: expect.stringMatching(/^GET api\/x\.ts .* 20 ms/),
      },
    ])
  })

  it('aborts `request.signal`, and that of copies, with a TimeoutError', async () => {
    const reasons: unknown[] = []
    const look = ({ request }: { request: Request }) => {
      const { signal } = request.clone()
      signal.addEventListener('abort', () => reasons.push(signal.reason, request.signal.reason))
      return never()
    }
    expect((await ask(host, look, { options: { timeout: 20 } })).status).toBe(504)
    expect(reasons).toMatchObject([{ name: 'TimeoutError' }, { name: 'TimeoutError' }])
  })

  it('gives a request that is first read after its time an aborted signal', async () => {
    let signal: AbortSignal | undefined
    const late = deferred()
    const { url } = await serve(host, [
      routeX(
        async (context) => {
          await late.promise
          signal = context.request.signal
        },
        { timeout: 20 },
      ),
    ])
    expect((await fetch(`${url}/api/x`)).status).toBe(504)
    late.resolve()
    await new Promise(setImmediate)
    expect(signal).toMatchObject({ aborted: true, reason: { name: 'TimeoutError' } })
  })

  it('discards what the handler gives later, and hears of no failure', async () => {
    const late = deferred()
    const cancelled = deferred()
    const body = new ReadableStream({ cancel: () => cancelled.resolve() })
    const results = [() => new Response(body), () => Promise.reject(new Error('late'))]
    const errors = await recordProcessErrors(async () => {
      const { url, errors } = await serve(host, [
        routeX(
          async () => {
            await late.promise
            return results.shift()!()
          },
          { timeout: 20 },
        ),
      ])
      const both = await Promise.all([fetch(`${url}/api/x`), fetch(`${url}/api/x`)])
      expect(both.map(({ status }) => status)).toEqual([504, 504])
      late.resolve()
      await cancelled.promise
      expect(errors).toHaveLength(2)
    })
    expect(errors).toEqual([])
  })

  it('is not for the body of a Response', async () => {
    const { url } = await serve(host, [
      routeX(
        () => {
          let left = 4
          return new Response(
            new ReadableStream({
              async pull(controller) {
                await new Promise((resolve) => setTimeout(resolve, 20))
                controller.enqueue(Buffer.from('.'))
                if (--left === 0) controller.close()
              },
            }),
          )
        },
        { timeout: 30 },
      ),
    ])
    expect(await (await fetch(`${url}/api/x`)).text()).toBe('....')
  })

  it('leaves answers that are in time alone, and their signals', async () => {
    let signal: AbortSignal | undefined
    const { url } = await serve(host, [
      routeX(
        async ({ request }) => {
          ;({ signal } = request)
          return json('in time')
        },
        { timeout: 30 },
      ),
    ])
    expect(await (await fetch(`${url}/api/x`)).json()).toBe('in time')
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(signal?.aborted).toBe(false)
  })

  it('holds for the entry handler and plugins, too', async () => {
    const plugin = { onRequest: never }
    for (const options of [{ handler: never }, { plugins: [plugin] }]) {
      const { url } = await serve(host, [routeX(() => json(1), { timeout: 20, ...options })])
      expect((await fetch(`${url}/api/x`)).status).toBe(504)
    }
  })

  it('reports no handler whose client has left', async () => {
    const called = deferred()
    const { port, errors } = await serve(host, [
      routeX(
        () => {
          called.resolve()
          return never()
        },
        { timeout: 250 },
      ),
    ])
    const socket = await open(port)
    socket.write('GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await called.promise
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 350))
    expect(errors).toEqual([])
  })
})

describeHosts(
  'option `timeout`, while a body comes in',
  (host) => {
    it('answers 504 to a client that stalls in the middle of its body', async () => {
      const { port, errors } = await serve(host, [
        routeX(async ({ request }) => json(await request.text()), { timeout: 30 }),
      ])
      const socket = await open(port)
      socket.write('POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf')
      const [head] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      expect(head.toString()).toMatch(/^HTTP\/1\.1 504 /)
      expect(errors).toMatchObject([{ code: 'ERR_START_API_TIMEOUT' }])
    })
  },
  middlewareHosts,
)

it('answers 504 itself where there is no `next`', async () => {
  const log = jest.spyOn(console, 'error').mockImplementation(() => {})
  const { url } = await listen(routeX(never, { timeout: 20 }))
  const response = await fetch(`${url}/api/x`)
  expect([response.status, await response.text()]).toEqual([504, 'Gateway Timeout'])
  expect(log).toHaveBeenCalledTimes(1)
  log.mockRestore()
})

it.each([0, -1, NaN, Infinity, 2 ** 31, '1000', null])(
  'refuses %p as a number of milliseconds',
  (timeout) => {
    expect(() => startApi(apiRoutes({}), { timeout: timeout as number })).toThrow(
      /option `timeout` must be a number of milliseconds/,
    )
  },
)
