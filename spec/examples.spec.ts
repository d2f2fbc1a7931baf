// Each example is started as its users start it, and asked one question.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripVTControlCharacters } from 'node:util'
import { scripts } from '../package.json'
import { type Program, assertBuilt, start } from './support/built'
import { rawHead, rawRequest } from './support/raw-request'

beforeAll(assertBuilt)

const node = process.execPath

describe('a clone', () => {
  it('runs the examples after `npm ci` alone, which builds what they import', () => {
    expect(scripts.prepare).toBe(scripts.pretest)
  })
})

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
  ['connect/app.js', '/api/hello', 200, 'Hello, World!\n'],
  ['connect/app.js', '/legacy', 200, 'Still Connect\n'],
  ['connect/app.js', '/other', 404, 'Nothing at /other\n'],
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

const tsx = [node, 'node_modules/tsx/dist/cli.mjs'] as const

describe('examples/typescript', () => {
  it('runs under tsx', async () => {
    const { origin } = await start([...tsx, 'examples/typescript/app.ts'])
    const response = await fetch(`${origin}/api/hello?name=Ada`)
    expect(await response.json()).toEqual({ message: 'Hello, Ada!' })
  })
})

describe('examples/start-and-express', () => {
  it("serves a Start application's API routes from Express, and none of its pages", async () => {
    const { origin } = await start([...tsx, 'examples/start-and-express/express.ts'])
    const note = { id: '1', text: 'Move one path at a time' }
    expect(await (await fetch(`${origin}/api/notes/1`)).json()).toEqual(note)
    const added = await fetch(`${origin}/api/notes`, { method: 'POST', body: '{"text":"Second"}' })
    expect([added.status, await added.json()]).toEqual([201, { id: '2', text: 'Second' }])
    expect((await fetch(origin)).status).toBe(404)
    expect(await (await fetch(`${origin}/legacy`)).text()).toBe('Still Express\n')
  })
})

describe('examples/esbuild', () => {
  it('is one file that serves its routes without their directory', async () => {
    execFileSync(node, ['examples/esbuild/build.mjs'])
    const { origin } = await start([node, 'examples/esbuild/dist/server.js'])
    expect(await (await fetch(`${origin}/api/users/7`)).json()).toEqual({ id: '7' })
  })
})

describe('examples/trpc', () => {
  it('answers queries and mutations behind a body parser', async () => {
    const { origin } = await start([...tsx, 'examples/trpc/app.ts'])
    const greeting = await fetch(
      `${origin}/api/trpc/greet?input=${encodeURIComponent('{"name":"Ada"}')}`,
    )
    expect(await greeting.json()).toEqual({ result: { data: 'Hello, Ada!' } })
    const shout = await fetch(`${origin}/api/trpc/shout`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"ada"}',
    })
    expect(await shout.json()).toEqual({ result: { data: 'ADA' } })
  })
})

describe('examples/auth-js', () => {
  it('signs in, knows who is there, and turns wrong passwords away', async () => {
    const { origin } = await start([node, 'examples/auth-js/app.mjs'])
    const jar = new Map<string, string>()
    const ask = async (path: string, form?: Record<string, string>) => {
      const response = await fetch(origin + path, {
        redirect: 'manual',
        headers: { cookie: [...jar].map((pair) => pair.join('=')).join('; ') },
        ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
        jar.set(name!, value!)
      }
      return response
    }
    const signIn = async (password: string) => {
      const { csrfToken } = (await (await ask('/api/auth/csrf')).json()) as { csrfToken: string }
      return ask('/api/auth/callback/credentials', { csrfToken, name: 'ada', password })
    }
    expect((await ask('/api/me')).status).toBe(401)
    expect((await signIn('wrong')).headers.get('location')).toContain('error=CredentialsSignin')
    expect((await ask('/api/me')).status).toBe(401)
    expect((await signIn('analytical')).headers.get('location')).toBe(origin)
    expect(await (await ask('/api/me')).json()).toMatchObject({ name: 'Ada' })
  })

  it('asks no other server who is signed in, whatever host a request names', async () => {
    const { origin } = await start([node, 'examples/auth-js/app.mjs'])
    const other = createServer((_req, res) => {
      res.setHeader('content-type', 'application/json').end('{"user":{"name":"Mallory"}}')
    })
    await once(other.listen(0), 'listening')
    const { port } = other.address() as AddressInfo
    const head = rawHead('GET /api/me HTTP/1.1', [`Host: localhost:${port}`])
    const { status } = await rawRequest(Number(new URL(origin).port), head)
    other.close()
    expect(status).toBe(401)
  })
})

describe('examples/streaming', () => {
  it('sends words as they come, and stops with the client', async () => {
    const { origin } = await start([node, 'examples/streaming/app.js'])
    const response = await fetch(`${origin}/api/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"prompt":"Hi"}',
    })
    const reader = response.body!.getReader()
    const first = Buffer.from((await reader.read()).value!).toString()
    expect(first).toBe('data: {"word":"You "}\n\n')
    let rest = ''
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      rest += Buffer.from(read.value).toString()
    }
    expect(rest).toMatch(/"Hi\. "[^]*data: \[DONE\]\n\n$/)
    const left = await fetch(`${origin}/api/chat?prompt=Hi`)
    await left.body!.cancel()
    expect((await fetch(`${origin}/api/chat?prompt=Hi`)).status).toBe(200)
  })
})

describe('examples/upload', () => {
  it('takes a picture, refuses other files, and what is too long', async () => {
    const { origin } = await start([node, 'examples/upload/app.js'])
    const send = async (type: string, size = 3) => {
      const body = new FormData()
      body.set('title', 'Cat')
      body.set('photo', new File([new Uint8Array(size)], 'cat.png', { type }))
      const response = await fetch(`${origin}/api/photos`, { method: 'POST', body })
      return { status: response.status, text: await response.text() }
    }
    const { status, text } = await send('image/png')
    expect([status, JSON.parse(text)]).toEqual([
      201,
      {
        title: 'Cat',
        name: 'cat.png',
        size: 3,
        digest: '709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c',
      },
    ])
    expect((await send('text/plain')).status).toBe(400)
    expect((await send('image/png', 5_000_000)).status).toBe(413)
  })
})

describe('examples/behind-nginx', () => {
  it('knows the URL and the client that the proxy names', async () => {
    const { origin } = await start([node, 'examples/behind-nginx/app.js'])
    const conf = readFileSync('examples/behind-nginx/nginx.conf', 'utf8')
    const values: Record<string, string> = {
      $host: 'shop.example',
      $scheme: 'https',
      $proxy_add_x_forwarded_for: '203.0.113.7',
    }
    const headers = [...conf.matchAll(/proxy_set_header (X-\S+) (\S+);/g)].map(
      ([, name, value]): [string, string] => [name!, values[value!]!],
    )
    expect(headers).toHaveLength(3)
    const response = await fetch(`${origin}/api/whoami?a=1`, { headers })
    expect(await response.json()).toEqual({
      url: 'https://shop.example/api/whoami?a=1',
      ip: '203.0.113.7',
    })
  })
})

describe('examples/vitest', () => {
  it('passes', () => {
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', 'examples/vitest']
    const output = execFileSync(node, vitest, {
      encoding: 'utf8',
      env: { ...process.env, CI: '1' },
    })
    expect(stripVTControlCharacters(output)).toMatch(/Tests +2 passed/)
  })
})
