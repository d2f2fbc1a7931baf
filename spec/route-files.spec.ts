import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { findRouteFiles, pickRouteFiles } from '../lib/routes/route-files'
import { routesDirectory } from './support/routes-directory'

/** Empty files by these names. */
function directoryOf(...names: readonly string[]): string {
  return routesDirectory(Object.fromEntries(names.map((name) => [name, ''])))
}

/** What is found of these names, in a directory and among a bundler's keys alike. */
function find(names: readonly string[], ignore: readonly string[] = []): string[] {
  const found = findRouteFiles(directoryOf(...names), ignore)
  expect(pickRouteFiles(names, ignore)).toEqual(found)
  return found
}

describe('findRouteFiles()', () => {
  it('finds all eight extensions and no others', () => {
    const files = ['cjs', 'cts', 'js', 'jsx', 'mjs', 'mts', 'ts', 'tsx'].map((e) => `api/x.${e}`)
    const others = [
      'api/x.json',
      'api/x.md',
      'api/x.js.map',
      'api/x.vue',
      'api/foojs',
      'api/x.cjsx',
    ]
    expect(find([...files, ...others])).toEqual(files)
  })

  it.each([
    'api/-helpers.ts',
    'api/-lib/db.ts',
    '-lib/deep/er/db.ts',
    'api/.hidden.ts',
    'api/.hidden/x.ts',
    '.git/x.js',
    'api/users.d.ts',
    'api/users.d.mts',
    'api/users.d.cts',
    'api/users.test.ts',
    'api/users.test.tsx',
    'api/users.spec.js',
    'api/users.test.helper.ts',
    'api/__tests__/users.ts',
    '__tests__/deep/users.ts',
    'node_modules/pkg/index.js',
    'api/node_modules/pkg/index.js',
  ])('ignores %s (hazard 195)', (name) =>
    expect(find([name, 'api/users.ts'])).toEqual(['api/users.ts']),
  )

  it.each([
    'api/a-b.ts',
    'api/a.-b.ts',
    'api/test.ts',
    'api/spec.ts',
    'api/latest.ts',
    'api/d.ts',
    'api/tests/users.ts',
    'api/__test__/users.ts',
    'api/_x.ts',
  ])('keeps %s, which only looks like an ignored one', (name) =>
    expect(find([name])).toEqual([name]),
  )

  it('ignores the globs of the option `ignore` as well', () => {
    const names = ['api/internal/a.ts', 'api/internal/b/c.ts', 'api/users.fixture.ts', 'api/x.ts']
    expect(find(names, ['api/internal/**', '**/*.fixture.*'])).toEqual(['api/x.ts'])
    expect(find(names, ['./api/internal/**'])).toEqual(['api/users.fixture.ts', 'api/x.ts'])
    expect(find(names, ['/api/internal/**'])).toEqual(['api/users.fixture.ts', 'api/x.ts'])
    expect(find(names, ['**/{internal,-}/**'])).toEqual(['api/users.fixture.ts', 'api/x.ts'])
  })

  it('takes an entry of `ignore` that is the name of a file for that file, whatever it means as a glob', () => {
    const names = ['api/a[.]b.js', 'api/a.b.js', 'api/x.js']
    expect(find(names, ['api/a[.]b.js'])).toEqual(['api/a.b.js', 'api/x.js'])
    expect(find(names, ['./api/a[.]b.js', 'api/*.js'])).toEqual([])
    expect(find(['api/{$id}.js', 'api/$id.js'], ['api/{$id}.js'])).toEqual(['api/$id.js'])
    expect(find(['api/(g)/a.js', 'api/b.js'], ['api/(g)/a.js'])).toEqual(['api/b.js'])
  })

  it.each(['api/x', 'api/x/', '/api/x', './api/x/'])(
    'takes an entry of `ignore` that is a folder for all in it: %s',
    (folder) => {
      const names = ['api/x.js', 'api/x/a.js', 'api/x/y/b.js', 'api/xy/c.js']
      expect(find(names, [folder])).toEqual(['api/x.js', 'api/xy/c.js'])
    },
  )

  it('lets a glob that matches a folder mean no more than the glob says', () => {
    expect(find(['api/a.js', 'api/x/b.js'], ['api/*'])).toEqual(['api/x/b.js'])
  })

  it('gives `!` and `#` no meaning in `ignore`', () => {
    expect(find(['!a.ts', '#b.ts', 'c.ts'], ['!a.ts', '#b.ts'])).toEqual(['c.ts'])
  })

  it('never ignores by what lies above the directory', () => {
    for (const inside of ['node_modules/pkg/routes', '-x/routes', '.cache/routes', '__tests__/r']) {
      expect(findRouteFiles(routesDirectory({ 'api/x.ts': '' }, inside), [])).toEqual(['api/x.ts'])
    }
  })

  it('takes a directory whose name is full of glob characters', () => {
    for (const inside of ['[id]', '{a,b}', '*', '(x)', '!a', 'a b', 'a%20b', 'a#b', 'a?b']) {
      expect(findRouteFiles(routesDirectory({ 'api/x.ts': '' }, inside), [])).toEqual(['api/x.ts'])
    }
  })

  it('orders by code unit, whatever the file system says (hazard 179)', () => {
    expect(
      find(['api/b.ts', 'api/a.ts', 'api/B.ts', 'api/ä.ts', 'api/a/z.ts', 'api.ts', 'api/$id.ts']),
    ).toEqual([
      'api.ts',
      'api/$id.ts',
      'api/B.ts',
      'api/a.ts',
      'api/a/z.ts',
      'api/b.ts',
      'api/ä.ts',
    ])
  })

  it('separates by slashes (hazard 202)', () => {
    expect(findRouteFiles(directoryOf('a/b/c.ts'), [])).toEqual(['a/b/c.ts'])
  })

  it('does not walk in circles, nor out of the directory (hazard 201)', () => {
    const directory = directoryOf('api/x.ts')
    const outside = directoryOf('secret.ts')
    symlinkSync('..', join(directory, 'api', 'loop'))
    symlinkSync('.', join(directory, 'self'))
    symlinkSync(outside, join(directory, 'outside'))
    expect(findRouteFiles(directory, [])).toEqual(['api/x.ts'])
  })

  it('takes linked files, and a linked directory itself (hazard 201)', () => {
    const directory = directoryOf('api/x.ts')
    symlinkSync('x.ts', join(directory, 'api', 'y.ts'))
    expect(findRouteFiles(directory, [])).toEqual(['api/x.ts', 'api/y.ts'])
    const link = join(directoryOf(), 'link')
    symlinkSync(directory, link)
    expect(findRouteFiles(link, [])).toEqual(['api/x.ts', 'api/y.ts'])
  })

  it('takes no folder for a file', () => {
    const directory = directoryOf('api/x.ts')
    mkdirSync(join(directory, 'api', 'folder.ts'))
    writeFileSync(join(directory, 'api', 'folder.ts', 'y.ts'), '')
    expect(findRouteFiles(directory, [])).toEqual(['api/folder.ts/y.ts', 'api/x.ts'])
  })

  it('finds names that objects inherit (hazard 200)', () => {
    const names = ['api/__proto__.ts', 'api/constructor.ts', 'api/toString.ts']
    expect(find(names)).toEqual(names)
  })
})

describe('a routes directory that is none', () => {
  afterEach(() => jest.restoreAllMocks())

  it('is named with the working directory when it does not exist (hazard 203)', () => {
    const missing = join(directoryOf(), 'routes')
    expect(() => findRouteFiles(missing, [])).toThrow(
      expect.objectContaining({
        code: 'ERR_START_API_DIRECTORY',
        message: `The routes directory ${missing} does not exist. Create it, or pass its absolute path: a relative one is resolved against the working directory (${process.cwd()}).`,
        cause: expect.objectContaining({ code: 'ENOENT' }) as unknown,
      }),
    )
  })

  it('is named when it is a file', () => {
    const file = join(directoryOf('api.ts'), 'api.ts')
    expect(() => findRouteFiles(file, [])).toThrow(
      expect.objectContaining({
        code: 'ERR_START_API_DIRECTORY',
        message: `The routes directory ${file} is a file. Pass the directory that holds the route files.`,
      }),
    )
  })

  it('is named when it lies below a file', () => {
    const file = join(directoryOf('api.ts'), 'api.ts', 'routes')
    expect(() => findRouteFiles(file, [])).toThrow(
      `The routes directory ${file} can't be read (ENOTDIR).`,
    )
  })

  // Root may read everything, and specs may run as root: the file system's answer is played.
  it.each(['EACCES', 'EPERM'])('is named when it may not be read (%s)', (code) => {
    const directory = directoryOf('api/x.ts')
    refuse(directory, code)
    expect(() => findRouteFiles(directory, [])).toThrow(
      expect.objectContaining({
        code: 'ERR_START_API_DIRECTORY',
        message: `The routes directory ${directory} can't be read. Give the process read permission on it and on the folders in it.`,
        cause: expect.objectContaining({ code }) as unknown,
      }),
    )
  })

  it('is named together with the folder in it that may not be read', () => {
    const directory = directoryOf('api/x.ts', 'api/private/y.ts')
    const folder = join(directory, 'api', 'private')
    refuse(folder, 'EACCES')
    expect(() => findRouteFiles(directory, [])).toThrow(
      `The routes directory ${directory} can't be read, because of ${folder} in it. Give the process read permission on it and on the folders in it.`,
    )
  })

  it('does not matter where a folder that is ignored may not be read', () => {
    const directory = directoryOf('api/x.ts', 'node_modules/y.ts')
    refuse(join(directory, 'node_modules'), 'EACCES')
    expect(findRouteFiles(directory, [])).toEqual(['api/x.ts'])
  })

  it.each(['api/private', 'api/private/**', '**/private/**'])(
    'does not matter where a folder that `ignore` names may not be read: %s',
    (ignored) => {
      const directory = directoryOf('api/x.ts', 'api/private/y.ts')
      refuse(join(directory, 'api', 'private'), 'EACCES')
      expect(findRouteFiles(directory, [ignored])).toEqual(['api/x.ts'])
      expect(() => findRouteFiles(directory, ['api/*'])).toThrow('Give the process read permission')
    },
  )

  function refuse(path: string, code: string): void {
    const { readdirSync } = fs
    jest.spyOn(jest.requireActual<typeof fs>('node:fs'), 'readdirSync').mockImplementation(((
      directory: string,
      ...more: []
    ) => {
      if (directory !== path) return readdirSync(directory, ...more)
      throw Object.assign(new Error(`${code}: scandir`), { code, path })
    }) as typeof readdirSync)
  }
})
