// File names, nesting and matching, measured against TanStack's generator and router themselves.
import * as fc from 'fast-check'
import { inheritMiddleware } from '../lib/routes/inherit-middleware'
import type { Middleware } from '../lib/routes/middleware'
import { findRivals, rejectConflicts } from '../lib/routes/route-conflicts'
import type { Route } from '../lib/routes/route-module'
import { toRouteName } from '../lib/routes/route-name'
import { toRoutePath } from '../lib/routes/route-path'
import { createRouteTable, toParams } from '../lib/routes/route-table'
import { type TanStackRouter, tanStackRouter } from './support/tanstack'

const handlers = new Map([['GET', () => new Response()]])

/** Its middleware is its name: what a route inherits tells its parents. */
function toRoute(file: string): Route {
  const path = toRoutePath(file, '', 'v1')
  return { ...path, file, dialect: 'Route', handlers, middleware: [toMark(file)] }
}

function toMark(place: string): Middleware {
  return { source: {}, run: () => {}, place }
}

/** What start-up makes of the files, as `tanStackRouter()` has it. */
function ourRouter(files: readonly string[], isServed: (file: string) => boolean = () => true) {
  const routes = inheritMiddleware(files.toSorted().map(toRoute), [], undefined)
  const claims = routes.map((route) => ({
    ...route,
    known: { dialect: () => route.dialect, mayAnswer: () => true },
  }))
  rejectConflicts(findRivals(claims, { caseRule: 'insensitive' }), {})
  const table = createRouteTable(routes.filter(({ file }) => isServed(file)))
  return {
    routes: routes.map(({ file, middleware }) => ({
      file,
      fullPath: toFullPath(file),
      parents: middleware.slice(0, -1).map(({ place }) => place),
    })),
    find(path: string) {
      const match = table.match(path, 'insensitive')
      return match && { file: match.route.file, params: { ...toParams(match) } }
    },
  }
}

/** TanStack ends the path of an index file with a slash. */
function toFullPath(file: string): string {
  const { path } = toRoutePath(file, '', 'v1')
  return toRouteName(file).isIndex && path !== '/' ? `${path}/` : path
}

const text = fc.constantFrom('a', 'b', 'ab', 'aab', 'abb')
const affixes = fc.constantFrom(['a', ''], ['', 'b'], ['a', 'b'], ['aa', 'b'], ['a', 'bb'])

/** Segments of file names; the position of a param becomes its name. */
const segment = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom('$#', '{-$#}') },
  { weight: 2, arbitrary: affixes.map(([prefix, suffix]) => `${prefix}{$#}${suffix}`) },
  { weight: 1, arbitrary: affixes.map(([prefix, suffix]) => `${prefix}{-$#}${suffix}`) },
  { weight: 1, arbitrary: fc.constantFrom('_a', '_b', '(a)', '(b)') },
  { weight: 1, arbitrary: fc.constantFrom('a_', 'b_', '$#_', '{-$#}_') },
  { weight: 1, arbitrary: fc.constantFrom('[_]c', 'a[.]b', 'c[_]', '[_d]', '{$#}[.]a') },
)

const ending = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.constantFrom(['index'], ['route'], ['[index]'], ['$']) },
  { weight: 1, arbitrary: affixes.map(([prefix, suffix]) => [`${prefix}{$}${suffix}`]) },
  { weight: 1, arbitrary: fc.constantFrom(['{$}x', 'a'], ['a{$}x', 'b', 'a']) },
)

const file = fc
  .tuple(
    fc.array(segment, { maxLength: 4 }),
    ending,
    fc.array(fc.constantFrom('/', '/', '.'), { minLength: 8, maxLength: 8 }),
  )
  .map(([segments, end, separators]) =>
    [...segments, ...end]
      .map(
        (name, index) => `${index === 0 ? '' : separators[index]}${name.replace('#', `p${index}`)}`,
      )
      .join('')
      .concat('.ts'),
  )
  // No names of routes in Start, `route.ts` on its own included.
  .filter((name) => name !== '.ts' && name !== 'route.ts' && toRouteName(name).role === 'route')

const tree = fc
  .uniqueArray(file, { minLength: 1, maxLength: 8 })
  .filter((files) => !isRefused(files))

const url = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: text },
      fc.constantFrom('x', 'aax', '_c', 'a.b', 'c_', 'A', 'axb', 'aaxbb', 'c%20d'),
    ),
    { maxLength: 5 },
  )
  .map((names) => `/${names.join('/')}`)

function isRefused(files: readonly string[]): boolean {
  try {
    ourRouter(files)
    return false
  } catch {
    return true
  }
}

function byFile<T extends { readonly file: string }>(routes: readonly T[]): T[] {
  return routes.toSorted((a, b) => (a.file < b.file ? -1 : 1))
}

/** Whether a layout that lays out nothing is there: Start answers with it, if at random. */
function hasLoneLayout({ routes }: TanStackRouter): boolean {
  return routes.some(({ isLayout, isLeaf }) => isLayout && isLeaf)
}

describe('thousands of trees and URLs', () => {
  it('have the paths, the parents and the matches that TanStack finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        tree,
        fc.array(url, { minLength: 12, maxLength: 12 }),
        async (files, urls) => {
          const theirs = await tanStackRouter(files)
          fc.pre(!hasLoneLayout(theirs))
          const leaves = new Set(
            theirs.routes.flatMap(({ file, isLeaf }) => (isLeaf ? [file] : [])),
          )
          const ours = ourRouter(files, (file) => leaves.has(file))
          expect(byFile(ours.routes)).toEqual(
            byFile(theirs.routes).map(({ file, fullPath, parents }) => ({
              file,
              fullPath,
              parents,
            })),
          )
          for (const path of urls) {
            expect({ path, found: ours.find(path) }).toEqual({ path, found: theirs.find(path) })
          }
        },
      ),
      { seed: 2026, numRuns: 2000 },
    )
  })
})

describe('deliberate differences', () => {
  const splat = (rest: string) => ({ _splat: rest, '*': rest })

  /** What the router of Start finds, what this package does (`refused` at start-up), and why. */
  const differences: readonly [
    why: string,
    files: readonly string[],
    path: string,
    theirs: object | undefined,
    ours: object | 'refused' | undefined,
  ][] = [
    [
      'what follows a `$` would be ignored: better told',
      ['a/$/b.ts'],
      '/a/x',
      { file: 'a/$/b.ts', params: splat('x') },
      'refused',
    ],
    [
      'two params of one name: one would be lost',
      ['$id/$id.ts'],
      '/1/2',
      { file: '$id/$id.ts', params: { id: '2' } },
      'refused',
    ],
    [
      'the order of files must not decide',
      ['$id.ts', '$name.ts'],
      '/1',
      { file: '$id.ts', params: { id: '1' } },
      'refused',
    ],
    [
      'nor which of two names that differ by case alone wins',
      ['A.ts', 'a.ts'],
      '/a',
      { file: 'A.ts', params: {} },
      'refused',
    ],
    [
      'escaped and plain underscores are two names: `_a` is no layout of `[_]a`',
      ['[_]a.ts', '_a/b.ts'],
      '/b',
      undefined,
      { file: '_a/b.ts', params: {} },
    ],
    [
      'an escape anywhere in a name takes its meaning',
      ['[i]ndex.ts'],
      '/index',
      undefined,
      { file: '[i]ndex.ts', params: {} },
    ],
    [
      'also below a pathless layout',
      ['_a/[route].ts', '_a.ts', 'x.ts'],
      '/route',
      undefined,
      { file: '_a/[route].ts', params: {} },
    ],
    [
      'also of parentheses',
      ['[(]a[)].ts', 'x.ts'],
      '/(a)',
      undefined,
      { file: '[(]a[)].ts', params: {} },
    ],
    [
      'parentheses within a name are text',
      ['a(b)/c.ts'],
      '/a(b)/c',
      undefined,
      { file: 'a(b)/c.ts', params: {} },
    ],
    [
      'a file below a splat file is found, too',
      ['{$}x.ts', '{$}x/a.ts'],
      '/1x/a',
      undefined,
      { file: '{$}x/a.ts', params: splat('1') },
    ],
    [
      '`index` adds nothing to a splat with text around it',
      ['{$}x/index.ts'],
      '/1x',
      undefined,
      { file: '{$}x/index.ts', params: splat('1') },
    ],
    [
      'nor does `$/index.ts` go before what is more specific',
      ['a/{-$b}/index.ts', 'a/$/index.ts'],
      '/a',
      { file: 'a/$/index.ts', params: splat('') },
      { file: 'a/{-$b}/index.ts', params: {} },
    ],
    [
      '`index.route.ts` is an index file',
      ['a/index.route.ts', 'a/$.ts'],
      '/a',
      { file: 'a/$.ts', params: splat('') },
      { file: 'a/index.route.ts', params: {} },
    ],
    [
      'a layout with handlers answers, too, so it claims its path',
      ['a.ts', 'a/_b.ts', 'a/_b/c.ts'],
      '/a',
      { file: 'a.ts', params: {} },
      'refused',
    ],
  ]

  it.each(differences)('%s: %j, %s', async (_, files, path, theirs, ours) => {
    expect((await tanStackRouter(files)).find(path)).toEqual(theirs)
    expect(isRefused(files) ? 'refused' : ourRouter(files).find(path)).toEqual(ours)
  })
})
