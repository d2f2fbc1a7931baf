// redirect() and notFound(), ours and TanStack Router's own, which files of Start may import instead.
import { isNotFound, isRedirect, json, notFound, redirect } from 'express-start-api'
import { routeX } from './support/handlers'
import { describeHosts, serve } from './support/hosts'

/** Untyped, as JavaScript calls it. */
const redirectTo = redirect as (options: unknown) => Response
const locationOf = (options: unknown) => redirectTo(options).headers.get('location')

/** As `redirect()` of @tanstack/router-core 1.171 makes it: only an `href` has a Location. */
function routerRedirect(options: Record<string, unknown>): Response {
  const headers = new Headers(options['headers'] as Record<string, string> | undefined)
  if (options['href'] !== undefined) headers.set('location', options['href'] as string)
  const status = (options['statusCode'] as number | undefined) ?? 307
  return Object.assign(new Response(null, { status, headers }), { options })
}

/** As `notFound()` of @tanstack/router-core 1.171 makes it. */
function routerNotFound(options: object = {}): object {
  return Object.assign(options, { isNotFound: true })
}

describe('redirect()', () => {
  it('makes a genuine Response without a body, 307 by default', async () => {
    const response = redirect({ to: '/users' })
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.body]).toEqual([307, null])
    expect([...response.headers]).toEqual([['location', '/users']])
    expect(response.options).toEqual({ to: '/users' })
  })

  it.each([
    [{ statusCode: 301 }, 301],
    [{ code: 302 }, 302],
    [{ statusCode: 303, code: 302 }, 303],
    [{ statusCode: 308 }, 308],
  ])('takes the status from %j', (options, status) => {
    expect(redirectTo({ to: '/', ...options }).status).toBe(status)
  })

  it.each([200, 300, 304, 404, 0, NaN, '307'])('refuses the status %p', (statusCode) => {
    expect(() => redirectTo({ to: '/', statusCode })).toThrow(
      new TypeError(
        `redirect(): the status ${statusCode} is no redirect's; use 301, 302, 303, 307 or 308.`,
      ),
    )
  })

  it('keeps headers, several cookies among them, and lets none replace the Location', () => {
    const response = redirect({
      to: '/a',
      headers: [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['location', '/elsewhere'],
      ],
    })
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(response.headers.get('location')).toBe('/a')
  })

  it.each<[Record<string, unknown>, string]>([
    [{ to: '/' }, '/'],
    [{ to: '/users/' }, '/users/'],
    [{ to: '/users/$id', params: { id: 42 } }, '/users/42'],
    [{ to: '/users/$id/edit', params: { id: 'a/b?c#d é' } }, '/users/a%2Fb%3Fc%23d%20%C3%A9/edit'],
    [{ to: '/file/$', params: { _splat: 'a b/c.txt' } }, '/file/a%20b/c.txt'],
    [{ to: '/file/$', params: { '*': 'a/b' } }, '/file/a/b'],
    [{ to: '/file/$', params: { _splat: '' } }, '/file'],
    [{ to: '/$', params: { _splat: '' } }, '/'],
    [{ to: '/{$id}', params: { id: 1 } }, '/1'],
    [{ to: '/post-{$id}.json', params: { id: 'a/b' } }, '/post-a%2Fb.json'],
    [{ to: '/p/{-$lang}/about', params: { lang: 'de' } }, '/p/de/about'],
    [{ to: '/p/{-$lang}/about' }, '/p/about'],
    [{ to: '/{-$a}/{-$b}', params: { a: undefined, b: null } }, '/'],
    [{ to: '/f/pre{-$id}suf/x', params: { id: 1 } }, '/f/pre1suf/x'],
    [{ to: '/f/pre{-$id}suf/x' }, '/f/x'],
    [{ to: '/f/{$}', params: { _splat: 'a b/c' } }, '/f/a%20b/c'],
    [{ to: '/f/{$}', params: { _splat: '' } }, '/f'],
    [{ to: '/f/v{$}.txt', params: { _splat: 'a/b' } }, '/f/va/b.txt'],
    [{ to: '/f/{$}.txt/y', params: { _splat: 'a' } }, '/f/a.txt/y'],
    [{ to: '/a/{id}/b{$c' }, '/a/{id}/b{$c'],
    [{ to: '/x', search: { page: 2, q: 'a b', none: undefined } }, '/x?page=2&q=a+b'],
    [{ to: '/x', search: { a: '1', b: true, c: null, d: [1], e: { f: 'g' } } }, query()],
    [{ to: '/x', search: {} }, '/x'],
    [{ to: '/x', hash: 'top' }, '/x#top'],
    [{ to: '/x', search: { a: 'b' }, hash: 'ä b' }, '/x?a=b#%C3%A4%20b'],
    [{ to: '/x?next=/y//z#top' }, '/x?next=/y//z#top'],
    [{ to: '/grüße/a b' }, '/gr%C3%BC%C3%9Fe/a%20b'],
    [{ to: '/a%20b' }, '/a%20b'],
    [{ to: '/half/\ud800' }, '/half/%EF%BF%BD'],
    [{ href: '/x?a=1#b' }, '/x?a=1#b'],
    [{ href: 'https://example.org' }, 'https://example.org/'],
    [{ href: 'HTTP://example.org/ä?b=\\' }, 'http://example.org/%C3%A4?b=\\'],
  ])('of %j leads to %s', (options, location) => {
    expect(locationOf(options)).toBe(location)
  })

  function query(): string {
    // As TanStack Router's `stringifySearch`: a router reads `'1'` back as a text.
    const values = { a: '"1"', b: 'true', c: 'null', d: '[1]', e: '{"f":"g"}' }
    return `/x?${new URLSearchParams(values)}`
  }

  it.each<[Record<string, unknown>]>([
    [{ to: '//evil.example' }],
    [{ to: '///evil.example' }],
    [{ to: '/\\evil.example' }],
    [{ to: '/a\\b' }],
    [{ to: '/\t/evil.example' }],
    [{ to: '/\n/evil.example' }],
    [{ to: '/.//evil.example' }],
    [{ to: '/a/..//evil.example' }],
    [{ to: '/%2e%2E/x' }],
    [{ to: '//evil.example?a=1' }],
    [{ to: '/$a/evil.example', params: { a: '' } }],
    [{ to: '/$', params: { _splat: '/evil.example' } }],
    [{ to: '/{-$a}/evil.example', params: { a: '' } }],
    [{ to: '/{-$a}//evil.example' }],
    [{ to: '/{$}/evil.example', params: { _splat: '/' } }],
    [{ to: '/.{$id}', params: { id: '.' } }],
    [{ to: '/users/$id/x', params: { id: '..' } }],
    [{ to: '/file/$', params: { _splat: 'a/../../admin' } }],
  ])('refuses %j, which leads elsewhere (hazard 153)', (options) => {
    expect(() => redirectTo(options)).toThrow(
      new TypeError(
        'redirect(): `to` leads to another site or has a dot segment; give the path that is meant.',
      ),
    )
  })

  it.each(['https://evil.example', 'javascript:alert(1)', 'users', './users', '../x', '', '.'])(
    'refuses %j as `to` (hazard 153)',
    (to) => {
      expect(() => redirectTo({ to })).toThrow(
        new TypeError('redirect(): `to` must begin with `/`; a URL of another site is an `href`.'),
      )
    },
  )

  it.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    ' //evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'https:evil.example',
    'https://',
    'users',
  ])('refuses %j as `href` (hazard 153)', (href) => {
    expect(() => redirectTo({ href })).toThrow(
      new TypeError(
        'redirect(): `href` must be a complete http: or https: URL, or a path that begins with one `/`.',
      ),
    )
  })

  it.each<[Record<string, unknown>, string]>([
    [{}, 'give either `to`, a path, or `href`, a URL'],
    [{ to: '/$id' }, '`params` lacks `id`, a string or a number'],
    [{ to: '/$toString', params: {} }, '`params` lacks `toString`, a string or a number'],
    [{ to: '/$id', params: { id: {} } }, '`params` lacks `id`, a string or a number'],
    [{ to: '/$', params: {} }, '`params` lacks `_splat`, a string or a number'],
    [{ to: '/{$}.txt', params: {} }, '`params` lacks `_splat`, a string or a number'],
    [{ to: '/post-{$id}', params: {} }, '`params` lacks `id`, a string or a number'],
    [{ to: '/{-$id}', params: { id: {} } }, '`params` lacks `id`, a string or a number'],
    [{ to: '/$/a', params: { _splat: 'x' } }, '`$` in `to` must be its last segment'],
    [{ to: '/$id', params: () => ({}) }, '`params` must be an object'],
    [{ to: '/a', search: true }, '`search` must be an object'],
    [{ to: '/a', search: () => ({}) }, '`search` must be an object'],
    [{ to: '/a', hash: true }, '`hash` must be a string'],
    [
      { to: '/a?b=1', search: { c: 1 } },
      '`to` has a query or a hash of its own beside `search` or `hash`; use these alone',
    ],
  ])('says what is wrong with %j', (options, sentence) => {
    expect(() => redirectTo(options)).toThrow(new TypeError(`redirect(): ${sentence}.`))
  })

  it('throws itself with `throw: true`', () => {
    let thrown: unknown
    try {
      redirect({ to: '/a', throw: true })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(Response)
    expect(isRedirect(thrown)).toBe(true)
  })
})

describe('notFound()', () => {
  it("makes a genuine Response with Start's text", async () => {
    const response = notFound()
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      404,
      'text/plain;charset=UTF-8',
    ])
    expect(await response.text()).toBe('Not found')
  })

  it.each([[{ id: 1 }], [null], [[]], ['']])('carries the data %j as JSON', async (data) => {
    const response = notFound({ data, headers: { 'x-a': '1' } })
    expect([...response.headers]).toEqual([
      ['content-type', 'application/json'],
      ['x-a', '1'],
    ])
    expect([response.status, response.data]).toEqual([404, data])
    expect(await response.json()).toEqual(data)
  })

  it('throws itself with `throw: true`', () => {
    let thrown: unknown
    try {
      notFound({ throw: true })
    } catch (error) {
      thrown = error
    }
    expect(isNotFound(thrown)).toBe(true)
  })
})

describe('isRedirect() and isNotFound()', () => {
  it('know what either package made, and nothing else', () => {
    expect([redirect({ to: '/' }), routerRedirect({ to: '/' })].map(isRedirect)).toEqual([
      true,
      true,
    ])
    expect([notFound(), routerNotFound()].map(isNotFound)).toEqual([true, true])
    const others = [undefined, null, 'a', {}, new Error('a'), json({}), Response.error()]
    expect(others.some(isRedirect)).toBe(false)
    expect(others.some(isNotFound)).toBe(false)
    expect(isRedirect(Object.assign(json({}), { options: {} }))).toBe(false)
  })
})

describeHosts('redirects and 404s as answers', (host) => {
  const ways = [
    ['returned', (value: unknown) => value],
    ['returned by a promise', async (value: unknown) => value],
    [
      'thrown',
      (value: unknown) => {
        throw value
      },
    ],
    [
      'thrown by a promise',
      async (value: unknown) => {
        throw value
      },
    ],
  ] as const

  async function ask(handler: () => unknown) {
    const app = await serve(host, [routeX(handler)])
    const response = await fetch(`${app.url}/api/x`, { redirect: 'manual' })
    return { response, errors: app.errors }
  }

  it.each(ways)('send a redirect that is %s, beside its cookies', async (_way, give) => {
    const options = { to: '/a', statusCode: 303, headers: { 'set-cookie': 'a=1' } } as const
    const { response, errors } = await ask(() => give(redirect(options)))
    expect([response.status, response.headers.get('location')]).toEqual([303, '/a'])
    expect(response.headers.getSetCookie()).toEqual(['a=1'])
    expect(errors).toEqual([])
  })

  it.each(ways)('send a notFound() that is %s', async (_way, give) => {
    const { response, errors } = await ask(() => give(notFound({ data: { id: 1 } })))
    expect([response.status, await response.json()]).toEqual([404, { id: 1 }])
    expect(errors).toEqual([])
  })

  it.each(ways)("complete a redirect of TanStack Router's that is %s", async (_way, give) => {
    const made = routerRedirect({ to: '/users/$id', params: { id: 'ä' }, search: { page: 2 } })
    const { response, errors } = await ask(() => give(made))
    expect([response.status, response.headers.get('location')]).toEqual([
      307,
      '/users/%C3%A4?page=2',
    ])
    // It may be one for all requests.
    expect(made.headers.has('location')).toBe(false)
    expect(errors).toEqual([])
  })

  it("complete a redirect of TanStack Router's to a path with v1's patterns", async () => {
    const to = '/{-$lang}/post-{$id}/{$}.txt'
    const { response } = await ask(() => routerRedirect({ to, params: { id: 1, _splat: 'a/b' } }))
    expect(response.headers.get('location')).toBe('/post-1/a/b.txt')
  })

  it.each(ways)("answer a notFound() of TanStack Router's that is %s", async (_way, give) => {
    const { response, errors } = await ask(() =>
      give(routerNotFound({ headers: { 'x-a': '1' }, routeId: '__root__' })),
    )
    expect([response.status, response.headers.get('x-a')]).toEqual([404, '1'])
    expect(await response.text()).toBe('Not found')
    expect(errors).toEqual([])
  })

  it("send the data of TanStack Router's notFound() as JSON", async () => {
    const { response } = await ask(() => routerNotFound({ data: [1] }))
    expect([response.status, await response.json()]).toEqual([404, [1]])
  })

  it.each([
    { href: '//evil.example' },
    { to: '//evil.example' },
    { to: './x' },
    { href: 'javascript:alert(1)' },
  ])("refuse TanStack Router's redirect of %j: its own router would (hazard 153)", async (made) => {
    const { response, errors } = await ask(() => routerRedirect(made))
    expect([response.status, response.headers.get('location')]).toEqual([500, null])
    expect(errors).toEqual([expect.any(TypeError)])
  })

  it('send a native redirect as it is, other Responses with `options` as well', async () => {
    const native = await ask(() => Response.redirect('https://example.org/a', 302))
    expect(native.response.headers.get('location')).toBe('https://example.org/a')
    const other = await ask(() => Object.assign(json({ a: 1 }), { options: { to: '//x' } }))
    expect(await other.response.json()).toEqual({ a: 1 })
  })
})
