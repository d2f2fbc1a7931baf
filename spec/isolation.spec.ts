// Requests that run at the same time, and instances in one process, never see each other.
import { type StartApi, json, startApi } from 'express-start-api'
import {
  getCookie,
  getHeader,
  getRequest,
  setCookie,
  setHeader,
  setResponseStatus,
  useSession,
} from 'express-start-api/server'
import { type Host, describeHosts, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

const CONCURRENT = 1000

/** Shuffles the order in which requests go on. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const PASSWORD = 'a password of 32 characters or more'

const createApi = (): StartApi =>
  startApi(
    apiRoutes({
      'api/$id.ts': {
        POST: async ({ request, params, ...given }) => {
          const { context } = given as unknown as { context: { owner: string } }
          const id = Number(params.id)
          const session = await useSession<{ id?: number }>({ password: PASSWORD })
          await turns(id % 7)
          setHeader('x-own', String(getHeader('x-id')))
          setResponseStatus(430 + (id % 60))
          await session.update({ id })
          await turns((id * 3) % 11)
          setCookie(`own-${id}`, String(getCookie('own')))
          const text = await request.text()
          await turns((id * 5) % 13)
          return json({
            id,
            text,
            owner: context.owner,
            session: session.data.id,
            header: getHeader('x-id'),
            pathname: new URL(getRequest().url).pathname,
          })
        },
      },
    }),
    { context: async (req) => (await turns(1), { owner: req.headers['x-id'] }) },
  )

async function visit(url: string, id: number): Promise<void> {
  const response = await fetch(`${url}/api/${id}`, {
    method: 'POST',
    body: `body ${id}`,
    headers: { 'x-id': `id-${id}`, cookie: `own=cookie-${id}` },
  })
  expect(response.status).toBe(430 + (id % 60))
  expect(response.headers.get('x-own')).toBe(`id-${id}`)
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]!)
  expect(cookies.filter((cookie) => !cookie.startsWith('start='))).toEqual([
    `own-${id}=cookie-${id}`,
  ])
  expect(await response.json()).toEqual({
    id,
    text: `body ${id}`,
    owner: `id-${id}`,
    session: id,
    header: `id-${id}`,
    pathname: `/api/${id}`,
  })
}

describeHosts('a thousand requests at the same time', (host) => {
  it('keep helpers, sessions, contexts and bodies to themselves (hazards 151, 233)', async () => {
    const { url, errors } = await serve(host, [createApi()])
    await Promise.all(Array.from({ length: CONCURRENT }, (_, id) => visit(url, id)))
    expect(errors).toEqual([])
    // A thousand take seconds, and, beside other suites on a machine that others slow down, half a minute.
  }, 90_000)
})

describeHosts('two instances in one process', (host: Host) => {
  it('keep their routes, options, plugins and contexts to themselves', async () => {
    const log: string[] = []
    const create = (name: string, maxBodySize: number, fallthrough: boolean): StartApi =>
      startApi(
        apiRoutes({
          [`${name}/echo.ts`]: {
            POST: async ({ request, ...given }) => {
              const { context } = given as unknown as { context: { name?: string } }
              return json({ text: await request.text(), name: context.name })
            },
          },
        }),
        {
          apiBaseURL: `/${name}`,
          maxBodySize,
          fallthrough,
          context: () => ({ name }),
          plugins: [{ onRequest: () => void log.push(name) }],
        },
      )
    const { url } = await serve(host, [create('one', 5, true), create('two', 50, false)])
    const ask = async (path: string, body: string): Promise<[number, string]> => {
      const response = await fetch(url + path, { method: 'POST', body })
      return [response.status, await response.text()]
    }
    expect(await Promise.all([ask('/one/echo', 'short'), ask('/two/echo', 'quite long')])).toEqual([
      [200, '{"text":"short","name":"one"}'],
      [200, '{"text":"quite long","name":"two"}'],
    ])
    expect(log.sort()).toEqual(['one', 'two'])
    expect((await ask('/one/echo', 'too long'))[0]).toBe(413)
    expect(await ask('/one/none', '')).toEqual([404, 'legacy POST /one/none'])
    expect(await ask('/two/none', '')).toEqual([404, 'Not found'])
  })

  it('end apart: one that is closed leaves the other at work', async () => {
    const [one, two] = [createApi(), createApi()]
    const { url } = await serve(host, [one, two])
    await one.close()
    await visit(url, 1)
    const response = await two.fetch('/api/none', { method: 'GET' })
    expect(response.status).toBe(405)
  })
})
