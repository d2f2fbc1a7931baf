// What goes wrong between a client, a handler and the network, and what peers' users reported of it.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { deferred } from './support/deferred'
import { describeHosts, serve } from './support/hosts'
import { routeX } from './support/handlers'
import { open } from './support/raw-request'

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
