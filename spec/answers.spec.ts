import { notFound, redirect, startApi } from 'express-start-api'
import { createStartAPIHandler, defaultAPIFileRouteHandler } from 'express-start-api/api'
import { createError } from 'express-start-api/server'
import { describeHosts, listen, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

const get = (handler: () => unknown) =>
  startApi(apiRoutes({ 'api/x.ts': { GET: handler as never } }))

describeHosts('redirect() and notFound(), returned and thrown alike', (host) => {
  const ask = async (give: () => unknown): Promise<[Response, Response]> => {
    const thrower = () => {
      throw give()
    }
    const [returned, thrown] = [get(give), get(thrower)]
    const asked = async (api: typeof returned) => {
      const { url } = await serve(host, [api])
      return fetch(`${url}/api/x`, { redirect: 'manual' })
    }
    return [await asked(returned), await asked(thrown)]
  }

  it('redirect to a path with its params, query and fragment', async () => {
    const give = () =>
      redirect({
        to: '/users/$id/files/$',
        params: { id: 'a b', _splat: 'x/ü' },
        search: { q: 'x', none: undefined, deep: { a: 1 } },
        hash: 'top',
        headers: { 'x-a': '1' },
      })
    for (const { status, headers } of await ask(give)) {
      expect([status, headers.get('x-a'), headers.get('location')]).toEqual([
        307,
        '1',
        '/users/a%20b/files/x/%C3%BC?q=x&deep=%7B%22a%22%3A1%7D#top',
      ])
    }
  })

  it('redirect to another site by href, with the status given', async () => {
    const give = () => redirect({ href: 'https://example.com/x?y', statusCode: 301 })
    for (const { status, headers } of await ask(give)) {
      expect([status, headers.get('location')]).toEqual([301, 'https://example.com/x?y'])
    }
  })

  it('answer 404, with data as JSON', async () => {
    for (const response of await ask(() => notFound())) {
      expect([response.status, await response.text()]).toEqual([404, 'Not found'])
    }
    for (const response of await ask(() =>
      notFound({ data: { id: 1 }, headers: { 'x-a': '1' } }),
    )) {
      expect([response.status, response.headers.get('x-a')]).toEqual([404, '1'])
      expect(await response.json()).toEqual({ id: 1 })
    }
  })
})

describeHosts('the option `context`', (host) => {
  it("adds to the handlers' context, whether it takes its time or not, once for each served request", async () => {
    let calls = 0
    for (const wait of [false, true]) {
      const api = startApi(
        apiRoutes({
          'api/x.ts': {
            GET: ({ context }) => Response.json([Object.keys(context), context.req.url?.slice(-2)]),
          },
        }),
        {
          context: (req) => {
            calls++
            const added = { user: req.headers['x-user'] }
            return wait ? Promise.resolve(added) : added
          },
        },
      )
      const { url } = await serve(host, [api])
      expect(await (await fetch(`${url}/api/x`)).json()).toEqual([['req', 'res', 'user'], '/x'])
      await fetch(`${url}/api/none`)
    }
    expect(calls).toBe(2)
  })

  it("fails as a handler does: the app's error middleware answers", async () => {
    for (const context of [
      () => {
        throw new Error('no user')
      },
      () => Promise.reject(new Error('no user')),
    ]) {
      const { url, errors } = await serve(host, [
        startApi(apiRoutes({ 'api/x.ts': { GET: () => new Response() } }), { context }),
      ])
      expect((await fetch(`${url}/api/x`)).status).toBe(500)
      expect(errors).toMatchObject([{ message: 'no user' }])
    }
  })
})

describeHosts('the entry handler', (host) => {
  const modules = apiRoutes({
    'api/x.ts': { GET: ({ request }) => new Response(`route ${request.headers.get('x-by')}`) },
  })
  const ask = async (handler: Parameters<typeof createStartAPIHandler>[0]) => {
    const running = await serve(host, [
      startApi(modules, { handler: createStartAPIHandler(handler) }),
    ])
    const response = await fetch(`${running.url}/api/x`, { headers: { 'x-by': 'client' } })
    return { status: response.status, body: await response.text(), errors: running.errors }
  }

  it('runs the route file', async () => {
    expect(await ask(defaultAPIFileRouteHandler)).toMatchObject({
      status: 200,
      body: 'route client',
    })
  })

  it('may answer in its place, change what it sees, and what it gives', async () => {
    expect(await ask(() => new Response('no', { status: 401 }))).toMatchObject({
      status: 401,
      body: 'no',
    })
    expect(
      await ask(() => {
        throw new Response('no', { status: 403 })
      }),
    ).toMatchObject({ status: 403, body: 'no' })
    expect(
      await ask(async ({ request }) => {
        const own = new Request(request, { headers: { 'x-by': 'handler' } })
        const response = await defaultAPIFileRouteHandler({ request: own })
        return new Response(`${await response.text()}!`)
      }),
    ).toMatchObject({ body: 'route handler!' })
  })

  it('is named where it gives no Response', async () => {
    const { status, errors } = await ask(() => undefined as never)
    expect(status).toBe(500)
    expect(errors).toMatchObject([{ code: 'ERR_START_API_BAD_RESULT' }])
    expect((errors[0] as Error).message).toMatch(/^The entry handler .* returned undefined\./)
  })
})

describe('createError()', () => {
  it('has its status on bare http as well, never its message', async () => {
    const api = get(() => {
      throw createError({ statusCode: 403, statusMessage: 'secret', message: 'secret' })
    })
    const { url } = await listen(api)
    const response = await fetch(`${url}/api/x`)
    expect([response.status, response.statusText, await response.text()]).toEqual([
      403,
      'Forbidden',
      'Forbidden',
    ])
  })
})
