// `start-api new`: the files that it creates.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../lib/cli/run-command'
import { routeText, routeTexts, routesDirectory } from './support/routes-directory'

async function rejection(args: readonly string[]): Promise<string> {
  return runCommand(args).then(
    () => 'no rejection',
    (error: unknown) => (error as Error).message,
  )
}

describe('start-api new', () => {
  it('creates the file of a path, and the folders above it', async () => {
    const directory = join(routesDirectory({}), 'routes')
    const args = ['new', '/api/users/$id', '--dir', directory, '--methods', 'get, POST']
    expect(await runCommand(args)).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        /users\/\$id\.ts created: GET, POST \/api\/users\/\$id\n$/,
      ) as string,
    })
    expect(readFileSync(join(directory, 'api/users/$id.ts'), 'utf8'))
      .toBe(`import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

export const APIRoute = createAPIFileRoute('/api/users/$id')({
  GET: ({ request, params }) => {
    return json({ message: 'Hello /api/users/$id!' })
  },
  POST: ({ request, params }) => {
    return json({ message: 'Hello /api/users/$id!' })
  },
})
`)
  })

  it.each([
    ['/api', '', 'api/index.js'],
    ['/api/a/$', '', 'api/a/$.js'],
    ['/api/users', '/api', 'users.js'],
    ['/api', '/api', 'index.js'],
  ])('names the file of %s in routes%s %s', async (path, inside, file) => {
    const directory = join(routesDirectory({}), `routes${inside}`)
    await runCommand(['new', path, '--dir', directory, '--js'])
    expect(existsSync(join(directory, file))).toBe(true)
  })

  it('writes what the files beside it are written in', async () => {
    const directory = routesDirectory(routeTexts('api/a.js', 'api/b.js'))
    await runCommand(['new', '/api/c', '--dir', directory])
    const text = readFileSync(join(directory, 'api/c.js'), 'utf8')
    expect(text).toMatch(/^const \{ json \} = require\('express-start-api'\)/)
  })

  it.each([
    ['{"type":"commonjs"}', 'api/a.ts', 'const { json } = require('],
    ['{"name":"app"}', 'api/a.mjs', 'const { json } = require('],
    ['{"type":"commonjs"}', 'api/a.js', 'import { json } from'],
    ['{"type":"module"}', 'api/a.ts', 'import { json } from'],
  ])(
    'writes JavaScript in a package of %s, beside %s, as Node loads it',
    async (own, file, text) => {
      const directory = routesDirectory(
        {
          '../package.json': own,
          [file]: `import { createAPIFileRoute } from 'express-start-api/api'`,
        },
        'routes',
      )
      await runCommand(['new', '/api/b', '--js', '--dir', directory])
      expect(readFileSync(join(directory, 'api/b.js'), 'utf8').startsWith(text)).toBe(true)
    },
  )

  it.each([
    ['api/b.js', { 'package.json': '{"dependencies":{"express":"5"}}' }],
    ['api/b.js', { 'package.json': '{"type":"commonjs"}' }],
    ['api/b.ts', { 'package.json': '{"devDependencies":{"typescript":"5"}}' }],
    ['api/b.ts', { 'package.json': '{}', 'tsconfig.json': '{}' }],
    ['api/b.ts', { 'package.json': '{}', 'src/tsconfig.json': '{}' }],
    ['api/b.js', { 'package.json': '{"name":"app"}', '../tsconfig.json': '{}' }],
    [
      'api/b.ts',
      {
        'package.json': '{"name":"app"}',
        'tsconfig.json': '{}',
        'src/routes/package.json': '{"type":"module"}',
      },
    ],
  ])('creates %s as the first of a package with %j', async (file, files) => {
    const directory = join(routesDirectory(files, 'app'), 'src/routes')
    await runCommand(['new', '/api/b', '--dir', directory])
    expect(existsSync(join(directory, file))).toBe(true)
  })

  it('leaves what is there, and what another file answers', async () => {
    const directory = routesDirectory({
      'api/a.js': routeText('a'),
      'api.users.$id.js': routeText('users'),
      'api/broken.js': 'exports.APIRoute = 1',
    })
    const create = (path: string) => rejection(['new', path, '--dir', directory])
    expect(await create('/api/a')).toBe(
      'api/a.js is there already and answers /api/a. Add the methods in it.',
    )
    expect(await create('/api/users/$name')).toBe(
      'api.users.$id.js is there already and answers /api/users/$name. Add the methods in it.',
    )
    expect(await create('/api/broken')).toMatch(/^api\/broken\.js is there already/)
    expect(readFileSync(join(directory, 'api/a.js'), 'utf8')).toBe(routeText('a'))
  })

  it('is kept from nothing by files that answer no request of the path, or can’t be served', async () => {
    const route = (server: string) =>
      `const { createFileRoute } = require('express-start-api')\nexports.Route = createFileRoute('/')({ server: ${server} })`
    const directory = routesDirectory({
      '__root.js': route('{ middleware: [] }'),
      'api/_auth.js': route('{ middleware: [] }'),
      'api/team/route.js': route('{ middleware: [] }'),
      'api/$id/$id.js': routeText('twice'),
      'api/$.$.js': routeText('splat'),
    })
    const create = (path: string, ...args: readonly string[]) =>
      rejection(['new', path, '--dir', directory, ...args])
    expect(await create('/api')).toBe('no rejection')
    expect(await create('/api/team')).toBe('no rejection')
    expect(await create('/api/$id')).toBe('no rejection')
    expect(await create('/api/$id')).toMatch(/ is there already/)
    expect(await create('/', '--base', '/')).toBe('no rejection')
  })

  it('leaves what several files answer already', async () => {
    const directory = routesDirectory(routeTexts('api.a.b.js', 'api/a.b.js'))
    expect(await rejection(['new', '/api/a/b', '--dir', directory])).toMatch(
      /^api\.a\.b\.js is there already/,
    )
  })

  it.each([
    ['users', "the path must be such as '/api/users/$id', not 'users'."],
    ['/api/', "the path must be such as '/api/users/$id', not '/api/'."],
    ['/users', '/users is not below /api. Put that in front, or name another --base.'],
    ['/api/a.b', 'no file name spells the path /api/a.b: dots separate,'],
    ['/api/../a', 'no file name spells the path /api/../a:'],
    ['/api/index', 'no file name spells the path /api/index:'],
    ['/api/-a', 'no file name spells the path /api/-a:'],
    ['/api/.well-known/a', 'names that begin with "-" or "." are no routes.'],
    ['/api/users/:id', '/api/users/:id names a literal `:id`; write `$id` for a param.'],
    ['/api/:id?/a', '/api/:id?/a names a literal `:id?`; write `$id` for a param.'],
    ['/api/[id]/a', '/api/[id]/a names a literal `[id]`; write `$id` for a param.'],
    ['/api/$/a', 'api/$/a.ts has a splat `$` before its end;'],
    ['/api/$a/$a', 'api/$a/$a.ts names two params `a`;'],
  ])('turns down the path %s', async (path, message) => {
    const directory = join(routesDirectory({}), 'routes')
    expect(await rejection(['new', path, '--dir', directory])).toContain(message)
    expect(existsSync(directory)).toBe(false)
  })

  it('turns down methods that no route file may have', async () => {
    expect(await rejection(['new', '/api/a', '--methods', 'GET,FETCH'])).toMatch(
      /^--methods must be of GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD, not FETCH\.\n/,
    )
  })
})
