import { toBase, toOwnPath, toRoutePath } from '../lib/routes/route-path'

/** File, the path that it is served at, the kinds of its segments. */
const conventions: readonly [file: string, path: string, kinds: string][] = [
  // The page's own list.
  ['api.users.ts', '/api/users', 's s'],
  ['api/users.ts', '/api/users', 's s'],
  ['api/users.index.ts', '/api/users', 's s'],
  ['api/users/index.ts', '/api/users', 's s'],
  ['api.users.index.ts', '/api/users', 's s'],
  ['api/users/$id.ts', '/api/users/$id', 's s param:id'],
  ['api/users/$id/posts.ts', '/api/users/$id/posts', 's s param:id s'],
  ['api.users.$id.posts.ts', '/api/users/$id/posts', 's s param:id s'],
  ['api/users/$id/posts/$postId.ts', '/api/users/$id/posts/$postId', 's s param:id s param:postId'],
  ['api/file/$.ts', '/api/file/$', 's s splat'],
  ['api/_pathlessLayout/users.ts', '/api/_pathlessLayout/users', 's s s'],
  // Mixtures of folders and dots.
  ['api/users.$id.ts', '/api/users/$id', 's s param:id'],
  ['api.users/$id.ts', '/api/users/$id', 's s param:id'],
  ['api.users/$id.posts.ts', '/api/users/$id/posts', 's s param:id s'],
  ['api/users.$id/posts.$postId.ts', '/api/users/$id/posts/$postId', 's s param:id s param:postId'],
  ['api.file.$.ts', '/api/file/$', 's s splat'],
  ['api/file.$.ts', '/api/file/$', 's s splat'],
  ['api/file/$.index.ts', '/api/file/$', 's s splat'],
  ['api/file/$/index.ts', '/api/file/$', 's s splat'],
  ['api.ts', '/api', 's'],
  ['api.index.ts', '/api', 's'],
  ['api/index.ts', '/api', 's'],
  ['index.ts', '/api', 's'],
  ['api/index/foo.ts', '/api/foo', 's s'],
  // Outside the base: the base comes in front.
  ['users.ts', '/api/users', 's s'],
  ['users/$id.ts', '/api/users/$id', 's s param:id'],
  ['$.ts', '/api/$', 's splat'],
  ['v2/api/x.ts', '/api/v2/api/x', 's s s s'],
  ['apiary/bees.ts', '/api/apiary/bees', 's s s'],
  ['apiary.ts', '/api/apiary', 's s'],
  // Literal, whatever they mean to pages.
  ['api/_x/users.ts', '/api/_x/users', 's s s'],
  ['api/(group)/users.ts', '/api/(group)/users', 's s s'],
  ['api/(group).ts', '/api/(group)', 's s'],
  ['api/users_/$id.ts', '/api/users_/$id', 's s param:id'],
  ['api/{-$lang}/x.ts', '/api/{-$lang}/x', 's s s'],
  ['api/post-{$id}.ts', '/api/post-{$id}', 's s'],
  ['api/script[.]js.ts', '/api/script[/]js', 's s s'],
  ['api/users.route.ts', '/api/users/route', 's s s'],
  ['api/jobs.lazy.ts', '/api/jobs/lazy', 's s s'],
  ['api/loader.ts', '/api/loader', 's s'],
  ['api/$user-id.ts', '/api/$user-id', 's param:user-id'],
]

describe('toRoutePath()', () => {
  it.each(conventions)('%s is %s', (file, path, kinds) => {
    const route = toRoutePath(file, '/api', 'v0')
    expect(route.path).toBe(path)
    const spelled = route.segments.map((segment) =>
      segment.kind === 'static'
        ? 's'
        : segment.kind === 'param'
          ? `param:${segment.name}`
          : segment.kind,
    )
    expect(spelled.join(' ')).toBe(kinds)
  })

  it.each(['ts', 'tsx', 'js', 'jsx', 'mts', 'cts', 'mjs', 'cjs', 'TS', 'Mjs'])(
    'drops the extension .%s',
    (extension) => {
      expect(toRoutePath(`api/users/$id.${extension}`, '/api', 'v0').path).toBe('/api/users/$id')
    },
  )

  it('reads every dot as a slash (hazard 194)', () => {
    expect(toRoutePath('robots.txt.ts', '/api', 'v0').path).toBe('/api/robots/txt')
    expect(toRoutePath('api/v1.0/users.ts', '/api', 'v0').path).toBe('/api/v1/0/users')
  })

  it('keeps underscores and parentheses as they are (hazard 196)', () => {
    expect(toRoutePath('api/_pathless/users.ts', '/api', 'v0').path).toBe('/api/_pathless/users')
    expect(toRoutePath('api/(group)/users.ts', '/api', 'v0').path).toBe('/api/(group)/users')
  })

  it('takes names for text, never for patterns (hazard 186)', () => {
    expect(toRoutePath('api/a+b.ts', '/api', 'v0').segments[1]).toEqual({
      kind: 'static',
      text: 'a+b',
    })
    expect(toRoutePath('api/(x).ts', '/api', 'v0').segments[1]).toEqual({
      kind: 'static',
      text: '(x)',
    })
    expect(toRoutePath('api/$a-$b.ts', '/api', 'v0').segments[1]).toEqual({
      kind: 'param',
      name: 'a-$b',
    })
  })

  it('composes accents, as URLs have them and macOS has not (hazard 192)', () => {
    const decomposed = 'cafe\u0301'
    expect(toRoutePath(`api/${decomposed}.ts`, '/api', 'v0').path).toBe('/api/caf\u00e9')
    expect(toRoutePath('api/x.ts', toBase(`/${decomposed}`), 'v0').path).toBe('/caf\u00e9/api/x')
  })

  it.each([
    ['api/a/$/b.ts', 'has a splat `$` before its end; move the `$` to the last position'],
    ['api/$/$id.ts', 'has a splat `$` before its end; move the `$` to the last position'],
    ['api/$id/x/$id.ts', 'names two params `id`; give each its own name'],
    ['api/$__proto__.ts', 'names a param `__proto__`; choose another name'],
    ['api/$_splat/$.ts', 'names two params `_splat`; give each its own name'],
    ['api/$*/$.ts', 'names two params `*`; give each its own name'],
  ])('refuses %s (hazards 180, 183)', (file, sentence) => {
    expect(() => toRoutePath(file, '/api', 'v0')).toThrow(
      expect.objectContaining({
        code: 'ERR_START_API_ROUTE_FILE',
        message: `${file} ${sentence}.`,
        files: [file],
      }),
    )
  })

  it('lets params have the names of what objects inherit (hazard 183)', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '_splat']) {
      expect(toRoutePath(`api/$${name}.ts`, '/api', 'v0').segments[1]).toEqual({
        kind: 'param',
        name,
      })
    }
  })
})

describe('toOwnPath()', () => {
  it.each(['posts/$/edit.tsx', '$id.$id.tsx', '$__proto__.tsx', '__root.tsx', '-x.tsx'])(
    'reads %s, which only a page can be, without complaint',
    (file) => expect(() => toOwnPath(file, 'v0')).not.toThrow(),
  )
})

describe('apiBaseURL', () => {
  it.each([
    ['/api', '/api'],
    ['api', '/api'],
    ['api/', '/api'],
    ['//api//', '/api'],
    ['/internal/v1', '/internal/v1'],
    ['internal/v1/', '/internal/v1'],
    ['/v1.0', '/v1.0'],
    ['/größe', '/größe'],
    ['/', ''],
    ['', ''],
  ])('%j is the base %j', (apiBaseURL, base) => expect(toBase(apiBaseURL)).toBe(base))

  it.each(['/a//b', '/./a', '/../a', '/a?b', '/a#b', '/$id', '/:id', '/a*', 'a\\b', '/a%20b'])(
    'cannot be %j, which is no literal path',
    (apiBaseURL) =>
      expect(() => toBase(apiBaseURL)).toThrow(
        new TypeError(
          `startApi(): option \`apiBaseURL\` is "${apiBaseURL}", but must be a literal path such as "/api" or "/internal/v1".`,
        ),
      ),
  )

  it.each([null, 1, true, ['/api'], {}])('cannot be %j, which is no string', (apiBaseURL) =>
    expect(() => toBase(apiBaseURL)).toThrow(/option `apiBaseURL` must be a string/),
  )

  it.each([
    ['/', 'users.ts', '/users'],
    ['/', 'api/users.ts', '/api/users'],
    ['/', 'index.ts', '/'],
    ['/internal/v1', 'users.ts', '/internal/v1/users'],
    ['/internal/v1', 'internal/v1/users.ts', '/internal/v1/users'],
    ['/internal/v1', 'internal.v1.users.ts', '/internal/v1/users'],
    ['/internal/v1', 'internal/users.ts', '/internal/v1/internal/users'],
    ['/internal/v1', 'internal/v10/users.ts', '/internal/v1/internal/v10/users'],
    ['/api', 'api-docs.ts', '/api/api-docs'],
  ])('%s serves %s at %s (hazard 30)', (apiBaseURL, file, path) => {
    expect(toRoutePath(file, toBase(apiBaseURL), 'v0').path).toBe(path)
  })
})
