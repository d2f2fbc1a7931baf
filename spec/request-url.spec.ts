// `request.url` and `params`: what the client wrote, with the protocol and host that Express sees.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import * as fc from 'fast-check'
import { json, startApi } from 'express-start-api'
import {
  type Host,
  describeHosts,
  expressHosts,
  hosts,
  listen,
  middlewareHosts,
  serve,
} from './support/hosts'
import {
  type RawAnswer,
  escapeBytes,
  rawGet,
  rawHead,
  rawRequest,
  unescapeBytes,
} from './support/raw-request'
import { apiRoutes } from './support/routes'

interface Seen {
  readonly url: string
  readonly params: Readonly<Record<string, string>>
  readonly pathname: string
}

const createApi = (options = {}) =>
  startApi(
    apiRoutes(
      Object.fromEntries(
        [
          'api/echo.ts',
          'api/users/$id.ts',
          'api/file/$.ts',
          'api/$a/$b/$c.ts',
          'api/café.ts',
          'api/hello world.ts',
          'api/keys.ts',
        ].map((file) => [
          file,
          { GET: ({ request, params }) => json({ url: request.url, params }) },
        ]),
      ),
    ),
    options,
  )

const seen = (answer: RawAnswer): Seen => {
  expect(answer.statusLine).toBe('HTTP/1.1 200 OK')
  return JSON.parse(Buffer.from(answer.body, 'latin1').toString()) as Seen
}

const appOf = (host: Host) => {
  const app = host.create({ env: 'test' })
  app.use('/', createApi())
  app.use('/', (_req, res) => {
    res.statusCode = 404
    res.end()
  })
  app.use('/', ((error: { status: number }, _req, res, _next) => {
    res.statusCode = error.status
    res.end()
  }) as ErrorMiddleware as never)
  return app.listener
}

type ErrorMiddleware = (error: never, req: unknown, res: ServerResponse, next: unknown) => void

/** Path and query of the URL that the handler saw. */
const targetOf = (url: string) => url.slice(url.indexOf('/', 'http://'.length))

describeHosts('request.url', (host) => {
  it.each([
    '/api/echo?tag=a&tag=b',
    '/api/echo?f[a]=1&f[b]=2',
    '/api/echo?f%5Ba%5D=1',
    '/api/echo?sig=a%20b&flag',
    '/api/echo?a=b+c&x=%7E&y=%7e',
    '/api/echo?',
    '/api/echo??',
    '/api/echo?a=1&&b=2&',
    '/api/echo?=x&a==',
    '/api/echo?%zz=%',
    "/api/echo?quote='1'",
    '/api/echo?a="<>`{}|^\\',
    '/api/echo?next=/a/../b//c',
    '/api/echo?next=http://x/y?z',
    '/api/echo?a=#fragment',
    '/api/echo?__proto__=1&constructor=2&a[__proto__]=3',
    '/api/echo/?x',
    '/api/users/%41%7e%2f',
    "/api/users/a'b",
    '/api/users/a|b{c}',
    '/api/users/a;b=1,c=2',
    '/api/users/@me:x!$&()*+=~-._',
  ])('is the wire’s, byte for byte: %s (hazards 1 to 3)', async (target) => {
    const { port } = await serve(host, [createApi()])
    expect(targetOf(seen(await rawGet(port, target)).url)).toBe(target)
  })

  it('gives every value of a repeated key (hazard 1)', async () => {
    const api = startApi(
      apiRoutes({
        'api/tags.ts': {
          GET: ({ request }) => json(new URL(request.url).searchParams.getAll('tag')),
        },
      }),
    )
    const { url } = await serve(host, [api])
    expect(await (await fetch(`${url}/api/tags?tag=a&tag=b&tag=`)).json()).toEqual(['a', 'b', ''])
  })

  it('does not ask for `req.query`, however it is made (hazards 4, 5)', async () => {
    const asked = jest.fn()
    const { port } = await serve(host, [
      (req, _res, next) => {
        Object.defineProperty(req, 'query', {
          get: () => {
            asked()
            return { hacked: '1' }
          },
        })
        next()
      },
      createApi(),
    ])
    const query = Array.from({ length: 1000 }, (_, n) => `k${n}=${n}`).join('&')
    const target = `/api/echo?${query}`
    expect(targetOf(seen(await rawGet(port, target)).url)).toBe(target)
    expect(asked).not.toHaveBeenCalled()
  })

  it('survives any query (property)', async () => {
    const { port } = await serve(host, [createApi()])
    // What a request line can hold; a fragment is looked at above.
    const character = fc
      .integer({ min: 0x21, max: 0x7e })
      .map((code) => String.fromCharCode(code))
      .filter((text) => text !== '#')
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: character, maxLength: 40 }), async (query) => {
        const target = `/api/echo?${query}`
        expect(targetOf(seen(await rawGet(port, target)).url)).toBe(target)
      }),
      { seed: 7, numRuns: 100 },
    )
  })

  it('keeps a backslash in a path from becoming a slash (hazard 10)', async () => {
    const { port } = await serve(host, [createApi()])
    const { url, params } = seen(await rawGet(port, '/api/file/a\\..\\b?c=\\'))
    expect(targetOf(url)).toBe('/api/file/a%5C..%5Cb?c=\\')
    expect(params).toMatchObject({ _splat: 'a\\..\\b' })
    expect((await rawGet(port, '/api\\echo')).body).toContain('legacy')
  })

  it('reads raw UTF-8 bytes like their escapes (hazard 26)', async () => {
    const { port } = await listen(unescapeBytes(appOf(host)))
    const raw = seen(await rawGet(port, escapeBytes('/api/users/caf\xc3\xa9?q=\xc3\xa9')))
    expect(raw.params).toEqual({ id: 'café' })
    expect(targetOf(raw.url)).toBe('/api/users/caf%C3%A9?q=%C3%A9')
    expect(seen(await rawGet(port, '/api/users/caf%C3%A9')).params).toEqual(raw.params)
    // Bytes that are no UTF-8 have no meaning to guess at.
    expect((await rawGet(port, escapeBytes('/api/users/caf\xe9'))).status).toBe(400)
  })

  // Not as for the escapes: a guard `app.use('/api/caf%C3%A9')` does not cover the raw bytes either.
  it('finds a literal segment only by its escapes (hazards 26, 193)', async () => {
    const { port } = await listen(unescapeBytes(appOf(host)))
    expect((await rawGet(port, '/api/caf%C3%A9')).status).toBe(200)
    expect((await rawGet(port, '/api/hello%20world')).status).toBe(200)
    expect((await rawGet(port, escapeBytes('/api/caf\xc3\xa9'))).status).toBe(404)
  })

  it('decodes params once, after splitting (hazards 8, 9, 185)', async () => {
    const { port } = await serve(host, [createApi()])
    const paramsOf = async (target: string) => seen(await rawGet(port, target)).params
    expect(await paramsOf('/api/users/a%2Fadmin')).toEqual({ id: 'a/admin' })
    expect(await paramsOf('/api/file/%252e%252e%252fetc')).toMatchObject({
      _splat: '%2e%2e%2fetc',
    })
    expect(await paramsOf('/api/file/..%2f..%2fetc%2fpasswd')).toMatchObject({
      _splat: '../../etc/passwd',
    })
    expect(await paramsOf('/api/file/%5c..%5cx')).toMatchObject({ _splat: '\\..\\x' })
    expect(await paramsOf('/api/file/C:%5cx')).toMatchObject({ _splat: 'C:\\x' })
    expect(await paramsOf('/api/users/a+b%2Bc')).toEqual({ id: 'a+b+c' })
    expect(await paramsOf('/api/users/a;v=1')).toEqual({ id: 'a;v=1' })
    expect(await paramsOf('/api/1%2F/%2f/a%2Fb')).toEqual({ a: '1/', b: '/', c: 'a/b' })
  })

  it('hands NUL and line breaks on as data (hazard 184)', async () => {
    const { port } = await serve(host, [createApi()])
    const { params } = seen(await rawGet(port, '/api/file/%00/a%0d%0ab'))
    expect(params).toMatchObject({ _splat: '\0/a\r\nb' })
  })

  it.each(['/api/users/%E0%A4%A', '/api/users/%', '/api/file/a/%c0%ae%c0%ae', '/api/users/%zz'])(
    'is a client error where an escape does not decode: %s (hazard 175)',
    async (target) => {
      const { port, errors } = await serve(host, [createApi()])
      const answer = await rawGet(port, target)
      expect(answer.status).toBe(400)
      expect(answer.body).toBe('error handler')
      expect(errors).toMatchObject([{ code: 'ERR_START_API_BAD_PARAM', status: 400 }])
    },
  )

  it.each([
    '/api/echo#/admin',
    '/api#/echo',
    '//api/echo',
    '/api//echo',
    '/api/./echo',
    '/api/x/../echo',
    '/apiary',
    '/api-docs',
    '/api.json',
    '/ap',
    '//evil.example/api/echo',
    'http://localhost?/api/echo',
    'ftp://localhost/api/echo',
  ])('belongs to others for %s (hazards 6, 7, 23, 24, 30, 31)', async (target) => {
    const { port } = await serve(host, [createApi()])
    expect((await rawGet(port, target)).body).toBe(`legacy GET ${target}`)
  })

  it('lets `OPTIONS *` fall through (hazard 22)', async () => {
    const { port } = await serve(host, [createApi()])
    const star = await rawRequest(port, rawHead('OPTIONS * HTTP/1.1'))
    // Express answers OPTIONS itself where no route is concerned, and knows no path `*`.
    expect(star.status).toBe(404)
  })

  it('takes the path of a long URL in its stride (hazard 35)', async () => {
    const { port } = await serve(host, [createApi()])
    const long = 'x'.repeat(12_000)
    expect(seen(await rawGet(port, `/api/users/${long}`)).params).toEqual({ id: long })
    const deep = '/a'.repeat(6000)
    expect(seen(await rawGet(port, `/api/file${deep}`)).params['_splat']).toBe(deep.slice(1))
    expect((await rawGet(port, `/api/users/${'x'.repeat(20_000)}`)).status).toBe(431)
  })

  it('ends with the same slash as the wire’s (hazard 34)', async () => {
    const { port } = await serve(host, [createApi()])
    expect(targetOf(seen(await rawGet(port, '/api/echo/')).url)).toBe('/api/echo/')
    expect((await rawGet(port, '/api/echo//')).body).toBe('legacy GET /api/echo//')
    // An empty splat is none, as in Start v0.
    expect((await rawGet(port, '/api/file/')).body).toBe('legacy GET /api/file/')
  })

  it.each([
    ['localhost:3000', 'http://localhost:3000'],
    ['EXAMPLE.com', 'http://example.com'],
    ['my_host.internal', 'http://my_host.internal'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['[::1]', 'http://[::1]'],
    ['127.0.0.1:80', 'http://127.0.0.1'],
    ['localhost:', 'http://localhost'],
    ['xn--caf-dma.example.', 'http://xn--caf-dma.example.'],
  ])('has the origin of `Host: %s` (hazard 25)', async (name, origin) => {
    const { port } = await serve(host, [createApi()])
    expect(seen(await rawGet(port, '/api/echo', [`Host: ${name}`])).url).toBe(`${origin}/api/echo`)
  })

  it.each([
    '',
    'host with spaces',
    '[::1',
    '::1',
    'a:b:c',
    'localhost:99999',
    'localhost:123456',
    'localhost:80a',
    'localhost:80/../x',
    'localhost:3000/abc?',
    'user:pw@example.com',
    'user@example.com',
    '1.2.3.999',
    'caf\xe9.example',
    'a,b',
    '%61',
    'a\\b',
    // Ada 3, in Node 24, takes it.
    ...(URL.canParse('http://xn--a') ? [] : ['xn--a']),
  ])(
    'is refused with 400 for `Host: %s`, before a handler runs (hazards 13, 14, 16)',
    async (name) => {
      const handler = jest.fn(() => new Response('reached'))
      const { port, errors } = await serve(host, [
        startApi(apiRoutes({ 'api/x.ts': { GET: handler } })),
      ])
      const answer = await rawGet(port, '/api/x', [`Host: ${name}`])
      expect(answer.status).toBe(400)
      expect(errors).toMatchObject([{ code: 'ERR_START_API_BAD_HOST', status: 400 }])
      expect(handler).not.toHaveBeenCalled()
      // Others may well accept that Host: a legacy route still answers.
      expect((await rawGet(port, '/legacy', [`Host: ${name}`])).body).toBe('legacy GET /legacy')
      // And the server lives.
      expect((await rawGet(port, '/api/x')).body).toBe('reached')
    },
  )

  it('has a host for clients that name none, every time (hazard 15)', async () => {
    const { port } = await serve(host, [createApi()])
    for (let turn = 0; turn < 3; turn++) {
      const answer = await rawRequest(port, 'GET /api/echo HTTP/1.0\r\n\r\n')
      expect(seen(answer).url).toBe('http://localhost/api/echo')
    }
  })

  it('ignores forwarded headers that nobody declared trusted (hazard 19)', async () => {
    const { port } = await serve(host, [createApi()])
    const answer = await rawGet(port, '/api/echo', [
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Prefix: /evil',
      'X-Forwarded-Port: 1',
      'Forwarded: proto=https;host=evil.example',
      'X-Original-URL: /evil',
      'X-Rewrite-URL: /evil',
      'Front-End-Https: on',
    ])
    expect(seen(answer).url).toBe('http://localhost/api/echo')
  })

  it('is `/` for a request without a URL (hazard 27)', async () => {
    const api = startApi(
      apiRoutes({ 'index.ts': { GET: ({ request }) => new Response(request.url) } }),
      { apiBaseURL: '/' },
    )
    const { port } = await listen((req, res) => {
      Object.assign(req, { url: undefined })
      api(req, res)
    })
    expect((await rawGet(port, '/x')).body).toBe('http://localhost/')
  })
})

describeHosts(
  'an absolute-form target',
  (host) => {
    it('is its path; its authority and scheme are not believed (hazard 21)', async () => {
      const { port } = await serve(host, [createApi()])
      for (const origin of ['http://evil.example', 'HTTPS://evil.example:8443', 'http://[::1]']) {
        const { url, params } = seen(await rawGet(port, `${origin}/api/users/1%2F?a=1&a=2`))
        expect(url).toBe('http://localhost/api/users/1%2F?a=1&a=2')
        expect(params).toEqual({ id: '1/' })
      }
    })

    // Userinfo could be stripped as well; no client sends it, and nobody in front reads it alike.
    it.each(['http://u:p@h/api/echo', 'http://h:999999/api/echo', 'http://h'])(
      'falls through where it is odd: %s (hazards 16, 21)',
      async (target) => {
        const { port, errors } = await serve(host, [createApi()])
        const answer = await rawGet(port, target)
        expect(answer.status).toBe(404)
        expect(errors).toEqual([])
      },
    )
  },
  middlewareHosts,
)

describe('an absolute-form target [node:http]', () => {
  // Guards written by hand look at `req.url`, e.g. at how it begins: see guards.spec.ts.
  it('falls through', async () => {
    const { port } = await serve(hosts[3]!, [createApi()])
    expect((await rawGet(port, 'http://localhost/api/echo')).status).toBe(404)
  })
})

describe('the protocol of request.url', () => {
  it('is https on a TLS socket, by what the socket says', async () => {
    const api = createApi()
    const { port } = await listen((req, res) => {
      Object.defineProperty(req.socket, 'encrypted', { value: true })
      api(req, res)
    })
    expect(seen(await rawGet(port, '/api/echo')).url).toBe('https://localhost/api/echo')
  })
})

describe('a server on IPv6', () => {
  it('gives a valid URL (hazard 25)', async () => {
    const server = createServer(createApi())
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      const { url } = (await (await fetch(`http://[::1]:${port}/api/echo`)).json()) as Seen
      expect(url).toBe(`http://[::1]:${port}/api/echo`)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describeHosts(
  'trust proxy',
  (host) => {
    const urlFor = async (setting: unknown, headers: readonly string[]) => {
      const { port } = await serve(host, [createApi()], { 'trust proxy': setting })
      return rawGet(port, '/api/echo', headers)
    }
    const forwarded = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: api.example.com:8443']

    it.each([true, 1, 'loopback', '127.0.0.1', (address: string) => address === '127.0.0.1'])(
      'gives protocol, host and port of the proxy’s client: %s (hazard 18)',
      async (setting) => {
        expect(seen(await urlFor(setting, forwarded)).url).toBe(
          'https://api.example.com:8443/api/echo',
        )
      },
    )

    it.each([false, 0, '10.0.0.1', () => false])(
      'does not believe others: %s (hazard 19)',
      async (setting) => {
        expect(seen(await urlFor(setting, forwarded)).url).toBe('http://localhost/api/echo')
      },
    )

    it('is asked per hop (hazard 20)', async () => {
      const asked: [string, number][] = []
      const trust = (address: string, hop: number) => {
        asked.push([address, hop])
        return hop === 0
      }
      const answer = await urlFor(trust, [...forwarded, 'X-Forwarded-For: 6.6.6.6, 7.7.7.7'])
      expect(seen(answer).url).toBe('https://api.example.com:8443/api/echo')
      expect(asked).toContainEqual(['127.0.0.1', 0])
    })

    // Express's own choice: a trusted proxy is expected to overwrite the header.
    it('takes of a list what Express takes (hazard 20)', async () => {
      const theirs: string[] = []
      const { port } = await serve(
        host,
        [
          createApi({
            context: (req: IncomingMessage & { protocol: string; hostname: string }) => {
              theirs.push(`${req.protocol}://${req.hostname}`)
              return {}
            },
          }),
        ],
        { 'trust proxy': true },
      )
      const answer = await rawGet(port, '/api/echo', [
        'X-Forwarded-Proto: https, http',
        'X-Forwarded-Host: a.example , b.example',
      ])
      expect(seen(answer).url).toBe('https://a.example/api/echo')
      expect(theirs).toEqual(['https://a.example'])
    })

    it.each(['h:80/../x', 'h/x', 'h:99999', 'user@h', 'h?', ' , h', 'h:80a'])(
      'refuses a forwarded host that is none: %s (hazard 17)',
      async (name) => {
        expect((await urlFor(1, [`X-Forwarded-Host: ${name}`])).status).toBe(400)
      },
    )

    it.each(['javascript', 'ftp', 'x://y', ''])(
      'keeps http for a forwarded protocol that is none: %s (hazard 17)',
      async (protocol) => {
        const { url } = seen(await urlFor(1, [`X-Forwarded-Proto: ${protocol}`]))
        expect(url).toBe('http://localhost/api/echo')
      },
    )

    it('is inherited by sub-apps', async () => {
      const sub = host.create()
      sub.use('/', createApi())
      const { port } = await serve(host, [['/v1', sub.listener]], { 'trust proxy': 1 })
      expect(seen(await rawGet(port, '/v1/api/echo', forwarded)).url).toBe(
        'https://api.example.com:8443/v1/api/echo',
      )
    })

    it('prints no deprecation of Express (J: req.host)', async () => {
      const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
      try {
        await urlFor(1, forwarded)
        expect(write.mock.calls).toEqual([])
      } finally {
        write.mockRestore()
      }
    })
  },
  expressHosts,
)

describeHosts('a URL that middleware in front rewrote', (host) => {
  const rewrite =
    (from: string, to: string) => (req: IncomingMessage, _res: unknown, next: () => void) => {
      const request = req as IncomingMessage & { originalUrl?: string }
      if (request.url === from) {
        // As Express and Connect have done by now.
        request.originalUrl ??= request.url
        request.url = to
      }
      next()
    }

  it('decides the route; request.url stays what the client asked for (hazard 32)', async () => {
    const { port } = await serve(host, [rewrite('/u?x=1', '/api/users/7'), createApi()])
    expect(seen(await rawGet(port, '/u?x=1'))).toEqual({
      url: 'http://localhost/u?x=1',
      params: { id: '7' },
    })
  })

  it('is what legacy handlers behind find (hazard 33)', async () => {
    const { port } = await serve(host, [rewrite('/u', '/api/nothing'), createApi()])
    expect((await rawGet(port, '/u')).body).toBe('legacy GET /api/nothing')
  })

  it.each(['/api/users/日本', '/api/\u212Aeys'])(
    'is not ours with characters that no wire carries: %s',
    async (to) => {
      // The Kelvin sign folds to `k`, but not for Express's guard on `/api/keys`.
      const { port } = await serve(host, [rewrite('/u', to), createApi()])
      expect((await rawGet(port, '/u')).status).toBe(404)
    },
  )
})

describeHosts('case (hazard 12)', (host) => {
  const api = (options = {}) =>
    startApi(
      apiRoutes({
        'api/Users/$id.ts': { GET: ({ params }) => new Response(params['id']) },
      }),
      options,
    )
  const ask = async (options: object, target: string, settings = {}) => {
    const { port } = await serve(host, [api(options)], settings)
    return (await rawGet(port, target)).body
  }

  it('counts where the option says so, and never in values', async () => {
    expect(await ask({ caseSensitive: true }, '/api/users/Me')).toBe('legacy GET /api/users/Me')
    expect(await ask({ caseSensitive: true }, '/api/Users/Me')).toBe('Me')
    expect(await ask({ caseSensitive: false }, '/API/uSERS/Me')).toBe('Me')
  })

  it('counts as in the hosting application', async () => {
    const lenient = host.isExpress ? 'Me' : 'legacy GET /API/users/Me'
    expect(await ask({}, '/API/users/Me')).toBe(lenient)
    expect(await ask({}, '/API/users/Me', { 'case sensitive routing': true })).toBe(
      'legacy GET /API/users/Me',
    )
    expect(await ask({}, '/api/Users/Me', { 'case sensitive routing': true })).toBe('Me')
  })
})
