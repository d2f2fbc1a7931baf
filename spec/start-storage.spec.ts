// Helpers of the real `@tanstack/react-start/server` in our handlers. Its storage is made again here,
// with what its helpers do to an event; tried by hand with start-server-core 1.168.4 and 1.169.45, which
// need Node 22.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type APIRouteMethods, json, startApi, startHandler } from 'express-start-api'
import * as own from 'express-start-api/server'
import { describeHosts, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

interface State {
  status?: number
  statusText?: string
  headers: Headers
  clearHeaders: boolean
  headerAppends?: unknown
  setCookieBehavior?: 'merge' | 'replace'
}

interface Event {
  request: Request & { ip?: string }
  requestUrl: URL
  responseState?: State
  h3Event: {
    req: Request & { ip?: string }
    url: URL
    res: Pick<State, 'status' | 'statusText' | 'headers'>
    context: Record<string, unknown>
  }
}

const KEY = Symbol.for('tanstack-start:event-storage')
const shared = globalThis as { [KEY]?: AsyncLocalStorage<Event> }

const current = (): Event => {
  const event = shared[KEY]!.getStore()
  if (event === undefined) throw new Error('No StartEvent found in AsyncLocalStorage.')
  return event
}

/** As start-server-core 1.169.45 writes. */
const newest = {
  state: (): State => {
    const event = current()
    return (event.responseState ||= { headers: new Headers(), clearHeaders: false })
  },
  getRequest: () => current().request,
  getUrl: () => current().requestUrl,
  setStatus: (status: number) => (newest.state().status = status),
  setCookie: (cookie: string) => {
    const { headers } = newest.state()
    newest.state().setCookieBehavior = 'merge'
    const all = [...headers.getSetCookie(), cookie]
    headers.delete('set-cookie')
    for (const item of all) headers.append('set-cookie', item)
  },
  clear: () => {
    const state = newest.state()
    state.clearHeaders = true
    state.headers = new Headers()
    state.headerAppends = undefined
  },
}

/** As start-server-core 1.168.4 does, through h3 2. */
const earlier = {
  state: () => current().h3Event.res,
  getRequest: () => current().h3Event.req,
  getUrl: () => current().h3Event.url,
  setStatus: (status: number) => (current().h3Event.res.status = status),
  setCookie: (cookie: string) => {
    const { res } = current().h3Event
    const all = [...res.headers.getSetCookie(), cookie]
    res.headers.delete('set-cookie')
    for (const item of all) res.headers.append('set-cookie', item)
  },
}

beforeEach(() => (shared[KEY] = new AsyncLocalStorage()))
afterEach(() => delete shared[KEY])

const later = () => new Promise((resolve) => setTimeout(resolve, 1))

describeHosts("Start's own helpers", (host) => {
  const serveX = (GET: NonNullable<APIRouteMethods<string>['GET']>) =>
    serve(host, [startApi(apiRoutes({ 'api/x.ts': { GET } }))])

  describe.each([
    ['1.169.45', newest],
    ['1.168.4', earlier],
  ])('as in start-server-core %s', (_, start) => {
    it('see the request', async () => {
      const { url } = await serveX(async ({ request }) => {
        await later()
        const seen = start.getRequest()
        return json([seen === request, start.getUrl().href, seen.headers.get('x-a'), seen.ip])
      })
      const response = await fetch(`${url}/api/x?q=1`, { headers: { 'x-a': 'b' } })
      expect(await response.json()).toEqual([
        true,
        `${url}/api/x?q=1`,
        'b',
        expect.stringMatching(/127\.0\.0\.1$/),
      ])
    })

    it('set status, headers and cookies of the answer, whatever Response it is', async () => {
      const { url } = await serveX(async () => {
        await later()
        start.setStatus(418)
        start.state().statusText = 'Tea'
        start.state().headers.set('x-own', 'helper')
        start.state().headers.append('link', '<b>')
        start.state().headers.delete('x-gone')
        start.setCookie('a=1')
        start.setCookie('b=2')
        const headers = { 'x-own': 'Response', 'x-gone': '1', link: '<a>', 'set-cookie': 'c=3' }
        return new Response('x', { headers })
      })
      const { status, statusText, headers } = await fetch(`${url}/api/x`)
      expect([status, statusText]).toEqual([418, 'Tea'])
      expect(['x-own', 'x-gone', 'link'].map((name) => headers.get(name))).toEqual([
        'helper',
        null,
        '<a>, <b>',
      ])
      expect(headers.getSetCookie()).toEqual(['c=3', 'a=1', 'b=2'])
    })

    it('and ours see what the others have said', async () => {
      const { url } = await serveX(() => {
        start.state().headers.set('x-theirs', '1')
        own.setHeader('x-ours', '2')
        own.setResponseStatus(201)
        return json([
          own.getResponseHeader('x-theirs'),
          start.state().headers.get('x-ours'),
          start.state().status,
        ])
      })
      expect(await (await fetch(`${url}/api/x`)).json()).toEqual(['1', '2', 201])
    })

    it('keep concurrent requests apart', async () => {
      const { url } = await serveX(async ({ request }) => {
        const id = new URL(request.url).search
        await later()
        start.state().headers.set('x-id', start.getUrl().search)
        return new Response(id)
      })
      const ids = Array.from({ length: 20 }, (_, index) => `?${index}`)
      const responses = await Promise.all(ids.map((id) => fetch(`${url}/api/x${id}`)))
      expect(responses.map(({ headers }) => headers.get('x-id'))).toEqual(ids)
    })
  })

  it('clear the headers of the Response', async () => {
    const { url } = await serveX(() => {
      newest.state().headers.set('x-before', '1')
      newest.clear()
      newest.state().headers.set('x-after', '1')
      return new Response('x', { headers: { 'x-own': '1', 'set-cookie': 'a=1' } })
    })
    const { headers } = await fetch(`${url}/api/x`)
    expect(['x-before', 'x-after', 'x-own', 'set-cookie'].map((name) => headers.get(name))).toEqual(
      [null, '1', null, null],
    )
  })

  it('replace the cookies of the Response where they set the header itself', async () => {
    const { url } = await serveX(() => {
      newest.state().headers.set('set-cookie', 'only=1')
      newest.state().setCookieBehavior = 'replace'
      return new Response('x', { headers: { 'set-cookie': 'own=1' } })
    })
    expect((await fetch(`${url}/api/x`)).headers.getSetCookie()).toEqual(['only=1'])
  })

  it('are left alone by startHandler(): a Start server makes its own event of the Request', async () => {
    const entry = {
      fetch: (request: Request) => {
        expect(shared[KEY]!.getStore()).toBeUndefined()
        own.setHeader('x-ours', new URL(own.getRequest().url).pathname)
        return shared[KEY]!.run({ request } as Event, async () => {
          await later()
          return new Response(String(newest.getRequest() === request))
        })
      },
    }
    const { url } = await serve(host, [startHandler(entry)])
    const response = await fetch(`${url}/x`)
    expect([response.headers.get('x-ours'), await response.text()]).toEqual(['/x', 'true'])
  })
})

describe("Start's own helpers", () => {
  it('work in `api.fetch()`, where no client has an address', async () => {
    const GET = () => {
      newest.setStatus(201)
      return json({ ip: newest.getRequest().ip ?? null })
    }
    const response = await startApi(apiRoutes({ 'api/x.ts': { GET } })).fetch('/api/x')
    expect([response.status, await response.json()]).toEqual([201, { ip: null }])
  })

  it('find the storage also where it is made after startApi(), as a route file does', async () => {
    delete shared[KEY]
    const GET = () => new Response(newest.getUrl().pathname)
    const api = startApi(apiRoutes({ 'api/x.ts': { GET } }))
    await api.ready
    shared[KEY] = new AsyncLocalStorage()
    expect(await (await api.fetch('/api/x')).text()).toBe('/api/x')
  })
})
