// What tools write into route files: the first text of a new one, and the path that a text names.
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { findStartPackage } from '../lib/routes/first-text'
import { correctPathLiterals, findPathLiterals } from '../lib/routes/path-literal'
import { type Scaffold, toScaffold } from '../lib/routes/scaffold'
import { createRouteFile, replaceRouteFile } from '../lib/routes/write-route-file'
import { routesDirectory } from './support/routes-directory'

const scaffold: Scaffold = {
  path: '/api/users/$id',
  style: 'v0',
  methods: ['GET'],
  syntax: 'esm',
  from: 'express-start-api',
}

describe('toScaffold()', () => {
  it('writes what Start v0 writes into a new API route', () => {
    expect(toScaffold(scaffold)).toMatchInlineSnapshot(`
     "import { json } from 'express-start-api'
     import { createAPIFileRoute } from 'express-start-api/api'

     export const APIRoute = createAPIFileRoute('/api/users/$id')({
       GET: ({ request, params }) => {
         return json({ message: 'Hello /api/users/$id!' })
       },
     })
     "
    `)
  })

  it('writes the methods that are asked for, for CommonJS, with the imports of the project', () => {
    expect(
      toScaffold({
        ...scaffold,
        path: "/api/it's",
        methods: ['GET', 'POST'],
        syntax: 'cjs',
        from: '@tanstack/react-start',
      }),
    ).toMatchInlineSnapshot(`
     "const { json } = require('@tanstack/react-start')
     const { createAPIFileRoute } = require('@tanstack/react-start/api')

     exports.APIRoute = createAPIFileRoute('/api/it\\'s')({
       GET: ({ request, params }) => {
         return json({ message: 'Hello /api/it\\'s!' })
       },
       POST: ({ request, params }) => {
         return json({ message: 'Hello /api/it\\'s!' })
       },
     })
     "
    `)
  })

  it('writes the `Route` of Start v1', () => {
    expect(toScaffold({ ...scaffold, style: 'v1' })).toMatchInlineSnapshot(`
     "import { createFileRoute } from 'express-start-api'

     export const Route = createFileRoute('/api/users/$id')({
       server: {
         handlers: {
           GET: ({ request, params }) => {
             return Response.json({ message: 'Hello /api/users/$id!' })
           },
         },
       },
     })
     "
    `)
  })
})

it('imports a v1 file’s maker from TanStack Router where the project has Start', () => {
  expect(toScaffold({ ...scaffold, style: 'v1', from: '@tanstack/react-start' })).toContain(
    "from '@tanstack/react-router'",
  )
})

describe('findPathLiterals()', () => {
  it('finds the paths in calls, with their lines, whatever the quotes', () => {
    const text = `import { createAPIFileRoute } from 'x'
export const APIRoute = createAPIFileRoute('/a')({})
const ServerRoute = createServerFileRoute(
  "/it's"
).methods({})
const Route = createFileRoute(\`/c\`)({})
`
    expect(findPathLiterals(text).map(({ maker, path, line }) => [maker, path, line])).toEqual([
      ['createAPIFileRoute', '/a', 2],
      ['createServerFileRoute', "/it's", 4],
      ['createFileRoute', '/c', 6],
    ])
  })

  it('leaves comments, strings, other functions and computed paths alone', () => {
    const text = `// createFileRoute('/a')
/* createFileRoute('/a') */
const x = "createFileRoute('/a')" + \`createFileRoute('/a')\`
my.createFileRoute('/a'); recreateFileRoute('/a'); createFileRoute(path); createFileRoute()
createFileRoute(\`/\${a}\`)
`
    expect(findPathLiterals(text)).toEqual([])
  })
})

describe('correctPathLiterals()', () => {
  it('writes the path of the file into each call, and keeps the quotes', () => {
    const text = `createAPIFileRoute('/old')({}); createAPIFileRoute("/x"); createAPIFileRoute(\`\`)`
    expect(correctPathLiterals(text, "api/it's.ts", '/api')).toBe(
      `createAPIFileRoute('/api/it\\'s')({}); createAPIFileRoute("/api/it's"); createAPIFileRoute(\`/api/it's\`)`,
    )
  })

  it.each([
    ['api.users.index.ts', '/api', 'createAPIFileRoute', '/api/users'],
    ['users/$id.ts', '/api', 'createAPIFileRoute', '/api/users/$id'],
    ['api/_auth/(g)/users_.$id.ts', '/api', 'createFileRoute', '/api/_auth/(g)/users_/$id'],
    ['api/users/index.ts', '/api', 'createFileRoute', '/api/users/'],
    ['api/users.route.ts', '/api', 'createFileRoute', '/api/users'],
    ['api/robots[.]txt.ts', '/api', 'createServerFileRoute', '/api/robots.txt'],
    ['index.tsx', '', 'createFileRoute', '/'],
    // As file systems of macOS spell them, and as URLs and served paths do.
    ['cafe\u0301.ts', '/api', 'createFileRoute', '/caf\u00e9'],
    ['cafe\u0301.ts', '/api', 'createServerFileRoute', '/caf\u00e9'],
  ])('knows that %s below base "%s" is %s of %s', (file, base, maker, path) => {
    expect(correctPathLiterals(`${maker}('/?')`, file, base)).toBe(`${maker}('${path}')`)
    expect(correctPathLiterals(`${maker}('${path}')`, file, base)).toBe(`${maker}('${path}')`)
  })

  it('takes the path of a v1 file with and without the base', () => {
    expect(correctPathLiterals(`createFileRoute('/api/users')`, 'users.ts', '/api')).toBe(
      `createFileRoute('/api/users')`,
    )
  })
})

describe('createRouteFile()', () => {
  it('creates folders, and never writes over a file', () => {
    const directory = routesDirectory({ 'there.ts': 'old' })
    createRouteFile(join(directory, 'a/b/c.ts'), 'new')
    expect(readFileSync(join(directory, 'a/b/c.ts'), 'utf8')).toBe('new')
    expect(() => createRouteFile(join(directory, 'there.ts'), 'new')).toThrow(/EEXIST/)
    expect(readFileSync(join(directory, 'there.ts'), 'utf8')).toBe('old')
  })
})

describe('replaceRouteFile()', () => {
  it('keeps permissions and links, and leaves no other file', () => {
    const directory = routesDirectory({ 'real/a.ts': 'old' })
    chmodSync(join(directory, 'real/a.ts'), 0o600)
    mkdirSync(join(directory, 'routes'))
    symlinkSync(join(directory, 'real/a.ts'), join(directory, 'routes/a.ts'))
    replaceRouteFile(join(directory, 'routes/a.ts'), 'new')
    expect(readFileSync(join(directory, 'real/a.ts'), 'utf8')).toBe('new')
    expect(statSync(join(directory, 'real/a.ts')).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(directory, 'routes'))).toEqual(['a.ts'])
    expect(readdirSync(join(directory, 'real'))).toEqual(['a.ts'])
  })
})

describe('findStartPackage()', () => {
  it('is TanStack’s name where the project has it', () => {
    const directory = routesDirectory({
      'start/package.json': '{"dependencies":{"@tanstack/react-start":"npm:express-start-api"}}',
      'start/routes/a.ts': '',
      'other/package.json': '{"dependencies":{"express":"5"}}',
    })
    expect(findStartPackage(join(directory, 'start/routes'))).toBe('@tanstack/react-start')
    expect(findStartPackage(join(directory, 'other'))).toBe('express-start-api')
  })
})
