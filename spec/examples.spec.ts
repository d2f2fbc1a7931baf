// Each example is started as its users start it, and asked one question.
import { type Program, assertBuilt, start } from './support/built'

beforeAll(assertBuilt)

const node = process.execPath

describe('examples/legacy-app', () => {
  let program: Program

  beforeAll(async () => {
    program = await start([node, 'node_modules/ts-node/dist/bin.js', 'examples/legacy-app/app.ts'])
  })

  async function ask(path: string, init?: RequestInit) {
    const response = await fetch(program.origin + path, init)
    return [response.status, await response.text()]
  }

  function sendJson(value: unknown): RequestInit {
    const headers = { 'content-type': 'application/json' }
    return { method: 'POST', headers, body: JSON.stringify(value) }
  }

  it('prints a line for each route file: methods, path, file', () => {
    expect(program.output).toMatch(/^GET POST +\/api\/hello +api\/hello\.ts$/m)
    expect(program.output).toMatch(/^GET +\/api\/users\/\$id +api\/users\/\$id\.ts$/m)
    expect(program.output).toMatch(
      /^GET +\/api\/users\/\$id\/posts\/\$postId +api\.users\.\$id\.posts\.\$postId\.ts$/m,
    )
  })

  it('serves GET of a path from a route file and POST of it from Express', async () => {
    expect(await ask('/api/users', sendJson({ name: 'Barbara' }))).toEqual([
      201,
      '{"id":"3","name":"Barbara"}',
    ])
    const [status, users] = await ask('/api/users')
    expect([status, JSON.parse(String(users))]).toEqual([
      200,
      expect.arrayContaining([{ id: '3', name: 'Barbara' }]),
    ])
  })

  it.each([
    ['/api/users/1', 200, '{"id":"1","name":"Ada"}'],
    ['/api/users/9', 404, 'User not found\n'],
    ['/api/users/1/posts', 200, '[{"user":"1","post":"1"}]'],
    ['/api/users/9/posts', 404, 'User not found\n'],
    ['/api/users/1/posts/7', 200, '{"user":"1","post":"7"}'],
    ['/api/file/a/b.txt', 200, 'File: a/b.txt\n'],
    ['/api/_pathlessLayout/users', 200, '[]'],
    ['/api/report', 500, '{"error":"The legacy error handler"}'],
    ['/api/nothing', 404, 'The legacy 404 page: nothing at /api/nothing\n'],
    ['/', 200, 'The legacy home page\n'],
  ])('answers GET %s with %i', async (path, status, text) => {
    expect(await ask(path)).toEqual([status, text])
  })

  it('lets a route file read a body that express.json() has read', async () => {
    expect(await ask('/api/hello', sendJson({ name: 'Tanner' }))).toEqual([200, 'Hello, Tanner!\n'])
  })

  it('keeps the guard in front of route files', async () => {
    expect((await ask('/api/admin/stats'))[0]).toBe(401)
    const headers = { authorization: 'Bearer letmein' }
    expect((await ask('/api/admin/stats', { headers }))[0]).toBe(200)
  })
})

describe.each([
  ['hello-world/app.js', '/api/hello', 200, 'Hello, World!\n'],
  ['esm/app.mjs', '/api/hello', 200, '{"message":"Hello, World!"}'],
  ['plain-http/app.js', '/api/file/a/b.txt', 200, 'File: a/b.txt\n'],
  ['plain-http/app.js', '/other', 404, 'Not found'],
])('examples/%s', (file, path, status, text) => {
  it(`answers GET ${path} with ${status}`, async () => {
    const { origin } = await start([node, `examples/${file}`])
    const response = await fetch(origin + path)
    expect([response.status, await response.text()]).toEqual([status, text])
  })
})

describe('examples/tsconfig-paths', () => {
  it('answers with what a route file imports by an alias', async () => {
    const folder = 'examples/tsconfig-paths'
    const tsx = ['node_modules/tsx/dist/cli.mjs', '--tsconfig', `${folder}/tsconfig.json`]
    const { origin } = await start([node, ...tsx, `${folder}/app.ts`])
    const response = await fetch(`${origin}/api/greet/Tanner`)
    expect(await response.text()).toBe('Hello, Tanner!\n')
  })
})
