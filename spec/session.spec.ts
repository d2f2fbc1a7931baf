// Sessions in sealed cookies: what clients get, and that h3, which Start uses, opens the same.
import expressSession from 'express-session'
import { startApi } from 'express-start-api'
import {
  type SessionConfig,
  clearSession,
  getSession,
  sealSession,
  unsealSession,
  updateSession,
  useSession,
} from 'express-start-api/server'
import * as h3 from 'h3'
import startSessions from './fixtures/start-sessions.json'
import { type Layer, describeHosts, expressHosts, hosts, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

const password = 'a password of more than thirty-two characters'
const config: SessionConfig = { password }

/** A client that keeps its cookies, and what it got last. */
class Browser {
  readonly cookies = new Map<string, string>()
  lines: string[] = []

  async get(
    handler: () => unknown,
    { layers = [], headers = {} }: { layers?: Layer[]; headers?: Record<string, string> } = {},
  ): Promise<unknown> {
    const GET = async () => Response.json({ is: await handler() })
    const host = layers.length > 0 ? expressHosts[0]! : hosts[3]!
    const api = startApi(apiRoutes({ 'api/x.ts': { GET } }))
    const { url, errors } = await serve(host, [...layers, api])
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent: Record<string, string> = cookie === '' ? headers : { ...headers, cookie }
    const response = await fetch(`${url}/api/x`, { headers: sent })
    this.take(response.headers.getSetCookie())
    if (response.status !== 200) return errors[0] ?? response.status
    return ((await response.json()) as { is: unknown }).is
  }

  take(lines: string[]): void {
    this.lines = lines
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (/Max-Age=0/.test(line)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
  }
}

/** The same in an application of h3 alone. */
async function inH3<T>(browser: Browser, run: (event: h3.H3Event) => T | Promise<T>): Promise<T> {
  const app = h3.createApp()
  let result: T
  app.use(
    h3.eventHandler(async (event) => {
      result = await run(event)
      return 'done'
    }),
  )
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const request = new Request('http://localhost/', { headers: { cookie } })
  const response = await h3.toWebHandler(app)(request)
  browser.take(response.headers.getSetCookie())
  return result!
}

const read = async (settings = config) => ({ ...(await useSession(settings)).data })
const write = async (data: object, settings = config) => {
  await (await useSession(settings)).update(data)
}
const large = (length: number) => ({ text: 'x'.repeat(length) })

describeHosts('useSession()', (host) => {
  it('keeps data in one sealed cookie', async () => {
    const handler = async () => {
      const session = await useSession<{ count: number }>(config)
      await session.update(({ count = 0 }) => ({ count: count + 1 }))
      return Response.json([session.id, session.data.count])
    }
    const { url } = await serve(host, [startApi(apiRoutes({ 'api/x.ts': { GET: handler } }))])
    const first = await fetch(`${url}/api/x`)
    const [line, ...more] = first.headers.getSetCookie()
    expect(more).toEqual([])
    expect(line).toMatch(/^start=Fe26\.2\*[^;]+; Path=\/; HttpOnly; Secure$/)
    const [id] = (await first.json()) as [string]
    const second = await fetch(`${url}/api/x`, { headers: { cookie: line!.split(';')[0]! } })
    expect(await second.json()).toEqual([id, 2])
  })
})

describe('a session', () => {
  it('opens in h3, and h3’s opens here', async () => {
    const browser = new Browser()
    await browser.get(() => write({ by: 'us' }))
    const named = { ...config, name: 'start' }
    expect(await inH3(browser, async (event) => (await h3.useSession(event, named)).data)).toEqual({
      by: 'us',
    })
    await inH3(browser, async (event) => (await h3.useSession(event, named)).update({ then: 'h3' }))
    expect(await browser.get(() => read())).toEqual({ by: 'us', then: 'h3' })
  })

  it.each(startSessions.sessions)(
    'opens as Start’s own package has sealed it, in one cookie or several: case %#',
    async ({ data, cookie }) => {
      const browser = new Browser()
      browser.take(cookie.split('; '))
      expect(await browser.get(() => read({ password: startSessions.password }))).toEqual(data)
    },
  )

  it('of Start v0 goes on under its name, `h3`', async () => {
    const browser = new Browser()
    await inH3(browser, async (event) => (await h3.useSession(event, config)).update({ a: 1 }))
    expect([...browser.cookies.keys()]).toEqual(['h3'])
    await browser.get(() => write({ b: 2 }))
    expect([...browser.cookies.keys()]).toEqual(['h3'])
    expect(await inH3(browser, async (event) => (await h3.useSession(event, config)).data)).toEqual(
      { a: 1, b: 2 },
    )
  })

  // Made by the session module of h3 2.0.1-rc.20, which Start 1.168 seals with; the second with short
  // chunks. Without `maxAge` they never expire.
  it.each([
    [
      'one cookie',
      [
        'start=Fe26.2**17e41a9757312a1fc6f3d2e71cb616a3ce1573d0af5a5bff67b08392407542b8*tpMdGiXZYq7NNnrICMGH4g*Z3GSo99_cOLoNJ8XlcZNlUi46AWM5nM7fasHRFXj3dbOtwszYojw83B1lluuv13PfSWbgkR6zaSiXqNYZYIrGw**ea7b3e7540c7e795829e46ea2cd1215c37c5877749afb5c66047edaa708b933f*nBhm4V1XgV1UABQr-hS4hKYqUyneyLf39AALepR9PTo',
      ],
    ],
    [
      'several cookies',
      [
        'start=__chunked__2',
        'start.1=Fe26.2**11c18b1cf7586e9b25d1a55703c110eb9db217e5f979e02b957a8866534ab0c3*HwjCqp8JgW67xH4yOQ37uA*IrEhfnLbkSZRqmPJsvXQOHeiwDUtotQzQwbmLBbCh-ndXLcK820ghb',
        'start.2=FV4RtEL0z-EwG2iJFbylqQ6YAyfe1m2w**e0e8488fec876c5216cda99b2945fc87c9b61131fadc154433399fb1ed27087d*d0yfurnWihBt92pJXLchtnfarrcA3JQq3OSTbiv5wPc',
      ],
    ],
  ])('that Start v1 sealed opens here, in %s', async (_name, cookies) => {
    const browser = new Browser()
    browser.take(cookies)
    const seen = await browser.get(async () => [(await useSession(config)).id, await read()])
    expect(seen).toEqual(['id', { by: 'Start' }])
  })

  it.each([
    ['tampered with', (value: string) => value.slice(0, -3) + 'abc'],
    ['cut off', (value: string) => value.slice(0, 100)],
    ['nonsense', () => 'nonsense'],
  ])('begins anew if its cookie is %s', async (_name, change) => {
    const browser = new Browser()
    await browser.get(() => write({ role: 'admin' }))
    browser.cookies.set('start', change(browser.cookies.get('start')!))
    expect(await browser.get(() => read())).toEqual({})
    expect(browser.lines).toHaveLength(1)
  })

  it('begins anew under another password', async () => {
    const browser = new Browser()
    await browser.get(() => write({ role: 'admin' }))
    const other = { password: [...password].reverse().join('') }
    expect(await browser.get(() => read(other))).toEqual({})
  })

  it('expires `maxAge` seconds after it began', async () => {
    const began = (secondsAgo: number) => (event: h3.H3Event) => {
      const createdAt = Date.now() - secondsAgo * 1000
      event.context.sessions = { start: { id: 'old', createdAt, data: { role: 'admin' } } }
      return h3.updateSession(event, { ...config, name: 'start' })
    }
    const limited = { ...config, maxAge: 60 }
    const browser = new Browser()
    await inH3(browser, began(30))
    expect(await browser.get(() => read(limited))).toEqual({ role: 'admin' })
    await inH3(browser, began(90))
    expect(await browser.get(() => read(limited))).toEqual({})
    expect(browser.lines[0]).toContain('; Expires=')
  })

  it('is apart from others by name', async () => {
    const browser = new Browser()
    const [one, two] = [
      { ...config, name: 'one' },
      { ...config, name: 'two' },
    ]
    await browser.get(async () => {
      await write({ a: 1 }, one)
      await write({ b: 2 }, two)
    })
    expect([...browser.cookies.keys()]).toEqual(['one', 'two'])
    const seen = await browser.get(async () => [await read(one), await read(two)])
    expect(seen).toEqual([{ a: 1 }, { b: 2 }])
  })

  it('stays ended once it is cleared, for the rest of the request as well', async () => {
    const browser = new Browser()
    await browser.get(() => write({ role: 'admin', ...large(5000) }))
    const seen = await browser.get(async () => {
      const session = await useSession(config)
      const { id } = session
      await session.clear()
      await updateSession(config, { name: 'guest' })
      return [(await getSession(config)).id === id, await read()]
    })
    expect(seen).toEqual([false, { name: 'guest' }])
    expect([...browser.cookies.keys()]).toEqual(['start'])
    await browser.get(() => clearSession(config))
    expect(browser.cookies.get('start')).toBe('')
    expect(await browser.get(() => read())).toEqual({})
  })

  it('is sealed and unsealed as text, and read from a header', async () => {
    const browser = new Browser()
    const headed = { ...config, cookie: false as const }
    const sealed = await browser.get(async () => {
      await updateSession(headed, { a: 1 })
      return sealSession(headed)
    })
    expect(browser.lines).toEqual([])
    const headers = { 'x-start-session': String(sealed) }
    expect(await browser.get(() => read(headed), { headers })).toEqual({ a: 1 })
    const opened = await browser.get(() => unsealSession(config, String(sealed)))
    expect(opened).toMatchObject({ data: { a: 1 } })
  })
})

describe('a large session', () => {
  it('is spread over cookies that browsers take, as Start v1 does', async () => {
    const browser = new Browser()
    await browser.get(() => write(large(7000)))
    expect([...browser.cookies.keys()]).toEqual(['start', 'start.1', 'start.2', 'start.3'])
    expect(browser.cookies.get('start')).toBe('__chunked__3')
    for (const line of browser.lines) {
      expect(line.length).toBeLessThanOrEqual(4096)
      expect(line).toMatch(/; Path=\/; HttpOnly; Secure$/)
    }
    expect(await browser.get(() => read())).toEqual(large(7000))
  })

  it('leaves no cookie behind when it shrinks', async () => {
    const browser = new Browser()
    await browser.get(() => write(large(7000)))
    await browser.get(() => write(large(4000)))
    expect([...browser.cookies.keys()]).toEqual(['start', 'start.1', 'start.2'])
    await browser.get(() => write(large(1)))
    expect([...browser.cookies.keys()]).toEqual(['start'])
    expect(await browser.get(() => read())).toEqual(large(1))
  })

  it('sets each cookie once, however often it changes', async () => {
    const browser = new Browser()
    await browser.get(async () => {
      await write(large(7000))
      await write(large(4000))
    })
    expect(browser.lines.map((line) => line.split('=')[0])).toEqual(['start', 'start.1', 'start.2'])
  })

  it('begins anew if a cookie of it is missing or too many are claimed (hazard 246)', async () => {
    const browser = new Browser()
    await browser.get(() => write(large(7000)))
    browser.cookies.delete('start.2')
    expect(await browser.get(() => read())).toEqual({})
    for (const count of ['101', '99999999999', '-1', '1e9', 'x', '']) {
      browser.cookies.set('start', `__chunked__${count}`)
      expect(await browser.get(() => read())).toEqual({})
    }
  })

  it('expires the cookies that the client has sent, and none that it only claims (hazard 246)', async () => {
    const browser = new Browser()
    browser.cookies.set('start', '__chunked__100')
    expect(await browser.get(() => read())).toEqual({})
    expect(browser.lines.map((line) => line.split('=')[0])).toEqual(['start'])
    browser.cookies.set('start', '__chunked__100')
    for (const name of ['start.1', 'start.7', 'start.100', 'start.101'])
      browser.cookies.set(name, 'x')
    await browser.get(() => write(large(4000)))
    expect(browser.lines.map((line) => line.split('=')[0])).toEqual([
      ...['start', 'start.1', 'start.2'],
      ...['start.7', 'start.100'],
    ])
    expect([...browser.cookies.keys()]).toEqual(['start', 'start.1', 'start.101', 'start.2'])
  })

  it('is refused beyond a hundred cookies (hazard 246)', async () => {
    const error = await new Browser().get(() => write(large(300_000)))
    expect(String(error)).toMatch(/^RangeError: The session `start` needs \d+ cookies/)
  })
})

it('is kept beside a session of express-session', async () => {
  const browser = new Browser()
  const layers: Layer[] = [
    expressSession({ secret: 'secret', resave: false, saveUninitialized: false }),
    (req, _res, next) => {
      req.session.visits = (req.session.visits ?? 0) + 1
      next()
    },
  ]
  await browser.get(() => write({ a: 1 }), { layers })
  expect([...browser.cookies.keys()].sort()).toEqual(['connect.sid', 'start'])
  expect(await browser.get(() => read(), { layers })).toEqual({ a: 1 })
})
