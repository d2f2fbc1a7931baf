// Advisories against what stands in front of the routes, and what must not make them ours. Those against
// adapters and routers have their specs where their hazards have.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import compression from 'compression'
import express from 'express'
import express4 from 'express4'
import session from 'express-session'
import morgan from 'morgan'
import { json } from 'express-start-api'
import { deferred } from './support/deferred'
import { type Host, type Middleware, describeHosts, expressHosts, serve } from './support/hosts'
import { routeX } from './support/handlers'
import { toForm } from './support/post'
import { recordProcessErrors } from './support/process-errors'

const expressOf = (host: Host): typeof express =>
  host.name === 'Express 5' ? express : (express4 as unknown as typeof express)

describeHosts(
  'middleware that waits for the head (on-headers)',
  (host) => {
    // CVE-2025-7339: heads that were written as a flat array came out wrong.
    it('leaves each header as it was said (hazard 130)', async () => {
      const logged = deferred<string>()
      const { url } = await serve(host, [
        morgan(':status :res[x-route] :res[x-legacy]', {
          stream: { write: logged.resolve },
        }) as Middleware,
        compression({ threshold: 0, filter: () => true }) as Middleware,
        session({ secret: 's', resave: false, saveUninitialized: true }) as Middleware,
        (_req, res, next) => {
          res.setHeader('x-legacy', 'legacy')
          res.setHeader('vary', 'Origin')
          next()
        },
        routeX(() => {
          const headers = new Headers({ 'x-route': 'route', vary: 'Accept' })
          headers.append('set-cookie', 'a=1')
          headers.append('set-cookie', 'b=2')
          return new Response('text', { headers })
        }),
      ])
      const { headers } = await fetch(`${url}/api/x`)
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-legacy': 'legacy',
        'x-route': 'route',
        vary: 'Origin, Accept, Accept-Encoding',
        'content-encoding': expect.any(String),
      })
      const cookies = headers.getSetCookie().map((cookie) => cookie.split('=', 1)[0])
      expect(cookies.sort()).toEqual(['a', 'b', 'connect.sid'])
      expect(await logged.promise).toBe('200 route legacy\n')
    })
  },
  expressHosts,
)

describeHosts(
  'bodies made to exhaust a parser',
  (host) => {
    // CVE-2025-15284, CVE-2025-13466: what a parser lets through, the routes have to bear.
    it.each([
      ['deep JSON', 'application/json', `${'['.repeat(40_000)}${']'.repeat(40_000)}`],
      ['a long form', 'application/x-www-form-urlencoded', 'a=&'.repeat(999)],
      ['brackets', 'application/x-www-form-urlencoded', `a${'[b]'.repeat(900)}=1&a[4294967294]=2`],
      ['a wide array', 'application/x-www-form-urlencoded', 'a[]=1&'.repeat(900)],
    ])('are read or refused, and the process stays: %s (hazard 107)', async (_, type, body) => {
      const { json: parseJson, urlencoded } = expressOf(host)
      const processErrors = await recordProcessErrors(async () => {
        const { url } = await serve(host, [
          parseJson() as Middleware,
          urlencoded({ extended: true }) as Middleware,
          routeX(async ({ request }) => json((await request.text()).length > 0)),
        ])
        const init = { method: 'POST', body, headers: { 'content-type': type } }
        const { status } = await fetch(`${url}/api/x`, init)
        expect([200, 400, 413, 500]).toContain(status)
        expect((await fetch(`${url}/api/x`)).status).toBe(200)
      })
      expect(processErrors).toEqual([])
    })
  },
  expressHosts,
)

describeHosts('errors of ours', (host) => {
  it('hold nothing that a client sent, whatever goes wrong (hazard 248)', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {})
    const { url, errors } = await serve(host, [
      routeX(
        async ({ request }) => {
          const { searchParams } = new URL(request.url)
          if (searchParams.has('json')) return json(await request.json())
          if (searchParams.has('form')) return json([...(await request.formData())].length)
          if (searchParams.has('never')) return new Promise(() => {})
          if (searchParams.has('throw')) throw await request.text()
          await request.text()
          return request.text()
        },
        { maxBodySize: 200, timeout: 50 },
      ),
    ])
    const post = async (
      query: string,
      body: string | Uint8Array<ArrayBuffer>,
      type = 'text/plain',
    ): Promise<string> => {
      const headers = { 'content-type': type, authorization: 'Bearer secret' }
      const target = `${url}/api/x?${query}&token=secret`
      return (await fetch(target, { method: 'POST', body, headers })).text()
    }
    const form = toForm([{ name: 'secret', content: 'secret' }])
    const answers = [
      await post('json', '{"password":"secret"', 'application/json'),
      await post('form', new Uint8Array(form.body.subarray(0, 60)), form.type),
      await post('never', 'secret'),
      await post('throw', 'secret'),
      await post('twice', 'secret'),
      await post('large', 'secret'.repeat(100)),
    ]
    expect(errors).toHaveLength(answers.length)
    const said = [...errors, ...answers, ...log.mock.calls.flat()].map(
      (error) => `${String(error)} ${String((error as Error).stack)}`,
    )
    log.mockRestore()
    expect(said.join('\n')).not.toContain('secret')
  })
})

describe('SECURITY.md', () => {
  const text = readFileSync(join(__dirname, '../SECURITY.md'), 'utf8')
  const rows = [
    ...text.matchAll(/\| (CVE-[^|]*)\|[^|]*\| ((?:`[\w-]+`(?:, )?)+) \(hazards? ([\d, ]+)\)/g),
  ]

  it.each(
    rows.map(([, advisories = '', specs = '', hazards = '']) => [
      advisories.trim(),
      specs,
      hazards,
    ]),
  )('names the specs of %s', (_, specs, hazards) => {
    const named = [...specs!.matchAll(/`([^`]+)`/g)]
    const all = named.map(([, name]) => readFileSync(join(__dirname, `${name}.spec.ts`), 'utf8'))
    for (const hazard of hazards!.split(', ')) {
      expect(all.join()).toMatch(new RegExp(`hazards? (?:\\d+, )*${hazard}\\b`))
    }
  })

  it('has a spec for each row', () => {
    expect(rows).toHaveLength(text.match(/^\| CVE-/gm)!.length)
  })
})
