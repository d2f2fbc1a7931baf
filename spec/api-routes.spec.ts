// Every statement and example of TanStack Start's "API Routes" page (v0), in the page's order.
import { resolve } from 'node:path'
import { type StartApiOptions, startApi } from 'express-start-api'
import entryHandler from './fixtures/api-routes-page/entry-handler/api'
import { describeHosts, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

describeHosts('API Routes page', (host) => {
  /** The origin of an application that serves one folder of examples. */
  async function serveExample(name: string, options?: StartApiOptions): Promise<string> {
    const routes = resolve(__dirname, 'fixtures/api-routes-page', name, 'routes')
    const { url } = await serve(host, [startApi(routes, options)])
    return url
  }

  async function answerOf(url: string, init?: RequestInit) {
    const response = await fetch(url, init)
    return [response.status, await response.text()]
  }

  describe('"File Route Conventions"', () => {
    it.each([
      ['api.users.ts', '/api/users'],
      ['api/users.ts', '/api/users'],
      ['api/users.index.ts', '/api/users'],
      ['api/users/$id.ts', '/api/users/1'],
      ['api/users/$id/posts.ts', '/api/users/1/posts'],
      ['api.users.$id.posts.ts', '/api/users/1/posts'],
      ['api/file/$.ts', '/api/file/a/b.txt'],
      ['api/_pathlessLayout/users.ts', '/api/_pathlessLayout/users'],
    ])('serves %s at %s', async (file, path) => {
      const api = startApi(apiRoutes({ [file]: { GET: () => new Response(file) } }))
      const { url } = await serve(host, [api])
      expect(await answerOf(url + path)).toEqual([200, file])
    })

    it('serves other URLs under the `apiBaseURL` that is configured', async () => {
      const url = await serveExample('json-helper', { apiBaseURL: '/internal' })
      expect(await answerOf(`${url}/internal/api/hello`)).toEqual([
        200,
        '{"message":"Hello, World!"}',
      ])
      expect((await fetch(`${url}/api/hello`)).status).toBe(404)
    })

    it.each(['api/users.index.ts', 'api.users.ts', 'api.users.index.ts'])(
      'refuses %s beside api/users.ts',
      (other) => {
        const methods = { GET: () => new Response('ok') }
        expect(() => startApi(apiRoutes({ 'api/users.ts': methods, [other]: methods }))).toThrow(
          /Several route files answer the same URLs.*\n {2}\/api\/users: /,
        )
      },
    )

    it('has no pathless layouts: the file is not served without their name', async () => {
      const api = startApi(
        apiRoutes({ 'api/_pathlessLayout/users.ts': { GET: () => new Response('users') } }),
      )
      const { url } = await serve(host, [api])
      expect(await answerOf(`${url}/api/users`)).toEqual([404, 'legacy GET /api/users'])
    })
  })

  it('runs the entry handler of "Setting up the entry handler"', async () => {
    const handler = jest.fn(entryHandler)
    const url = await serveExample('entry-handler', { handler })
    expect(await answerOf(`${url}/api/hello?a=1`)).toEqual([
      200,
      `Hello, World! from ${url}/api/hello?a=1`,
    ])
    expect(await answerOf(`${url}/api/other`)).toEqual([404, 'legacy GET /api/other'])
    // Once: for the request that a file serves.
    expect(handler).toHaveBeenCalledTimes(1)
  })

  describe('"Defining an API Route"', () => {
    it('answers with the URL of the request', async () => {
      const url = await serveExample('entry-handler')
      expect(await answerOf(`${url}/api/hello`)).toEqual([
        200,
        `Hello, World! from ${url}/api/hello`,
      ])
    })

    it('does not serve a file whose export is not named APIRoute, and says so', async () => {
      const warn = jest.spyOn(console, 'warn').mockImplementation()
      try {
        const url = await serveExample('export-name')
        expect(await answerOf(`${url}/api/hello`)).toEqual([404, 'legacy GET /api/hello'])
        expect(warn.mock.calls).toEqual([
          [expect.stringMatching(/api\/hello\.ts exports no `APIRoute`/)],
        ])
      } finally {
        warn.mockRestore()
      }
    })
  })

  describe('"Dynamic Path Params", whose literals lack the `/api` of the file', () => {
    it('gives one param', async () => {
      const url = await serveExample('params')
      expect(await answerOf(`${url}/api/users/123`)).toEqual([200, 'User ID: 123'])
    })

    it('gives two params', async () => {
      const url = await serveExample('params')
      expect(await answerOf(`${url}/api/users/123/posts/456`)).toEqual([
        200,
        'User ID: 123, Post ID: 456',
      ])
    })

    it('does not serve the path of the literal', async () => {
      const url = await serveExample('params')
      expect(await answerOf(`${url}/users/123`)).toEqual([404, 'legacy GET /users/123'])
    })
  })

  it('gives the rest of the path as `_splat`, of "Wildcard/Splat Param"', async () => {
    const url = await serveExample('params')
    expect(await answerOf(`${url}/api/file/hello.txt`)).toEqual([200, 'File: hello.txt'])
    expect(await answerOf(`${url}/api/file/a/b/c.txt`)).toEqual([200, 'File: a/b/c.txt'])
  })

  describe('"Handling requests with a body"', () => {
    it('reads a JSON body', async () => {
      const url = await serveExample('body')
      const init = { method: 'POST', body: JSON.stringify({ name: 'Tanner' }) }
      expect(await answerOf(`${url}/api/hello`, init)).toEqual([200, 'Hello, Tanner!'])
    })

    it('leaves a method without a handler to the application', async () => {
      const url = await serveExample('body')
      expect(await answerOf(`${url}/api/hello`)).toEqual([404, 'legacy GET /api/hello'])
    })

    it.each([
      ['GET', undefined, 'read'],
      ['POST', '{"json":[1,null]}', '{"json":[1,null]}'],
      ['PUT', 'a text', 'replaced by a text'],
      ['DELETE', 'I say so', 'deleted because I say so'],
    ])('handles %s', async (method, body, answer) => {
      const url = await serveExample('methods')
      const init = { method, ...(body === undefined ? {} : { body }) }
      expect(await answerOf(`${url}/api/hello`, init)).toEqual([200, answer])
    })

    it.each([
      ['multipart', new FormData()],
      ['urlencoded', new URLSearchParams()],
    ])('handles PATCH with a %s form', async (_kind, form) => {
      form.set('name', 'Tanner')
      form.set('age', '30')
      const url = await serveExample('methods')
      expect(await answerOf(`${url}/api/hello`, { method: 'PATCH', body: form })).toEqual([
        200,
        'changed name and age to Tanner',
      ])
    })

    it('handles OPTIONS', async () => {
      const response = await fetch(`${await serveExample('methods')}/api/hello`, {
        method: 'OPTIONS',
      })
      expect([response.status, response.headers.get('allow')]).toEqual([204, 'everything'])
    })

    it('handles HEAD', async () => {
      const response = await fetch(`${await serveExample('methods')}/api/hello`, { method: 'HEAD' })
      expect([response.status, response.headers.get('x-head')]).toEqual([200, 'its own'])
    })
  })

  it.each([
    ['Responding with JSON', 'json-response'],
    ['Using the json helper function', 'json-helper'],
  ])('answers JSON as in "%s"', async (_section, example) => {
    const response = await fetch(`${await serveExample(example)}/api/hello`)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/json',
    ])
    expect(await response.text()).toBe('{"message":"Hello, World!"}')
  })

  describe.each([
    ['the Response constructor', 'status-response'],
    ['setResponseStatus()', 'status-helper'],
  ])('"Responding with a status code" by %s', (_means, example) => {
    it('answers 404 for an unknown user and 200 for a known one', async () => {
      const url = await serveExample(example)
      expect(await answerOf(`${url}/api/users/456`)).toEqual([404, 'User not found'])
      expect(await answerOf(`${url}/api/users/123`)).toEqual([200, '{"id":"123"}'])
    })

    it("serves the page's hello.ts by its file name, whatever its literal says", async () => {
      expect(await answerOf(`${await serveExample(example)}/api/hello`)).toEqual([
        404,
        'User not found',
      ])
    })
  })

  it.each([
    ['the Response constructor', 'headers-response'],
    ['setHeaders()', 'headers-helper'],
  ])('sends the content type of "Setting headers in the response" by %s', async (_means, name) => {
    const response = await fetch(`${await serveExample(name)}/api/hello`)
    // Exactly this: without the helper's word, a text Response says `text/plain;charset=UTF-8`.
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain'])
    expect(await response.text()).toBe('Hello, World!')
  })
})
