// What fast-check makes up: applications, and requests for them.
import * as fc from 'fast-check'
import type { Plan, RouteFile } from './apps'
import { type BehaviourName, behaviourNames } from './behaviours'
import { segmentsOf } from './oracle'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The tree that guards are about. */
const GUARDED = [
  'api/admin/index.ts',
  'api/admin/users.ts',
  'api/admin/$id.ts',
  'api/admin.$id.posts.ts',
  'api/admin/files/$.ts',
  'api/$section/users.ts',
  'api/public/hello.ts',
]

const segment = fc.constantFrom('a', 'b', 'users', 'Ünï', 'a b', '(g)', '_l', 'public', '$id', '$x')

const fileName = fc
  .tuple(
    fc.array(fc.tuple(segment, fc.constantFrom('/', '.')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', 'index', '$'),
  )
  .map(([parts, last]) => {
    const path = parts.map(([name, separator]) => name + separator).join('') + last
    return `${path.replace(/[/.]$/, '')}.ts`
  })

const methods = fc.oneof(fc.constant(METHODS), fc.subarray(METHODS, { minLength: 1 }))

const files: fc.Arbitrary<RouteFile[]> = fc
  .tuple(fc.array(fileName, { maxLength: 12 }), fc.boolean())
  .chain(([names, hasSplat]) => {
    const usable = [...GUARDED, ...(hasSplat ? ['api/$.ts'] : []), ...names].filter(isUsable)
    return fc.tuple(
      ...withoutConflicts(usable).map((name) => fc.record({ name: fc.constant(name), methods })),
    )
  })

function isUsable(file: string): boolean {
  const params = segmentsOf(file).filter((name) => name.startsWith('$'))
  return new Set(params).size === params.length
}

function withoutConflicts(names: readonly string[]): string[] {
  const shapes = new Map<string, string>()
  for (const name of names) {
    const shape = segmentsOf(name).map((part) =>
      part.length > 1 ? part.replace(/^\$.*/, '$*') : part,
    )
    const key = shape.join('/').toLowerCase()
    if (!shapes.has(key)) shapes.set(key, name)
  }
  return [...shapes.values()]
}

export const plan: fc.Arbitrary<Plan> = fc
  .record({
    host: fc.constantFrom<Plan['host'][]>(
      'Express 5',
      'Express 5',
      'Express 4',
      'Connect',
      'node:http',
    ),
    guard: fc.constantFrom<Plan['guard'][]>('app.use', 'app.all', 'Router'),
    mount: fc.constantFrom<Plan['mount'][]>('', '/v1'),
    parsers: fc.boolean(),
    caseSensitive: fc.boolean(),
    strict: fc.boolean(),
    fallthrough: fc.boolean(),
    maxBodySize: fc.constantFrom(Infinity, Infinity, 300),
    files,
  })
  .map((plan) => {
    // Connect's guards know no case.
    if (plan.host === 'Connect')
      return { ...plan, parsers: false, strict: false, caseSensitive: false }
    return plan.host === 'node:http' ? { ...plan, mount: '', parsers: false, strict: false } : plan
  })

export interface Sent {
  readonly method: string
  /** Below the mount, byte for byte. */
  readonly target: string
  /** Whether the oracle reads `target` as hosts do. */
  readonly isPlain: boolean
  readonly behaviour: BehaviourName
  readonly header: string
  readonly looks: boolean
  readonly body: SentBody | undefined
}

export interface SentBody {
  readonly type: string
  readonly bytes: Buffer
  /** Sizes of chunks in turn; empty: the length is declared. */
  readonly chunks: readonly number[]
}

const value = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.constantFrom('admin', 'a/b', '..', '%', '%2f', '\0', 'ß', '__proto__', '😀', 'a+b'),
)

/** Escaped as browsers do it. Dot segments are no values: URLs resolve them. */
const escaped = value
  .map((text) => encodeURIComponent(text))
  .filter((text) => !/^\.{1,2}$/.test(text))

/** A path that one of the files was made for, or nearly. */
function plainTarget(files: readonly RouteFile[]): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...files),
      fc.array(escaped, { minLength: 8, maxLength: 8 }),
      fc.constantFrom('', '', '', '/', '/more', '?', '?a=1&a=2', '?x=%2e%2e/'),
      fc.integer({ min: 1, max: 3 }),
    )
    .map(([file, values, end, deep]) => {
      const left = [...values]
      const path = segmentsOf(file.name).map((name) => {
        if (name === '$') return left.splice(0, deep).join('/')
        return name.startsWith('$') ? left.shift()! : encodeURI(name)
      })
      return `/${path.join('/')}${end}`
    })
}

const PIECES = [
  ...['/', '//', '/./', '/../', '/%2e/', '/%2e%2e/', '/.%2E/', '\\', '/\\', '%5c', '%2f', '%2F'],
  ...[
    'api',
    'API',
    'aPi',
    '%61pi',
    'admin',
    'ADMIN',
    'adm%69n',
    '%61dmin',
    'users',
    'USERS',
    'hello',
  ],
  ...[
    'public',
    'files',
    'v1',
    'V1',
    ';x=1',
    '.',
    '..',
    '...',
    '?',
    '?a=',
    '#',
    '@',
    ':',
    '%',
    '%00',
  ],
  ...['%0d%0a', '%ff', '%C3%A9', '*', '//localhost', '//u@localhost', '.json', '+', '%20', '%25'],
]

const SPELLINGS = [
  '/api/admin',
  '/API/Admin',
  '//api/admin',
  '/api//admin',
  '/x/../api/admin',
  '/api/./admin',
]

/** Paths that two layers may read differently. */
const trickyTarget = fc
  .tuple(
    fc.constantFrom('', '', '', 'http://localhost', 'HTTP://evil.example', 'http://u:p@h'),
    fc.oneof(fc.constant(''), fc.constantFrom(...SPELLINGS)),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 7 }),
  )
  .map(([origin, start, pieces]) => {
    const path = start + pieces.join('')
    if (path === '*' && origin === '') return path
    // Node itself refuses what begins with anything else.
    return origin + (path.startsWith('/') ? path : `/${path}`)
  })

const flatForm = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'cc', 'd e'), value), { maxLength: 6 })
  .map((pairs) => new URLSearchParams(pairs).toString())

const octets = fc.uint8Array({ maxLength: 900 })

/** Content types, and what clients send under them: not always what it says. */
const content: fc.Arbitrary<readonly [type: string, content: string | Uint8Array]> = fc.oneof(
  fc.tuple(fc.constant('application/json'), fc.json({ maxDepth: 3 })),
  fc.tuple(fc.constant('application/json'), fc.constantFrom('{', '{"a":', 'nul', '[1,]')),
  fc.tuple(fc.constant('application/x-www-form-urlencoded'), flatForm),
  fc.tuple(fc.constant('text/plain'), fc.string({ unit: 'grapheme' })),
  fc.tuple(fc.constant('application/octet-stream'), octets),
  fc.tuple(fc.constant('application/xml'), fc.string()),
  // More than the buffers on the way hold: what nobody reads has to be taken out of the way.
  fc.tuple(
    fc.constant('application/xml'),
    fc.nat(300_000).map((size) => Buffer.alloc(size, 'x')),
  ),
)

const body: fc.Arbitrary<SentBody> = fc
  .record({
    content,
    chunks: fc.oneof(
      fc.constant<number[]>([]),
      fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 5 }),
    ),
  })
  .map(({ content: [type, text], chunks }) => {
    const bytes = Buffer.from(text as string)
    // A few thousand at most: a long body in chunks of one byte takes seconds, which are other requests' time.
    const scale = Math.ceil(bytes.byteLength / 5000)
    return { type, bytes, chunks: chunks.map((size) => size * scale) }
  })

/** One in two thousand waits for the time limit. */
const behaviour = fc.oneof(
  {
    weight: 1999,
    arbitrary: fc.constantFrom(...behaviourNames.filter((name) => name !== 'never settles')),
  },
  { weight: 1, arbitrary: fc.constant<BehaviourName>('never settles') },
)

export function sent(files: readonly RouteFile[]): fc.Arbitrary<Sent> {
  const target = fc.oneof(
    plainTarget(files).map((target) => ({ target, isPlain: true })),
    trickyTarget.map((target) => ({ target, isPlain: false })),
  )
  return fc
    .record({
      method: fc.oneof(
        fc.constantFrom('GET', 'POST'),
        fc.constantFrom(...METHODS, 'HEAD', 'PURGE'),
      ),
      target,
      behaviour,
      // What may stand in a header: no control bytes, and not a blank at either end.
      header: fc.string({ maxLength: 20 }).map((text) => text.trim()),
      looks: fc.boolean(),
      body: fc.option(body, { nil: undefined }),
    })
    .map(({ target, ...rest }) => ({ ...target, ...rest }))
}

/** Where the bytes of a pipeline are cut into writes. */
export const cuts = fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 6 })
