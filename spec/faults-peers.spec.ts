// What users of other adapters reported from 2025-11 on. (Specs of earlier reports name their hazard.)
import { once } from 'node:events'
import { json } from 'express-start-api'
import { deferred } from './support/deferred'
import { describeHosts, serve } from './support/hosts'
import { routeX } from './support/handlers'
import { recordProcessErrors } from './support/process-errors'
import { open, readAll } from './support/raw-request'

const CHUNK = `4000\r\n${'x'.repeat(0x4000)}\r\n`
const UPLOAD = 'POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
const NEXT = 'GET /api/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

describeHosts('a body that the handler cancels while it comes in', (host) => {
  // h3js/srvx#157 and #160
  it('does not abort the signal: the client is still there', async () => {
    const { port } = await serve(host, [
      routeX(async ({ request }) => {
        if (request.method === 'GET') return json('next')
        const reader = request.body!.getReader()
        await reader.read()
        await reader.cancel()
        await new Promise((resolve) => setTimeout(resolve, 20))
        return json({ aborted: request.signal.aborted })
      }),
    ])
    const socket = await open(port)
    socket.write(UPLOAD + CHUNK)
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString()).toMatch(/\{"aborted":false\}$/)
    socket.write(`${CHUNK}0\r\n\r\n${NEXT}`)
    expect((await readAll(socket)).toString()).toMatch(/"next"$/)
  })

  // middleapi/standard-server#76, nodejs/node#54205: a chunk that arrives after the cancellation
  it('takes the chunks that come later, and the next request', async () => {
    const cancelled = deferred()
    const errors = await recordProcessErrors(async () => {
      const { port } = await serve(host, [
        routeX(async ({ request }) => {
          if (request.method === 'GET') return json('next')
          const reading = request.body!.getReader()
          await reading.read()
          await reading.cancel('enough')
          cancelled.resolve()
          await new Promise((resolve) => setTimeout(resolve, 20))
          return json('enough')
        }),
      ])
      const socket = await open(port)
      socket.write(UPLOAD + CHUNK)
      await cancelled.promise
      for (let count = 0; count < 20; count++) socket.write(CHUNK)
      socket.write(`0\r\n\r\n${NEXT}`)
      expect((await readAll(socket)).toString().match(/"enough"|"next"/g)).toEqual([
        '"enough"',
        '"next"',
      ])
    })
    expect(errors).toEqual([])
  })
})

describeHosts('a stream that fails since its client has left', (host) => {
  let log: jest.SpyInstance
  beforeEach(() => (log = jest.spyOn(console, 'error').mockImplementation(() => {})))
  afterEach(() => log.mockRestore())

  // TanStack/router#8155, remix-run/react-router#15287
  it.each(['with bytes behind it', 'before its first byte'])(
    'is no error of the application: %s',
    async (when) => {
      const failed = deferred()
      const begun = deferred()
      const processErrors = await recordProcessErrors(async () => {
        const { port, errors } = await serve(host, [
          routeX(({ request: { signal } }) => {
            const body = new ReadableStream({
              start(controller) {
                if (when === 'with bytes behind it') controller.enqueue(Buffer.from('first'))
                signal.addEventListener('abort', () => {
                  controller.error(signal.reason)
                  failed.resolve()
                })
                begun.resolve()
              },
            })
            return new Response(body)
          }),
        ])
        const socket = await open(port)
        socket.write(NEXT)
        if (when === 'with bytes behind it') await once(socket, 'data')
        await begun.promise
        socket.resetAndDestroy()
        await failed.promise
        await new Promise((resolve) => setImmediate(resolve))
        expect(errors).toEqual([])
      })
      expect(log.mock.calls).toEqual([])
      expect(processErrors).toEqual([])
    },
  )
})
