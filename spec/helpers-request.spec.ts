// Server helpers that read the request, on every host.
import express from 'express'
import { startApi } from 'express-start-api'
import * as helpers from 'express-start-api/server'
import { type Host, type Layer, describeHosts, expressHosts, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

type Answer = () => unknown

/** What a handler makes of the helpers, as JSON. */
async function ask(
  host: Host,
  answer: Answer,
  { path = '/api/x', layers = [] as Layer[], settings = {}, ...init }: Asking = {},
): Promise<unknown> {
  const handler = async () => Response.json({ is: await answer() })
  const api = startApi(apiRoutes({ 'api/x.ts': { GET: handler, POST: handler, PUT: handler } }))
  const { url, errors } = await serve(host, [...layers, api], settings)
  const response = await fetch(url + path, init)
  if (response.status !== 200) return errors[0] ?? response.status
  return ((await response.json()) as { is: unknown }).is
}

type Asking = RequestInit & { path?: string; layers?: Layer[]; settings?: Record<string, unknown> }

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

describeHosts('helpers that read the request', (host) => {
  it('give the Request that the handler gets, to both generations', async () => {
    let passed: Request | undefined
    const api = startApi(
      apiRoutes({
        'api/x.ts': {
          GET: ({ request }) => {
            passed = request
            const event = helpers.getEvent()
            const seen = [
              helpers.getRequest(),
              helpers.getWebRequest(),
              helpers.getWebRequest(event),
              helpers.toWebRequest(event),
            ]
            return Response.json(seen.map((one) => one === passed))
          },
        },
      }),
    )
    const { url } = await serve(host, [api])
    expect(await (await fetch(`${url}/api/x`)).json()).toEqual([true, true, true, true])
  })

  it('give headers as `Headers` that also read like an object', async () => {
    const seen = await ask(
      host,
      () => {
        const headers = helpers.getRequestHeaders()
        const { 'x-one': one } = headers
        return [
          headers instanceof Headers,
          headers.get('X-One'),
          headers['x-one'],
          one,
          Object.keys(headers).includes('x-one'),
          helpers.getHeaders()['x-one'],
          helpers.getHeader('X-One'),
          helpers.getRequestHeader('x-one'),
          helpers.getRequestHeader('x-none') ?? 'none',
        ]
      },
      { headers: { 'x-one': '1' } },
    )
    expect(seen).toEqual([true, '1', '1', '1', true, '1', '1', '1', 'none'])
  })

  it('keep the methods of `Headers` from clients', async () => {
    const headers = { get: 'mine', keys: 'mine', tostring: 'mine' }
    const seen = await ask(host, () => helpers.getRequestHeaders().get('get'), { headers })
    expect(seen).toBe('mine')
  })

  it('give the query, repeated keys as arrays', async () => {
    const path = '/api/x?a=1&b=2&b=3'
    expect(await ask(host, () => helpers.getQuery(), { path })).toEqual({ a: '1', b: ['2', '3'] })
  })

  it('give host, protocol and URL', async () => {
    const seen = await ask(
      host,
      () => [
        helpers.getRequestProtocol(),
        helpers.getRequestURL().pathname,
        helpers.getRequestUrl({ xForwardedHost: true }).host,
        helpers.getRequestHost({ xForwardedHost: true }),
        helpers.getRequestHost().startsWith('127.0.0.1:'),
        helpers.getRequestIP(),
        helpers.getRequestIP({ xForwardedFor: true }),
      ],
      { headers: { 'x-forwarded-host': 'front.test', 'x-forwarded-for': '9.9.9.9, 8.8.8.8' } },
    )
    expect(seen).toEqual([
      'http',
      '/api/x',
      'front.test',
      'front.test',
      true,
      '127.0.0.1',
      '9.9.9.9',
    ])
  })

  it.each([
    ['https, http', 'https'],
    ['http, https', 'http'],
    [' HTTPS ', 'https'],
    ['gopher', 'http'],
    ['', 'http'],
  ])('believe the first forwarded protocol of %j where told to', async (header, protocol) => {
    const seen = await ask(
      host,
      () => [
        helpers.getRequestProtocol({ xForwardedProto: true }),
        helpers.getRequestUrl({ xForwardedProto: true }).protocol,
        helpers.getRequestProtocol(),
        // As options that are read from somewhere have it.
        helpers.getRequestProtocol({ xForwardedProto: undefined } as object),
      ],
      { headers: { 'x-forwarded-proto': header } },
    )
    expect(seen).toEqual([protocol, `${protocol}:`, 'http', 'http'])
  })

  it('give cookies, and not those set meanwhile', async () => {
    const seen = await ask(
      host,
      () => {
        helpers.setCookie('c', '3')
        return [helpers.getCookies(), helpers.parseCookies(), helpers.getCookie('a')]
      },
      { headers: { cookie: 'a=1; b=%32' } },
    )
    const cookies = { a: '1', b: '2' }
    expect(seen).toEqual([cookies, cookies, '1'])
  })

  it('tell methods apart', async () => {
    const seen = await ask(host, () => [
      helpers.isMethod('GET'),
      helpers.isMethod(['POST', 'PUT']),
      helpers.isPreflightRequest(),
    ])
    expect(seen).toEqual([true, false, false])
    const refused = await ask(host, () => helpers.assertMethod('POST'))
    expect(refused).toMatchObject({ statusCode: 405 })
  })

  it('give the params of the route', async () => {
    const api = startApi(
      apiRoutes({
        'api/$id.ts': {
          GET: () => Response.json([helpers.getRouterParams(), helpers.getRouterParam('id')]),
        },
      }),
    )
    const { url } = await serve(host, [api])
    expect(await (await fetch(`${url}/api/7`)).json()).toEqual([{ id: '7' }, '7'])
  })

  it('give a fingerprint', async () => {
    const seen = await ask(host, async () => [
      await helpers.getRequestFingerprint({ hash: false, method: true }),
      (await helpers.getRequestFingerprint())?.length,
    ])
    expect(seen).toEqual(['127.0.0.1|GET', 40])
  })

  it('keep values for the rest of the request', async () => {
    const seen = await ask(host, () => {
      const before = helpers.getContext('user') ?? 'none'
      helpers.setContext('user', 'ada')
      helpers.setContext(helpers.getEvent(), 'team', 'one')
      return [before, helpers.getContext('user'), helpers.getContext('team')]
    })
    expect(seen).toEqual(['none', 'ada', 'one'])
  })

  it('take the event or leave it', async () => {
    const seen = await ask(
      host,
      () => {
        const event = helpers.getEvent()
        const carried = { [helpers.HTTPEventSymbol]: event }
        return [
          helpers.getHeader(event, 'x-one'),
          helpers.getHeader(carried, 'x-one'),
          helpers.isEvent(event),
          helpers.isEvent(carried),
          helpers.isEvent({}),
        ]
      },
      { headers: { 'x-one': '1' } },
    )
    expect(seen).toEqual(['1', '1', true, true, false])
  })

  it("give an event with the host's own req and res", async () => {
    let seen: unknown
    const layer: Layer = (req, res, next) => {
      req.mark = 'mine'
      res.mark = 'mine'
      next()
    }
    await ask(
      host,
      () => {
        const { req, res } = helpers.getEvent().node as unknown as Record<string, { mark: string }>
        seen = [req!.mark, res!.mark, helpers.getEvent() === helpers.getEvent()]
      },
      { layers: [layer] },
    )
    expect(seen).toEqual(['mine', 'mine', true])
  })
})

describeHosts('helpers that read the body', (host) => {
  it('parse JSON, forms and text by the content type', async () => {
    const read = () => helpers.readBody()
    const form = new URLSearchParams('a=1&b=2&b=3')
    expect(await ask(host, read, json({ a: [1] }))).toEqual({ a: [1] })
    expect(await ask(host, read, { method: 'POST', body: form })).toEqual({ a: '1', b: ['2', '3'] })
    expect(await ask(host, read, { method: 'POST', body: 'text' })).toBe('text')
    expect(await ask(host, async () => (await read()) === undefined, { method: 'POST' })).toBe(true)
  })

  it('refuse JSON that is none with 400', async () => {
    const error = await ask(host, () => helpers.readBody(), { ...json(0), body: '{' })
    expect(error).toMatchObject({ statusCode: 400 })
  })

  it('can be called again, and beside the Request', async () => {
    const seen = await ask(
      host,
      async () => [
        await helpers.readRawBody(),
        ((await helpers.readRawBody(false)) as Buffer).length,
        await helpers.readBody(),
        await helpers.getRequest().json(),
      ],
      json([1]),
    )
    expect(seen).toEqual(['[1]', 3, [1], [1]])
  })

  it('say so if the body was read through the Request', async () => {
    const error = await ask(
      host,
      async () => {
        await helpers.getRequest().json()
        return helpers.readBody()
      },
      json([1]),
    )
    expect(error).toMatchObject({ code: 'ERR_START_API_BODY_CONSUMED' })
  })

  it('give undefined where there is no body, and 405 where there can be none', async () => {
    const none = async () => (await helpers.readRawBody()) ?? 'none'
    expect(await ask(host, none, { method: 'POST' })).toBe('none')
    expect(await ask(host, none)).toMatchObject({ statusCode: 405 })
  })

  it('give forms with files', async () => {
    const form = new FormData()
    form.append('name', 'ada')
    form.append('file', new File(['bytes'], 'a.txt', { type: 'text/plain' }))
    const seen = await ask(
      host,
      async () => {
        const parts = await helpers.readMultipartFormData()
        const read = await helpers.readFormData()
        return [
          read.get('name'),
          await (read.get('file') as File).text(),
          (await helpers.readFormData()).get('name'),
          parts?.map(({ name, filename, data }) => [name, filename ?? '', data.toString()]),
        ]
      },
      { method: 'POST', body: form },
    )
    const parts = [
      ['name', '', 'ada'],
      ['file', 'a.txt', 'bytes'],
    ]
    expect(seen).toEqual(['ada', 'bytes', 'ada', parts])
  })

  it.each([
    ['text', 'text/plain'],
    ['{"a":1}', 'application/json'],
    [
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nends ear',
      'multipart/form-data; boundary=x',
    ],
    ['--x--', 'multipart/form-data'],
    [undefined, 'multipart/form-data; boundary=x'],
  ])('refuse a form that is none with 400: %j as %s', async (body, type) => {
    const init = { method: 'POST', headers: { 'content-type': type }, ...(body && { body }) }
    const error = await ask(host, () => helpers.readFormData(), init)
    expect(error).toMatchObject({ status: 400, message: 'The request body is not a valid form.' })
  })

  it('give the stream', async () => {
    const read = () => new Response(helpers.getRequestWebStream()).text()
    expect(await ask(host, read, { method: 'POST', body: 'text' })).toBe('text')
  })

  it('check with a function or a schema', async () => {
    const schema: helpers.Schema<{ n: number }> = {
      '~standard': {
        validate: (value: unknown) => {
          const n = Number((value as { n?: string }).n)
          return Number.isNaN(n) ? { issues: [{ message: 'no number' }] } : { value: { n } }
        },
      },
    }
    const query = async () => [
      await helpers.getValidatedQuery(schema),
      await helpers.getValidatedQuery((value: unknown) => (value as { n?: string }).n === '1'),
    ]
    expect(await ask(host, query, { path: '/api/x?n=1' })).toEqual([{ n: 1 }, { n: '1' }])
    expect(await ask(host, query, { path: '/api/x?n=z' })).toMatchObject({ statusCode: 400 })
    const body = () => helpers.readValidatedBody(schema)
    expect(await ask(host, body, json({ n: '2' }))).toEqual({ n: 2 })
  })
})

describeHosts(
  'helpers that read the request, in Express',
  (host) => {
    it('read what express.json() and express.urlencoded() have parsed', async () => {
      const layers: Layer[] = [express.json(), express.urlencoded({ extended: true })]
      const read = async () => [await helpers.readBody(), await helpers.readRawBody()]
      expect(await ask(host, read, { ...json({ a: 1 }), layers })).toEqual([{ a: 1 }, '{"a":1}'])
      const body = new URLSearchParams('a=1')
      expect(await ask(host, read, { method: 'POST', body, layers })).toEqual([{ a: '1' }, 'a=1'])
    })

    it('give the whole path below a mount', async () => {
      const handler = () => Response.json([helpers.getRequestURL().pathname, helpers.getQuery()])
      const api = startApi(apiRoutes({ 'api/x.ts': { GET: handler } }))
      const { url } = await serve(host, [['/v1', api]])
      const answer = await fetch(`${url}/v1/api/x?a=1`)
      expect(await answer.json()).toEqual(['/v1/api/x', { a: '1' }])
    })

    it('believe proxies as `trust proxy` says (hazard 20)', async () => {
      const headers = { 'x-forwarded-for': '6.6.6.6, 7.7.7.7', 'x-forwarded-proto': 'https' }
      const read = () => [
        helpers.getRequestIP(),
        helpers.getRequestIP({ xForwardedFor: true }),
        helpers.getRequestProtocol({ xForwardedProto: false }),
      ]
      const trusted = await ask(host, read, { headers, settings: { 'trust proxy': 1 } })
      expect(trusted).toEqual(['7.7.7.7', '7.7.7.7', 'https'])
      expect(await ask(host, read, { headers })).toEqual(['127.0.0.1', '6.6.6.6', 'http'])
    })
  },
  expressHosts,
)

describe('helpers outside a request', () => {
  it.each(
    Object.entries({
      getRequest: helpers.getRequest,
      getEvent: helpers.getEvent,
      getCookie: helpers.getCookie,
      readBody: helpers.readBody,
      getRequestHeaders: helpers.getRequestHeaders,
    }) as [string, () => unknown][],
  )('name themselves in the error: %s (hazard 234)', (name, helper) => {
    expect(helper).toThrow(
      expect.objectContaining({
        code: 'ERR_START_API_NO_REQUEST',
        message: expect.stringContaining(`${name}() was called outside a request`),
      }),
    )
  })
})
