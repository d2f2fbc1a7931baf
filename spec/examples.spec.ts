// Each example is started by the command in its header, as its users start it, and asked.
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { type Server, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { globSync } from 'glob'
import { scripts } from '../package.json'
import { type Program, assertBuilt, root, start } from './support/built'
import { rawHead, rawRequest } from './support/raw-request'

beforeAll(assertBuilt)

const folder = join(root, 'examples')

/** What the README's table says of each: its name, the file to begin with, the command. */
const examples = [
  ...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(
    /^\| \[(\S+)\]\((\S+)\) .*\| `([^`|]+)` +\|$/gm,
  ),
].map(([, name = '', file = '', command = '']) => ({ name, file, command }))

function headerOf(file: string): string {
  return /^(?:(?:\/\/|#) .*\n)*/.exec(readFileSync(join(folder, file), 'utf8'))![0]
}

/** The programs of an example's command, without what npm and npx need to start them. */
function programsOf(example: string): [string, ...string[]][] {
  const { command } = examples.find(({ name }) => name === example)!
  const words: Record<string, readonly string[]> = {
    node: [process.execPath],
    npx: [process.execPath],
    jest: ['node_modules/jest/bin/jest.js'],
    tsx: ['node_modules/tsx/dist/cli.mjs'],
    vitest: ['node_modules/vitest/vitest.mjs'],
  }
  return command
    .replace(/^npm start$/, scripts.start.replace('ts-node', 'node -r ts-node/register'))
    .split(' && ')
    .map(
      (program) =>
        program.split(' ').flatMap((word) => words[word] ?? word) as [string, ...string[]],
    )
}

/** Runs its command; the last program of it is the server. */
async function run(example: string): Promise<Program> {
  const programs = programsOf(example)
  for (const [file, ...args] of programs.slice(0, -1)) execFileSync(file, args, { cwd: root })
  return start(programs.at(-1)!)
}

describe('examples/README.md', () => {
  it('lists every example', () => {
    const folders = readdirSync(folder, { withFileTypes: true }).filter((at) => at.isDirectory())
    expect(examples.map(({ name }) => name).sort()).toEqual(folders.map(({ name }) => name).sort())
  })

  it.each(examples)('gives for $name the command that its header has', ({ file, command }) => {
    expect(headerOf(file)).toContain(`\`${command}\``)
  })

  it.each(examples.filter(({ name }) => !name.startsWith('legacy-')))(
    'calls $name one screen: no file is longer',
    ({ name }) => {
      const files = globSync('**/*.{js,mjs,ts,tsx,conf}', {
        cwd: join(folder, name),
        ignore: ['dist/**', '**/*.gen.ts', 'node_modules/**'],
        absolute: true,
      })
      const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 40)
      expect(long).toEqual([])
    },
  )

  it('is right that `npm ci` alone lets them run: it builds what they import', () => {
    expect(scripts.prepare).toBe(scripts.pretest)
  })
})

describe('examples/legacy-app', () => {
  let program: Program

  beforeAll(async () => {
    program = await run('legacy-app')
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
  ['hello-world', '/api/hello', 200, 'Hello, World!\n'],
  ['esm', '/api/hello', 200, '{"message":"Hello, World!"}'],
  ['plain-http', '/api/file/a/b.txt', 200, 'File: a/b.txt\n'],
  ['plain-http', '/other', 404, 'Not found'],
  ['connect', '/api/hello', 200, 'Hello, World!\n'],
  ['connect', '/legacy', 200, 'Still Connect\n'],
  ['connect', '/other', 404, 'Nothing at /other\n'],
])('examples/%s', (example, path, status, text) => {
  it(`answers GET ${path} with ${status}`, async () => {
    const { origin } = await run(example)
    const response = await fetch(origin + path)
    expect([response.status, await response.text()]).toEqual([status, text])
  })
})

describe('examples/tsconfig-paths', () => {
  it('answers with what a route file imports by an alias', async () => {
    const { origin } = await run('tsconfig-paths')
    const response = await fetch(`${origin}/api/greet/Tanner`)
    expect(await response.text()).toBe('Hello, Tanner!\n')
  })
})

describe('examples/typescript', () => {
  it('runs under tsx', async () => {
    const { origin } = await run('typescript')
    const response = await fetch(`${origin}/api/hello?name=Ada`)
    expect(await response.json()).toEqual({ message: 'Hello, Ada!' })
  })
})

describe('examples/start-and-express', () => {
  it("serves a Start application's API routes from Express, and none of its pages", async () => {
    const { origin } = await run('start-and-express')
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
    const { origin } = await run('esbuild')
    expect(await (await fetch(`${origin}/api/users/7`)).json()).toEqual({ id: '7' })
  })
})

describe('examples/trpc', () => {
  it('answers queries and mutations behind a body parser', async () => {
    const { origin } = await run('trpc')
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
    const { origin } = await run('auth-js')
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
    const { origin } = await run('auth-js')
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
    const { origin, printed } = await run('streaming')
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
    await printed(/^The client has left\.$/m)
  })
})

describe('examples/upload', () => {
  it('takes a picture, refuses other files, and what is too long', async () => {
    const { origin } = await run('upload')
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
  /** Does with a client's headers what nginx.conf says, for a client at 203.0.113.7 that came by https. */
  function proxy(origin: string): Server {
    const conf = readFileSync(join(folder, 'behind-nginx/nginx.conf'), 'utf8')
    const settings = [...conf.matchAll(/proxy_set_header (\S+) (\S+);/g)]
    return createServer((req, res) => {
      const { host = '', 'x-forwarded-for': forwarded } = req.headers
      const variables: Record<string, string> = {
        $host: host,
        $scheme: 'https',
        $proxy_add_x_forwarded_for: [forwarded ?? [], '203.0.113.7'].flat().join(', '),
      }
      const headers = { ...req.headers }
      for (const [, name = '', value = ''] of settings) {
        headers[name.toLowerCase()] = variables[value] ?? JSON.parse(value)
      }
      request(origin + req.url, { headers }, (answer) => answer.pipe(res)).end()
    })
  }

  it('knows the URL and the address that its client has, whatever the client says of them', async () => {
    const server = proxy((await run('behind-nginx')).origin)
    await once(server.listen(0), 'listening')
    const head = rawHead('GET /api/whoami?a=1 HTTP/1.1', [
      'Host: shop.example',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Proto: gopher',
      'X-Forwarded-For: 198.51.100.1',
    ])
    const { body } = await rawRequest((server.address() as AddressInfo).port, head)
    server.close()
    expect(body).toContain('{"url":"https://shop.example/api/whoami?a=1","ip":"203.0.113.7"}')
  })
})

describe.each([
  ['jest-supertest', /Tests: +2 passed, 2 total/],
  ['vitest', /Tests +2 passed/],
])('examples/%s', (example, summary) => {
  it('passes', () => {
    const [[file, ...args]] = programsOf(example) as [[string, ...string[]]]
    const env = { ...process.env, CI: '1' }
    const { stdout, stderr } = spawnSync(file, args, { cwd: root, encoding: 'utf8', env })
    expect(stripVTControlCharacters(stdout + stderr)).toMatch(summary)
  })
})
