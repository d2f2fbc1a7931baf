// The ranks of lib/: imports only go down, so that a stage can be read knowing only what is below it.
import { readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { globSync } from 'glob'
import { preProcessFile } from 'typescript'
import { dependencies } from '../package.json'

const lib = resolve(__dirname, '../lib')

/**
 * From the lowest up. A file belongs to the longest name that it begins with, and may import files of
 * that name and of lower ranks: `event/`, `express/` and `routes/` don't know each other.
 */
const RANKS: readonly (readonly string[])[] = [
  [
    'errors.ts',
    'is-promise.ts',
    'malformed-body.ts',
    'real-timers.ts',
    'unwrap-default.ts',
    'define/',
  ],
  ['request-host.ts'],
  ['event/', 'express/', 'routes/'],
  ['http/'],
  ['define/api-handler.ts', 'define/from-express.ts'],
  ['options.ts', 'dev/'],
  ['open-routes.ts'],
  ['start-api.ts'],
  ['start-handler.ts'],
  ['api.ts', 'server.ts', 'fast-response.ts', 'cli/'],
  ['index.ts', 'cli.ts'],
]

/** The only importers of each dependency, and of the storage that carries events. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  '@whatwg-node/server': ['http/to-request.ts', 'options.ts', 'start-api.ts'],
  chokidar: ['dev/watch-files.ts'],
  glob: ['routes/route-files.ts'],
  h3: [
    'event/h3-event.ts',
    'event/helper.ts',
    'event/request-helpers.ts',
    'event/response-helpers.ts',
    'event/schema.ts',
    'event/session-helpers.ts',
    'event/set-up-helpers.ts',
    'server.ts',
  ],
  minimatch: ['routes/route-files.ts'],
  'node:async_hooks': ['event/event-context.ts'],
  'node:process': ['real-timers.ts'],
  'node:timers': ['real-timers.ts'],
}

const files = globSync('**/*.ts', { cwd: lib, posix: true }).sort()

/** What each file imports, types and re-exports included: files of lib/ by name, else the specifier. */
const imports = new Map(
  files.map((file) => [
    file,
    preProcessFile(readFileSync(`${lib}/${file}`, 'utf8')).importedFiles.map(({ fileName }) =>
      fileName.startsWith('.') ? `${posix.join(posix.dirname(file), fileName)}.ts` : fileName,
    ),
  ]),
)

interface Place {
  readonly rank: number
  readonly name: string
}

function placeOf(file: string): Place | undefined {
  const places = RANKS.flatMap((names, rank) => names.map((name) => ({ rank, name })))
  return places
    .filter(({ name }) => file.startsWith(name))
    .sort((a, b) => b.name.length - a.name.length)[0]
}

function mayImport(from: Place, to: Place): boolean {
  return to.rank < from.rank || to.name === from.name
}

describe('lib/', () => {
  it('has a rank for each file, and a file for each import', () => {
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => placeOf(file) === undefined)).toEqual([])
    const own = [...imports.values()].flat().filter((name) => name.endsWith('.ts'))
    expect(own.filter((name) => !files.includes(name))).toEqual([])
  })

  it('imports only downwards, or within a folder', () => {
    const upward = [...imports].flatMap(([file, names]) =>
      names
        .filter((name) => files.includes(name) && !mayImport(placeOf(file)!, placeOf(name)!))
        .map((name) => `${file} imports ${name}`),
    )
    expect(upward).toEqual([])
  })

  it('has no cycle of imports, types included', () => {
    expect(findCycle()).toBeUndefined()
  })

  it.each(Object.entries(OWNERS))('imports %s only where it is owned', (name, owners) => {
    expect(files.filter((file) => imports.get(file)?.includes(name))).toEqual(owners)
  })

  it('has its timers from `real-timers.ts`, where nobody can fake them', () => {
    const timers = /(?<![.\w])(?:nextTick|(?:set|clear)(?:Immediate|Interval|Timeout))\(/
    const fakeable = /process\.nextTick|queueMicrotask|node:timers\/promises/
    const wrong = files.filter((file) => {
      const source = readFileSync(`${lib}/${file}`, 'utf8')
      if (fakeable.test(source)) return true
      return timers.test(source) && !imports.get(file)!.includes('real-timers.ts')
    })
    expect(wrong).toEqual([])
  })

  it('imports no other package than its dependencies, and each of them', () => {
    const packages = [...imports.values()]
      .flat()
      .filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'))
    expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies).sort())
  })

  it('has an owner for each dependency', () => {
    expect(Object.keys(OWNERS)).toEqual(expect.arrayContaining(Object.keys(dependencies)))
  })

  it('has no `utils` file', () => {
    expect(files.filter((file) => /(?:^|\/)utils?\.ts$/.test(file))).toEqual([])
  })
})

function findCycle(): string | undefined {
  const done = new Set<string>()
  function visit(file: string, trail: readonly string[]): string | undefined {
    if (trail.includes(file)) return [...trail, file].join(' → ')
    if (done.has(file)) return undefined
    for (const name of imports.get(file) ?? []) {
      const cycle = visit(name, [...trail, file])
      if (cycle !== undefined) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const file of files) {
    const cycle = visit(file, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}
