import { json, startApi } from 'express-start-api'
import { describeHosts, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

describeHosts('startApi()', (host) => {
  it('answers a GET from a route file', async () => {
    const api = startApi(
      apiRoutes({
        'api/users/$id.ts': {
          GET: ({ params, request }) =>
            json({ id: params['id'], url: new URL(request.url).search }),
          POST: async ({ request }) => json({ got: await request.json() }),
        },
      }),
    )
    const { url } = await serve(host, [api])
    const response = await fetch(`${url}/api/users/J%C3%BCr?a=1&a=2`)
    expect(await response.json()).toEqual({ id: 'Jür', url: '?a=1&a=2' })
    const post = await fetch(`${url}/api/users/1`, { method: 'POST', body: '{"a":[1]}' })
    expect(await post.json()).toEqual({ got: { a: [1] } })
    expect(await (await fetch(`${url}/other`)).text()).toBe('legacy GET /other')
  })
})
