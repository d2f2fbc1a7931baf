import * as fc from 'fast-check'
import type { Route } from '../lib/routes/route-module'
import { type Naming, toRoutePath } from '../lib/routes/route-path'
import { type CaseRule, createRouteTable, toParams } from '../lib/routes/route-table'

function toRoute(file: string, base = '/api', naming: Naming = 'v0'): Route {
  const path = toRoutePath(file, base, naming)
  return { ...path, file, dialect: 'APIRoute', handlers: new Map(), middleware: [] }
}

/** A table of files, asked by a pathname: which file answers, with which params. */
function tableOf(...files: readonly string[]) {
  const table = createRouteTable(files.map((file) => toRoute(file)))
  return (pathname: string, rule: CaseRule = 'insensitive') => {
    const match = table.match(pathname, rule)
    expect(match === undefined || table.mayMatch(`${pathname}?a=/b`)).toBe(true)
    return match && { file: match.route.file, params: { ...toParams(match) } }
  }
}

describe('a match', () => {
  it('has as many segments as the route (hazard 176)', () => {
    const match = tableOf('api/hello.ts', 'api/users/$id.ts')
    expect(match('/api/hello')).toEqual({ file: 'api/hello.ts', params: {} })
    for (const path of ['/api/hello/extra', '/api/hello/extra/parts', '/api', '/', '/api/users']) {
      expect(match(path)).toBeUndefined()
    }
    expect(match('/api/users/1/more')).toBeUndefined()
    expect(match('/api/hello.json')).toBeUndefined()
    expect(match('/api/hell')).toBeUndefined()
  })

  it('may have one trailing slash, which adds nothing', () => {
    const match = tableOf('api/hello.ts', 'api/users/$id.ts', 'api/file/$.ts')
    expect(match('/api/hello/')).toEqual({ file: 'api/hello.ts', params: {} })
    expect(match('/api/users/1/')).toEqual({ file: 'api/users/$id.ts', params: { id: '1' } })
    expect(match('/api/file/a/')?.params['_splat']).toBe('a')
    expect(match('/api/users/')).toBeUndefined()
  })

  it('has no empty segment (hazard 7)', () => {
    const match = tableOf('api/hello.ts', 'api/$a/$b.ts', 'api/file/$.ts')
    for (const path of [
      '/api//hello',
      '//api/hello',
      '/api/hello//',
      '/api/x//',
      '/api/file//',
      '/api/file//a',
      '/api/file/a//b',
    ]) {
      expect(match(path)).toBeUndefined()
    }
    const root = createRouteTable([{ ...toRoute('x.ts'), path: '/', segments: [] }])
    expect(root.match('/', 'sensitive')?.route.file).toBe('x.ts')
    expect(root.match('//', 'sensitive')).toBeUndefined()
  })

  it('has no dot segment in any spelling (hazard 6)', () => {
    const match = tableOf('api/$a/$b.ts', 'api/file/$.ts', 'api/$.ts')
    for (const dots of ['.', '..', '%2e', '%2E%2e', '.%2e', '%2e.']) {
      expect(match(`/api/${dots}/x`)).toBeUndefined()
      expect(match(`/api/file/${dots}`)).toBeUndefined()
      expect(match(`/api/file/a/${dots}/b`)).toBeUndefined()
    }
    expect(match('/api/file/...')?.params['_splat']).toBe('...')
  })
})

describe('precedence', () => {
  const files = [
    'api/users/me.ts',
    'api/users/$id.ts',
    'api/users/$.ts',
    'api/a/$x/c.ts',
    'api/a/b/$.ts',
    'api/a/$x/$z/d.ts',
    'api/$first/$second.ts',
    'api/$.ts',
  ]

  const expected: readonly [path: string, file: string, params: Record<string, string>][] = [
    ['/api/users/me', 'api/users/me.ts', {}],
    ['/api/users/you', 'api/users/$id.ts', { id: 'you' }],
    ['/api/users/me/x', 'api/users/$.ts', splat('me/x')],
    // Left to right: the static `b` is tried first, then given back.
    ['/api/a/b/c', 'api/a/b/$.ts', splat('c')],
    ['/api/a/q/c', 'api/a/$x/c.ts', { x: 'q' }],
    ['/api/a/b', 'api/$first/$second.ts', { first: 'a', second: 'b' }],
    ['/api/a/q/r/d', 'api/a/$x/$z/d.ts', { x: 'q', z: 'r' }],
    ['/api/a/q/r/e', 'api/$.ts', splat('a/q/r/e')],
    ['/api/users', 'api/$.ts', splat('users')],
  ]

  it('is static, dynamic, splat at each segment from the left, in any order of files (hazard 177)', () => {
    for (const order of [files, files.toReversed(), files.toSorted(), rotate(files, 3)]) {
      const match = tableOf(...order)
      for (const [path, file, params] of expected) expect(match(path)).toEqual({ file, params })
    }
  })

  it('gives values of an abandoned branch to nobody', () => {
    const match = tableOf('api/$a/x/y.ts', 'api/$a/$b/z.ts', 'api/$.ts')
    expect(match('/api/1/x/z')?.params).toEqual({ a: '1', b: 'x' })
    expect(match('/api/1/x/w')?.params).toEqual(splat('1/x/w'))
  })

  it('agrees with the rule applied to every route one by one', () => {
    const name = fc.constantFrom('a', 'b', '$p')
    const file = fc
      .tuple(fc.array(name, { maxLength: 3 }), fc.constantFrom('a', 'b', '$', '$last'))
      .map(([names, last]) => [...names.map((n, i) => (n === '$p' ? `$p${i}` : n)), last].join('/'))
    const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.uniqueArray(file, { minLength: 1, maxLength: 12 }), path, (files, names) => {
        // Files of equal shape are refused before there is a table.
        const routes = [...new Map(files.map((f) => [f.replace(/\$\w+/g, '$x'), f])).values()]
        const best = routes.filter((f) => fits(f, names)).sort(byRank)[0]
        const found = createRouteTable(routes.map((f) => toRoute(`${f}.ts`)))
        expect(found.match(`/api/${names.join('/')}`, 'sensitive')?.route.file).toBe(
          best && `${best}.ts`,
        )
      }),
    )
  })

  function fits(file: string, names: readonly string[]): boolean {
    const parts = file.split('/')
    const splat = parts.at(-1) === '$'
    if (splat ? names.length < parts.length : names.length !== parts.length) return false
    return parts.every((part, index) => part.startsWith('$') || part === names[index])
  }

  function byRank(a: string, b: string): number {
    const ranks = (file: string) =>
      file
        .split('/')
        .map((part) => (part === '$' ? 2 : part.startsWith('$') ? 1 : 0))
        .join('')
    return ranks(a) < ranks(b) ? -1 : 1
  }
})

describe('a first look at a request target', () => {
  const mayMatch = (base: string, files: readonly string[], url: string) =>
    createRouteTable(files.map((file) => toRoute(file, base, 'v1'))).mayMatch(url)

  it('rules out what begins with the first segment of no route', () => {
    const files = ['api/hello.ts', 'api/$.ts']
    for (const url of ['/', '/?/api', '/other', '/apiary/x', '/ap', '//api/hello', '/api%2Fx']) {
      expect(mayMatch('/api', files, url)).toBe(false)
    }
    for (const url of ['/api', '/api?x', '/api/', '/API/nothing', '/api/a?b=/c']) {
      expect(mayMatch('/api', files, url)).toBe(true)
    }
  })

  it('rules out nothing where a first segment takes any value, nor the absolute form', () => {
    for (const file of ['$id/x.ts', '$.ts', '{-$lang}/about.ts']) {
      expect(mayMatch('', [file, 'hello.ts'], '/other')).toBe(true)
    }
    expect(mayMatch('/api', ['api/hello.ts'], 'http://host/other')).toBe(true)
  })

  it('knows the root, and text in any case and in the spelling of browsers', () => {
    expect(mayMatch('', ['Users.ts'], '/users')).toBe(true)
    expect(mayMatch('', ['Users.ts'], '/USERS')).toBe(true)
    expect(mayMatch('', ['index.ts'], '/?x')).toBe(true)
    expect(mayMatch('', ['a b.ts'], '/a%20b')).toBe(true)
    expect(mayMatch('', ['a b.ts'], '/a b')).toBe(false)
  })

  it('never rules out what matches', () => {
    // By what a name spells, in another case where it has one.
    const spellings = {
      a: 'A',
      B: 'b',
      é: '%c3%a9',
      $p: 'v',
      '{-$q}': 'w',
      'x{$r}': 'x1',
      '[x]': 'X',
    }
    const name = fc.constantFrom(...(Object.keys(spellings) as (keyof typeof spellings)[]))
    const names = fc.array(name, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(names, fc.constantFrom('', '/a'), fc.array(names), (own, base, others) => {
        const toFile = (parts: readonly string[]) => `${[base.slice(1), ...parts].join('/')}.ts`
        const routes = [own, ...others].flatMap((parts) => {
          try {
            return [toRoute(toFile(parts).replace(/^\//, ''), base, 'v1')]
          } catch {
            return []
          }
        })
        const path = `${base}/${own.map((part) => spellings[part]).join('/')}`
        const table = createRouteTable(routes)
        fc.pre(table.match(path, 'insensitive') !== undefined)
        expect(table.mayMatch(`${path}?x=/`)).toBe(true)
      }),
    )
  })
})

describe('the cost of a match', () => {
  it('does not grow with the number of routes, nor sorts them again (hazards 178, 187)', () => {
    const filesOf = (count: number) =>
      Array.from({ length: count }, (_, i) => [`api/s${i}.ts`, `api/s${i}/$id/x${i}.ts`]).flat()
    const lookups = [10, 1000].map((count) => {
      const match = tableOf(...filesOf(count), 'api/s1/$id.ts')
      match('/api/s1/7')
      const get = jest.spyOn(Map.prototype, 'get')
      const sort = jest.spyOn(Array.prototype, 'sort')
      try {
        match('/api/s1')
        match('/api/s1/7')
        match('/api/s1/7/x1')
        match('/api/s1/7/nothing')
        match('/api/nothing/at/all')
        expect(sort).not.toHaveBeenCalled()
        return get.mock.calls.length
      } finally {
        get.mockRestore()
        sort.mockRestore()
      }
    })
    expect(lookups[0]).toBeGreaterThan(0)
    expect(lookups[1]).toBe(lookups[0])
  })

  it('is at most one visit of each node that shares the path (hazards 187, 188)', () => {
    // All of {x, $p}^10: for a path of `x` every node fits, and none leads to a route.
    const depth = 10
    const files = Array.from({ length: 2 ** depth }, (_, bits) =>
      Array.from({ length: depth }, (_, i) => (bits & (1 << i) ? 'x' : `$p${i}`)).join('/'),
    ).map((path) => `api/${path}/end.ts`)
    const match = tableOf(...files)
    match('/api/x')
    const get = jest.spyOn(Map.prototype, 'get')
    try {
      expect(match(`/api/${'x/'.repeat(depth)}nothing`)).toBeUndefined()
      expect(get.mock.calls.length).toBeLessThan(2 ** (depth + 1) + 10)
    } finally {
      get.mockRestore()
    }
  })

  it('does not grow with dynamic levels (hazard 188)', () => {
    const levels = Array.from({ length: 50 }, (_, i) => `$p${i}`).join('/')
    const match = tableOf(`api/${levels}/end.ts`, 'api/$.ts')
    expect(match(`/api/${'v/'.repeat(50)}end`)?.params['p49']).toBe('v')
    expect(match(`/api/${'v/'.repeat(50)}no`)?.file).toBe('api/$.ts')
  })

  it('stays bounded for very long and very deep paths (hazard 35)', () => {
    const match = tableOf('api/$a/$b/$c.ts', 'api/file/$.ts')
    expect(match(`/api${'/x'.repeat(8000)}`)).toBeUndefined()
    expect(match(`/api/file${'/x'.repeat(8000)}`)?.params['_splat']).toHaveLength(15_999)
    expect(match(`/api/file/${'x'.repeat(16_000)}`)?.params['_splat']).toHaveLength(16_000)
  })
})

describe('a splat', () => {
  it('takes one segment or more, never none (hazard 180)', () => {
    const match = tableOf('api/file/$.ts')
    expect(match('/api/file/hello.txt')?.params).toEqual(splat('hello.txt'))
    expect(match('/api/file/a/b/c')?.params).toEqual(splat('a/b/c'))
    expect(match('/api/file')).toBeUndefined()
    expect(match('/api/file/')).toBeUndefined()
  })

  it('has the names `_splat` and `*` (hazard 181)', () => {
    expect(tableOf('api/$a/$.ts')('/api/1/2/3')?.params).toEqual({ a: '1', ...splat('2/3') })
  })

  it('hands on what would climb out of a folder as plain data (hazard 185)', () => {
    const match = tableOf('api/file/$.ts')
    const value = (path: string) => match(`/api/file/${path}`)?.params['_splat']
    expect(value('..%2f..%2fetc%2fpasswd')).toBe('../../etc/passwd')
    expect(value('%5c..%5cx')).toBe('\\..\\x')
    expect(value('C:%5cx')).toBe('C:\\x')
    expect(value('a\\b')).toBe('a\\b')
  })
})

describe('params', () => {
  it('are decoded (hazard 182), once (hazard 9), after the path is split (hazard 8)', () => {
    const match = tableOf('api/users/$id.ts', 'api/file/$.ts')
    expect(match('/api/users/J%C3%BCrgen')?.params).toEqual({ id: 'Jürgen' })
    expect(match('/api/users/a%2Fadmin')?.params).toEqual({ id: 'a/admin' })
    expect(match('/api/users/%252e%252e')?.params).toEqual({ id: '%2e%2e' })
    expect(match('/api/users/a+b;c=1')?.params).toEqual({ id: 'a+b;c=1' })
    expect(match('/api/file/a%2Fb/c')?.params['_splat']).toBe('a/b/c')
  })

  it('keep their case where the path ignores it', () => {
    expect(tableOf('api/users/$id.ts')('/API/Users/J%C3%96RG')?.params).toEqual({ id: 'JÖRG' })
  })

  it('are a 400 where an escape does not decode (hazard 175)', () => {
    const match = tableOf('api/users/$id.ts', 'api/file/$.ts')
    for (const raw of ['%E0%A4%A', '%', '%zz', '%FF', 'a%2']) {
      for (const path of [`/api/users/${raw}`, `/api/file/x/${raw}`]) {
        expect(() => match(path)).toThrow(
          expect.objectContaining({ code: 'ERR_START_API_BAD_PARAM', status: 400 }),
        )
      }
    }
  })

  it('inherit nothing, and take any name that objects inherit (hazard 183)', () => {
    const table = createRouteTable([toRoute('api/$constructor/$toString.ts')])
    const params = toParams(table.match('/api/1/2', 'sensitive')!)
    expect(Object.getPrototypeOf(params)).toBeNull()
    expect({ ...params }).toEqual({ constructor: '1', toString: '2' })
    expect(params['hasOwnProperty']).toBeUndefined()
  })

  it('hold NUL, line ends and other control characters as data (hazard 184)', () => {
    const match = tableOf('api/users/$id.ts', 'api/file/$.ts')
    expect(match('/api/users/%00')?.params).toEqual({ id: '\0' })
    expect(match('/api/users/%0d%0a')?.params).toEqual({ id: '\r\n' })
    expect(match('/api/file/a%0Ab/%7F')?.params['_splat']).toBe('a\nb/\x7f')
  })

  it('come back from encodeURIComponent as they were', () => {
    const match = tableOf('api/users/$id/posts/$postId.ts', 'api/file/$.ts')
    const value = fc
      .string({ unit: 'binary', minLength: 1 })
      // As segments of their own, dots mean folders to every client and proxy (hazard 6).
      .filter((text) => !/^(?:\.|%2e){1,2}$/i.test(encodeURIComponent(text)))
    fc.assert(
      fc.property(value, value, (id, postId) => {
        const path = `/api/users/${encodeURIComponent(id)}/posts/${encodeURIComponent(postId)}`
        expect(match(path)?.params).toEqual({ id, postId })
      }),
    )
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (names) => {
        const path = `/api/file/${names.map(encodeURIComponent).join('/')}`
        expect(match(path)?.params).toEqual(splat(names.join('/')))
      }),
    )
  })
})

describe('static segments', () => {
  it.each([
    ['hello world', 'hello%20world'],
    ['100%', '100%25'],
    ['ü', '%C3%BC'],
    ['größe', 'gr%C3%B6%C3%9Fe'],
    ['日本', '%E6%97%A5%E6%9C%AC'],
    ['a?b#c', 'a%3Fb%23c'],
    ['"<>`{}', '%22%3C%3E%60%7B%7D'],
    ['a|b[c]', 'a|b[c]'],
    ["(x)!~*'-_", "(x)!~*'-_"],
    ['a+b', 'a+b'],
    ['a,b;c=d&e@f:g', 'a,b;c=d&e@f:g'],
    ['back\\slash', 'back%5Cslash'],
  ])('match %s as browsers write it, %s (hazard 193)', (name, wire) => {
    const match = tableOf(`api/${name}/x.ts`)
    expect(match(`/api/${wire}/x`, 'sensitive')).toBeDefined()
    expect(match(`/api/${wire.toLowerCase()}/x`, 'insensitive')).toBeDefined()
  })

  it('match no other spelling: guards in front would miss it (hazards 8, 11, 193)', () => {
    const match = tableOf('api/admin/x.ts', 'api/ü.ts', 'api/a+b.ts', 'api/café.ts')
    for (const path of [
      '/api/%61dmin/x',
      '/api/admin%2Fx',
      '/api/admin\\x',
      '/api/admin;x=1/x',
      '/api/a%2Bb',
      // Raw UTF-8 bytes, as Node's parser hands them over (hazard 26).
      '/api/caf\xc3\xa9',
      // The decomposed form; browsers send what was typed, which is composed (hazard 192).
      '/api/cafe%CC%81',
    ]) {
      expect(match(path)).toBeUndefined()
    }
  })

  it('match composed URLs where the file system decomposes (hazard 192)', () => {
    expect(tableOf('api/cafe\u0301.ts')('/api/caf%C3%A9')).toBeDefined()
  })

  it('are compared as text, never as patterns (hazard 186)', () => {
    const match = tableOf('api/a+b.ts', 'api/(x).ts', 'api/v1.0/x.ts', 'api/.*.ts', 'api/[a].ts')
    expect(match('/api/a+b')?.file).toBe('api/a+b.ts')
    expect(match('/api/(x)')?.file).toBe('api/(x).ts')
    expect(match('/api/v1/0/x')?.file).toBe('api/v1.0/x.ts')
    for (const path of ['/api/aab', '/api/x', '/api/anything', '/api/a']) {
      expect(match(path)).toBeUndefined()
    }
  })

  it('may be called like what objects inherit (hazard 200)', () => {
    const match = tableOf('api/__proto__.ts', 'api/constructor.ts', 'api/toString/x.ts')
    expect(match('/api/__proto__')?.file).toBe('api/__proto__.ts')
    expect(match('/api/constructor')?.file).toBe('api/constructor.ts')
    expect(match('/api/toString/x')?.file).toBe('api/toString/x.ts')
    for (const path of ['/api/hasOwnProperty', '/api/valueOf', '/__proto__', '/api/toString']) {
      expect(match(path)).toBeUndefined()
    }
  })
})

describe('upper and lower case', () => {
  const match = tableOf('api/Users/$id.ts', 'api/ÄRGER.ts')

  it('are the same by the rule `insensitive`', () => {
    for (const path of ['/api/Users/1', '/api/users/1', '/API/USERS/1']) {
      expect(match(path, 'insensitive')).toBeDefined()
    }
    expect(match('/api/%c3%84rger', 'insensitive')).toBeDefined()
    // Express compares the escapes, too: `ä` and `Ä` are two paths to its guards.
    expect(match('/api/%C3%A4rger', 'insensitive')).toBeUndefined()
  })

  it('differ by the rule `sensitive`', () => {
    expect(match('/api/Users/1', 'sensitive')).toBeDefined()
    expect(match('/api/users/1', 'sensitive')).toBeUndefined()
    expect(match('/API/Users/1', 'sensitive')).toBeUndefined()
  })
})

function splat(value: string): Record<string, string> {
  return { _splat: value, '*': value }
}

function rotate<T>(list: readonly T[], by: number): T[] {
  return [...list.slice(by), ...list.slice(0, by)]
}
