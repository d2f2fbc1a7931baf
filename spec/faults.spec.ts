// What goes wrong between a client, a handler and the network, and what peers' users reported of it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startApi } from 'express-start-api'
import { deferred } from './support/deferred'
import { describeHosts, hosts, serve } from './support/hosts'
import { routeX } from './support/handlers'
import { recordWarnings } from './support/process-errors'
import { open, readAll } from './support/raw-request'
import { routesDirectory, routeTexts } from './support/routes-directory'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Twice, with a turn between: finalizers run in between. */
async function collect(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const get = (headers = ''): string => `GET /api/x HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`

describeHosts('a client that leaves an event stream', (host) => {
  // remix-run/react-router#14817, nodejs/undici: a Request is collected although its signal is in use.
  it('aborts a signal that is all that the handler has kept of the Request, collected or not', async () => {
    const opened = deferred()
    const aborted = deferred<Event>()
    const { port } = await serve(host, [
      routeX(({ request }) => {
        request.signal.addEventListener('abort', aborted.resolve)
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(Buffer.from('data: 1\n\n'))
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        )
      }),
    ])
    const socket = await open(port)
    socket.once('data', () => opened.resolve())
    socket.write(get())
    await opened.promise
    await collect()
    socket.destroy()
    expect(await aborted.promise).toMatchObject({ type: 'abort' })
  })
})

describeHosts('a client that leaves with answers in its pipeline', (host) => {
  // Node gives a response its socket when it is its turn. Before, it hears nothing of the connection.
  const requests = [
    'GET /api/x?wait HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /api/x?stream HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'POST /api/x?stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody',
  ]

  it('is heard of by the signals and streams of those that have not had their turn', async () => {
    const log = new Set<string>()
    const begun = deferred()
    const over = deferred()
    const add = (event: string): void => {
      log.add(event)
      if (log.size === 2) begun.resolve()
      if (log.size === 6) over.resolve()
    }
    const { port, errors } = await serve(host, [
      routeX(async ({ request }) => {
        if (request.url.endsWith('?wait')) return new Promise(() => {})
        await request.text()
        const { method, signal } = request
        signal.addEventListener('abort', () => add(`${method} aborted`))
        return new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(Buffer.from('first')),
            pull: () => add(`${method} begun`),
            cancel: () => add(`${method} cancelled`),
          }),
        )
      }),
    ])
    const socket = await open(port)
    socket.write(requests.join(''))
    await begun.promise
    socket.destroy()
    await over.promise
    expect([...log].sort()).toEqual([
      'GET aborted',
      'GET begun',
      'GET cancelled',
      'POST aborted',
      'POST begun',
      'POST cancelled',
    ])
    expect(errors).toEqual([])
  })

  it('makes no error of what handlers reject with because of it', async () => {
    const begun = deferred()
    const rejected = deferred()
    const { port, errors } = await serve(host, [
      routeX(async ({ request }) => {
        if (request.url.endsWith('?wait')) return new Promise(() => {})
        await request.text()
        return new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => {
            reject(request.signal.reason as Error)
            rejected.resolve()
          })
          begun.resolve()
        })
      }),
    ])
    const socket = await open(port)
    socket.write(requests[0]! + requests[2]!)
    await begun.promise
    socket.destroy()
    await rejected.promise
    await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toEqual([])
  })

  it('adds no listeners to the connection, however many requests are in it', async () => {
    const { port } = await serve(host, [
      routeX(async ({ request }) => new Response(`${request.signal.aborted}`)),
    ])
    const socket = await open(port)
    const warnings = await recordWarnings(async () => {
      socket.write(get().repeat(30) + get('Connection: close\r\n'))
      expect((await readAll(socket)).toString().match(/false/g)).toHaveLength(31)
    })
    expect(warnings).toEqual([])
  })
})

describe('a route file that is replaced by a broken one under load', () => {
  it('goes on to be served as it was loaded', async () => {
    const routes = routesDirectory(routeTexts('api/x.js'))
    const [host] = hosts
    const { url } = await serve(host!, [startApi(routes)])
    const ask = async (): Promise<number> => (await fetch(`${url}/api/x`)).status
    expect(await ask()).toBe(200)
    const load = Array.from({ length: 50 }, ask)
    writeFileSync(join(routes, 'api/x.js'), 'export const {')
    expect(new Set(await Promise.all([...load, ...Array.from({ length: 50 }, ask)]))).toEqual(
      new Set([200]),
    )
  })
})
