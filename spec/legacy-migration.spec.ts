// The example that moves an application in three stages: one suite for all of them, what each answered
// compared with what stage-0 did, and what they share.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { on, once } from 'node:events'
import request, { type Response, type Test } from 'supertest'
import { assertBuilt, root } from './support/built'

const folder = 'examples/legacy-migration'
const stages = ['stage-0', 'stage-1', 'stage-2'] as const
type Stage = (typeof stages)[number]
type Client = ReturnType<typeof request.agent>

const origins = {} as Record<Stage, string>
const password = 'correct horse'

let program: ChildProcessWithoutNullStreams

beforeAll(async () => {
  assertBuilt()
  program = spawn(process.execPath, ['-r', 'ts-node/register', `${folder}/all-stages.js`], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
  })
  let output = ''
  program.stderr.on('data', (text) => (output += text))
  for await (const [text] of on(program.stdout, 'data', { close: ['end'] })) {
    output += text
    const urls = output.match(/http:\/\/localhost:\d+/g) ?? []
    stages.forEach((stage, index) => (origins[stage] = urls[index]!))
    if (urls.length === stages.length) return
  }
  throw new Error(`all-stages.js ended:\n${output}`)
})

afterAll(() => program.kill('SIGKILL'))

/** What is compared: the answers of each stage, in the order of the suite. */
const answers: Record<Stage, object[]> = { 'stage-0': [], 'stage-1': [], 'stage-2': [] }

/** A client with its own cookies, whose answers count. */
function createClient(stage: Stage): Client {
  return request.agent(origins[stage]).use((asked: Test) => {
    asked.on('response', (response: Response) => {
      answers[stage].push(toComparable(`${asked.method} ${asked.url}`, stage, response))
    })
  })
}

/** Headers of the transport, which say nothing of the answer. */
const TRANSPORT = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length']

/**
 * What clients may notice (docs/migrating.md): validators that `res.json()` adds, the text that
 * `res.redirect()` writes, the headers of a file that `res.sendFile()` leaves on its errors, and that a
 * short stream is sent whole, which compression() leaves alone.
 */
function toNoticed(status: number, contentType: string): string[] {
  if (status === 302 || status === 303) return ['content-type', 'vary', 'text']
  if (status === 416) return [...FILE, 'content-range']
  if (contentType.startsWith('text/csv')) return ['content-encoding']
  return contentType.startsWith('application/json') ? ['etag'] : []
}

const FILE = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-type',
  'etag',
  'last-modified',
]

/** Status and body, from JSON where it is such. */
async function ask(asked: Test): Promise<[status: number, body: unknown]> {
  const { status, headers, body, text } = await asked
  const isJson = String(headers['content-type']).startsWith('application/json')
  return [status, isJson ? body : text]
}

function toComparable(title: string, stage: Stage, response: Response): object {
  const { status, headers, text } = response
  const noticed = toNoticed(status, headers['content-type'] ?? '')
  const compared = Object.entries({ ...(headers as Record<string, unknown>), text }).filter(
    ([name]) => !TRANSPORT.includes(name) && !noticed.includes(name),
  )
  const comparable = JSON.stringify({
    title,
    status,
    ...Object.fromEntries(compared.map(([name, value]) => [name, String(value)])),
  })
  return JSON.parse(
    comparable
      .replaceAll(origins[stage], '')
      .replaceAll(stage, 'stage')
      // Express says of JSON that it is UTF-8, which it always is.
      .replaceAll('application/json; charset=utf-8', 'application/json')
      .replaceAll(/(?<=notes\.sid=)[^;]+/g, 'ID')
      // Browsers heed Max-Age; Express adds the same time once more.
      .replaceAll(/(Max-Age=\d+.*?)(?:; Expires=[^;"]+)/g, '$1')
      .replaceAll(/(?<=notes\.sid=;)[^"]*/g, ' GONE')
      // The words are whoever's who could not decode it.
      .replaceAll(/(?<="text":"\{\\"error\\":\\")[^"]*(?:decode|escape)[^"]*(?=\\")/g, 'MALFORMED')
      .replaceAll(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'DATE')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
      .replaceAll(/(?<=\bid\\?":|noteId\\?":|\/api\/(?:notes|files)\/|\\n)\d+/gi, 'N')
      .replaceAll(/(?<=W\/\\"\w+-)\w+/g, 'TIME')
      .replaceAll(/(?<="(?:ratelimit-reset|retry-after)":")\d+/g, 'N'),
  ) as object
}

describe.each(stages)(`${folder}/%s`, (stage) => {
  let client: Client
  const email = `${stage}@example.com`

  beforeAll(async () => {
    client = createClient(stage)
    await client.post('/api/auth/sign-up').send({ email, password }).expect(201)
  })

  async function createNote(title: string, tags: string[] = []): Promise<number> {
    const { body } = await client.post('/api/notes').send({ title, tags }).expect(201)
    return body.id as number
  }

  describe('accounts', () => {
    it('signs up, out and in again', async () => {
      const visitor = createClient(stage)
      const account = { email: `visitor-${email}`, password }
      const { body, headers } = await visitor.post('/api/auth/sign-up').send(account).expect(201)
      expect(body).toEqual({ id: expect.any(Number), email: account.email })
      expect(headers['set-cookie']).toEqual([
        expect.stringMatching(/^notes\.sid=s%3A.*; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/),
      ])
      expect(await ask(visitor.get('/api/auth/me'))).toEqual([200, body])
      const out = await visitor.post('/api/auth/sign-out').expect(204)
      expect(out.headers['set-cookie']).toEqual([expect.stringMatching(/^notes\.sid=;.*Path=\//)])
      expect((await visitor.get('/api/auth/me')).status).toBe(401)
      expect(await ask(visitor.post('/api/auth/sign-in').send(account))).toEqual([200, body])
      expect(await ask(visitor.get('/api/auth/me'))).toEqual([200, body])
    })

    it('sends a form back to the page', async () => {
      const visitor = createClient(stage)
      const answer = await visitor.post('/api/auth/sign-in').type('form').send({ email, password })
      expect([answer.status, answer.headers['location']]).toEqual([303, '/'])
      expect((await visitor.get('/api/auth/me')).status).toBe(200)
    })

    it.each([
      ['sign-up', { email: 'nobody', password }, 422, 'E-mail is missing'],
      [
        'sign-up',
        { email: 'a@example.com', password: 'short' },
        422,
        'The password needs 8 characters',
      ],
      ['sign-up', { email, password }, 409, 'This e-mail is taken'],
      ['sign-in', { email, password: 'wrong one' }, 401, 'Wrong e-mail or password'],
    ])('refuses to %s with %j', async (what, account, status, error) => {
      expect(await ask(createClient(stage).post(`/api/auth/${what}`).send(account))).toEqual([
        status,
        { error },
      ])
    })

    it.each([
      ['get', '/api/auth/me'],
      ['post', '/api/auth/sign-out'],
      ['get', '/api/notes'],
      ['post', '/api/notes'],
      ['get', '/api/notes/events'],
      ['get', '/api/notes/export'],
      ['get', '/api/NOTES/1'],
      ['put', '/api/notes/1/'],
      ['delete', '/api/notes/1'],
      ['post', '/api/notes/1/files'],
      ['get', '/api/files/1'],
      ['delete', '/api/files/1'],
    ] as const)('guards %s %s', async (method, path) => {
      expect(await ask(createClient(stage)[method](path))).toEqual([
        401,
        { error: 'Sign in first' },
      ])
    })
  })

  describe('notes', () => {
    it('are created, found, changed, replaced and removed', async () => {
      const created = await client.post('/api/notes').send({ title: 'Milk', tags: ['shop'] })
      const { id, createdAt } = created.body
      expect([created.status, created.headers['location']]).toEqual([201, `/api/notes/${id}`])
      const note = { id, title: 'Milk', body: '', tags: ['shop'], createdAt }
      expect(await ask(client.get(`/api/notes/${id}`))).toEqual([200, note])
      expect(await ask(client.patch(`/api/notes/${id}`).send({ body: 'Two, größer' }))).toEqual([
        200,
        { ...note, body: 'Two, größer' },
      ])
      expect(await ask(client.put(`/api/notes/${id}`).send({ title: 'Bread' }))).toEqual([
        200,
        { ...note, title: 'Bread', tags: [] },
      ])
      expect(await ask(client.delete(`/api/notes/${id}`))).toEqual([204, ''])
      expect(await ask(client.get(`/api/notes/${id}`))).toEqual([404, { error: 'No such note' }])
    })

    it.each([
      ['no title', '{}', 422, 'Title is missing'],
      ['no body', '', 422, 'Title is missing'],
      ['other tags', '{"title":"x","tags":"a"}', 422, 'Tags must be a list of texts'],
      ['malformed JSON', '{"title":"secret', 400, 'Malformed JSON'],
    ])('are refused with %s', async (_what, text, status, error) => {
      const asked = client.post('/api/notes').set('content-type', 'application/json')
      expect(await ask(asked.send(text))).toEqual([status, { error }])
    })

    it('are not found by others, nor by other names', async () => {
      const id = await createNote('Private')
      const other = createClient(stage)
      expect(
        (await other.post('/api/auth/sign-up').send({ email: `other-${email}`, password })).status,
      ).toBe(201)
      expect((await other.get(`/api/notes/${id}`)).status).toBe(404)
      expect(await ask(client.get('/api/notes/one'))).toEqual([404, { error: 'No such note' }])
      expect((await client.delete('/api/notes/1e3')).status).toBe(404)
    })

    it('come in pages, with links to the others', async () => {
      const reader = createClient(stage)
      const account = { email: `reader-${email}`, password }
      expect((await reader.post('/api/auth/sign-up').send(account)).status).toBe(201)
      for (const title of ['1', '2', '3', '4', '5']) {
        expect(
          (await reader.post('/api/notes').send({ title, body: 'long '.repeat(200) })).status,
        ).toBe(201)
      }
      const { body, headers } = await reader.get('/api/notes?page=2&per_page=2').expect(200)
      expect((body as { title: string }[]).map(({ title }) => title)).toEqual(['3', '2'])
      expect(headers).toMatchObject({
        'x-total-count': '5',
        'content-encoding': 'gzip',
        link: [
          '</api/notes?page=1&per_page=2>; rel="first"',
          '</api/notes?page=1&per_page=2>; rel="prev"',
          '</api/notes?page=3&per_page=2>; rel="next"',
          '</api/notes?page=3&per_page=2>; rel="last"',
        ].join(', '),
      })
      const whole = await reader.get('/api/notes').expect(200)
      expect([whole.body.length, whole.headers['link']]).toEqual([5, undefined])
      const head = await reader.head('/api/notes?per_page=2').expect(200)
      expect(head.headers).toMatchObject({ 'x-total-count': '5', link: expect.any(String) })
    })

    it('are searched by several tags', async () => {
      await createNote('Tea, green', ['tea', 'green & mild'])
      await createNote('Tea, black', ['tea'])
      const search = async (query: string) => {
        const { body } = await client.get(`/api/notes/search?${query}`).expect(200)
        return (body as { title: string }[]).map(({ title }) => title)
      }
      expect(await search('tag=tea')).toEqual(['Tea, green', 'Tea, black'])
      expect(await search('tag=tea&q=BLACK')).toEqual(['Tea, black'])
      expect(await search('tag=tea&tag=green%20%26%20mild')).toEqual(['Tea, green'])
      expect(await search('tag=green+%26+mild&tag=tea&tag=x')).toEqual([])
    })

    it('are exported as CSV', async () => {
      const { headers, text } = await client.get('/api/notes/export').expect(200)
      expect(headers).toMatchObject({
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': expect.stringMatching(/^attachment; filename="?notes\.csv"?$/),
      })
      expect(text).toMatch(/^id,title,tags\r\n(?:\d+,".*",".*"\r\n)+$/)
      expect(text).toMatch(/^\d+,"Tea, green","tea green & mild"\r$/m)
    })
  })

  describe('files', () => {
    const content = '0123456789'

    async function upload(text: string | Buffer = content) {
      const id = await createNote('With a file')
      const file = { filename: 'digits.txt', contentType: 'text/plain' }
      return client.post(`/api/notes/${id}/files`).attach('file', Buffer.from(text), file)
    }

    it('are uploaded, listed, downloaded and removed', async () => {
      const { status, headers, body } = await upload()
      expect([status, headers['location']]).toEqual([201, `/api/files/${body.id}`])
      expect(body).toEqual({
        id: expect.any(Number),
        noteId: expect.any(Number),
        name: 'digits.txt',
        type: 'text/plain',
        size: 10,
      })
      expect(await ask(client.get(`/api/notes/${body.noteId}/files`))).toEqual([200, [body]])
      const file = await client.get(`/api/files/${body.id}`).expect(200, content)
      expect(file.headers).toMatchObject({
        'content-type': expect.stringMatching(/^text\/plain\b/),
        'content-disposition': expect.stringMatching(/^attachment; filename="?digits\.txt"?$/),
        'content-length': '10',
        'accept-ranges': 'bytes',
        'last-modified': expect.stringMatching(/GMT$/),
      })
      expect((await client.delete(`/api/files/${body.id}`)).status).toBe(204)
      expect(await ask(client.get(`/api/files/${body.id}`))).toEqual([
        404,
        { error: 'No such file' },
      ])
    })

    it.each([
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-2', 206, '89', 'bytes 8-9/10'],
      ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
      ['bytes=x', 200, content, undefined],
    ])('give %s', async (range, status, text, contentRange) => {
      const { headers } = await upload()
      const part = await client.get(headers['location']!).set('Range', range).expect(status, text)
      expect(part.headers['content-range']).toBe(contentRange)
    })

    it('say which ranges they have not', async () => {
      const { headers } = await upload()
      const asked = client.get(headers['location']!).set('Range', 'bytes=10-')
      const { text } = await asked.expect(416)
      expect(JSON.parse(text)).toEqual({ error: 'Range Not Satisfiable' })
    })

    it('are not sent to those who have them', async () => {
      const location = (await upload()).headers['location']!
      const { etag, 'last-modified': modified } = (await client.head(location).expect(200)).headers
      expect(await ask(client.get(location).set('If-None-Match', etag!))).toEqual([304, ''])
      expect(await ask(client.get(location).set('If-Modified-Since', modified!))).toEqual([304, ''])
      expect(await ask(client.get(location).set('If-None-Match', 'W/"other"'))).toEqual([
        200,
        content,
      ])
    })

    it('are refused if they are missing, too large, or for no note', async () => {
      const id = await createNote('Without a file')
      const empty = client.post(`/api/notes/${id}/files`).field('name', 'value')
      expect(await ask(empty)).toEqual([422, { error: 'File is missing' }])
      const large = await upload(Buffer.alloc(256 * 1024 + 1))
      expect([large.status, large.body]).toEqual([413, { error: 'File too large' }])
      const lost = client.post('/api/notes/0/files').attach('file', Buffer.from('x'), 'x.txt')
      expect(await ask(lost)).toEqual([404, { error: 'No such note' }])
    })
  })

  it('tells over server-sent events what was made', async () => {
    const feed = await openFeed(origins[stage], client)
    expect(feed.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(feed.headers.get('cache-control')).toBe('no-cache')
    const id = await createNote('News')
    expect(await feed.next()).toMatchObject({ type: 'note-created', data: { id, title: 'News' } })
    await client.post(`/api/notes/${id}/files`).attach('file', Buffer.from('x'), 'x.txt')
    expect(await feed.next()).toMatchObject({ type: 'file-added', data: { noteId: id } })
    await feed.close()
  })

  describe('the web hook', () => {
    // Parsed and written again, it would have other bytes.
    const payload = `{ "id": "pay-${stage}",\n  "cents":100.0, "email": "gr\\u00f6\u00dfe@example.com" }`

    async function report(text: string, signature: string) {
      const sending = createClient(stage).post('/api/webhooks/payments')
      return sending
        .set({ 'content-type': 'application/json', 'x-signature': signature })
        .send(text)
    }

    function sign(text: string): string {
      return createHmac('sha256', 'webhook secret').update(text).digest('hex')
    }

    it('takes the exact bytes that were signed, once', async () => {
      const received = `pay-${stage}`
      const first = await report(payload, sign(payload))
      expect([first.status, first.body]).toEqual([200, { received, duplicate: false }])
      const again = await report(payload, sign(payload))
      expect([again.status, again.body]).toEqual([200, { received, duplicate: true }])
    })

    it('refuses others', async () => {
      const { status, body } = await report(`${payload} `, sign(payload))
      expect([status, body]).toEqual([401, { error: 'Wrong signature' }])
    })
  })

  it('redirects, and has a 404 page for what it does not know', async () => {
    const moved = await client.get('/api/go/start').expect(302)
    expect(moved.headers['location']).toBe('https://tanstack.com/start')
    expect(await ask(client.get('/api/go/nowhere'))).toEqual([
      404,
      { error: 'Nothing at /api/go/nowhere' },
    ])
    expect(await ask(client.get('/api/nothing'))).toEqual([
      404,
      { error: 'Nothing at /api/nothing' },
    ])
    expect(await ask(client.put('/api/health'))).toEqual([404, { error: 'Nothing at /api/health' }])
    expect(await ask(client.get('/api/health'))).toEqual([200, { ok: true }])
  })

  it('keeps a cookie', async () => {
    expect(await ask(client.get('/api/preferences'))).toEqual([200, { theme: 'light' }])
    const { headers } = await client.put('/api/preferences').send({ theme: 'dark' }).expect(200)
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^theme=dark; Max-Age=31536000; Path=\/;.* SameSite=Lax$/),
    ])
    expect(await ask(client.get('/api/preferences'))).toEqual([200, { theme: 'dark' }])
    expect((await client.put('/api/preferences').send({ theme: 'pink' })).status).toBe(422)
  })

  it('has its error handler answer, without what only the log may say', async () => {
    expect(await ask(client.get('/api/reports/1999'))).toEqual([
      500,
      { error: 'Something went wrong' },
    ])
    expect(await ask(client.get('/api/reports/99'))).toEqual([
      400,
      { error: 'A year has four digits' },
    ])
    expect((await client.get('/api/reports/%E0%A4%A')).status).toBe(400)
  })

  it('lets partners in by CORS, and nobody else', async () => {
    const partner = 'https://partner.example'
    const { headers } = await client.get('/api/health').set('Origin', partner)
    expect(headers).toMatchObject({
      'access-control-allow-origin': partner,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Link,X-Total-Count',
      vary: 'Origin, Accept-Encoding',
      'x-frame-options': 'SAMEORIGIN',
    })
    const other = await client.get('/api/health').set('Origin', 'https://evil.example')
    expect(other.headers['access-control-allow-origin']).toBeUndefined()
    const preflight = await client
      .options('/api/notes/1')
      .set({ Origin: partner, 'Access-Control-Request-Method': 'DELETE' })
    expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([
      204,
      'GET,HEAD,PUT,PATCH,POST,DELETE',
    ])
  })

  it('serves the page', async () => {
    const { headers, text } = await client.get('/').expect(200)
    expect(headers['content-security-policy']).toMatch(/script-src 'self'/)
    expect(text).toContain('action="/api/auth/sign-in"')
  })

  it('limits attempts to sign in', async () => {
    const visitor = createClient(stage)
    const attempt = () => visitor.post('/api/auth/sign-in').send({ email: 'x', password: 'y' })
    let answer = await attempt()
    while (Number(answer.headers['ratelimit-remaining']) > 0) answer = await attempt()
    expect(answer.status).toBe(401)
    const refused = await attempt()
    expect([refused.status, refused.body]).toEqual([429, { error: 'Too many attempts' }])
    expect(refused.headers).toMatchObject({ 'ratelimit-limit': '20', 'ratelimit-remaining': '0' })
  })
})

describe(`${folder}, all stages`, () => {
  it.each(['stage-1', 'stage-2'] as const)('%s answers as stage-0 does', (stage) => {
    expect(answers['stage-0'].length).toBeGreaterThan(120)
    expect(answers[stage]).toEqual(answers['stage-0'])
  })

  // As they run side by side while a new version is rolled out, or back.
  it.each([
    ['stage-0', 'stage-2'],
    ['stage-2', 'stage-0'],
    ['stage-1', 'stage-2'],
  ] as const)('%s shares sessions, notes, files and events with %s', async (one, other) => {
    const here = request.agent(origins[one])
    const email = `${one}-${other}@example.com`
    expect((await here.post('/api/auth/sign-up').send({ email, password })).status).toBe(201)
    const there = request.agent(origins[other])
    // Cookies of localhost count on all of its ports.
    there.jar = here.jar
    expect((await there.get('/api/auth/me')).status).toBe(200)

    const feed = await openFeed(origins[other], there)
    const { body: note } = await here.post('/api/notes').send({ title: 'Shared' }).expect(201)
    expect(await feed.next()).toEqual({ type: 'note-created', data: note })
    await feed.close()
    expect(await ask(there.get(`/api/notes/${note.id}`))).toEqual([200, note])
    const upload = here.post(`/api/notes/${note.id}/files`)
    const { body: file } = await upload.attach('file', Buffer.from('shared'), 'name.txt')
    expect(await ask(there.get(`/api/files/${file.id}`))).toEqual([200, 'shared'])

    expect((await there.post('/api/auth/sign-out')).status).toBe(204)
    expect((await here.get('/api/auth/me')).status).toBe(401)
  })

  it('end their feeds, then themselves, when they are told to', async () => {
    const feeds = await Promise.all(
      stages.map(async (stage) => {
        const client = request.agent(origins[stage])
        await client
          .post('/api/auth/sign-up')
          .send({ email: `last-${stage}@example.com`, password })
        return openFeed(origins[stage], client)
      }),
    )
    const ended = once(program, 'exit')
    program.kill('SIGTERM')
    for (const feed of feeds) expect(await feed.next()).toBeUndefined()
    expect(await ended).toEqual([0, null])
  })
})

interface Feed {
  readonly headers: Headers
  next(): Promise<{ type: string; data: unknown } | undefined>
  close(): Promise<void>
}

/** An open feed of the client's user, on any of the stages. */
async function openFeed(origin: string, client: Client): Promise<Feed> {
  const cookie = client.jar.getCookies({
    path: '/',
    domain: 'localhost',
    secure: false,
    script: false,
  })
  const response = await fetch(`${origin}/api/notes/events`, {
    headers: { cookie: cookie.toValueString() },
  })
  expect(response.status).toBe(200)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    headers: response.headers,
    async next() {
      for (;;) {
        const event = /^event: (.*)\ndata: (.*)\n\n/.exec(text)
        if (event !== null) {
          text = text.slice(event[0].length)
          return { type: event[1]!, data: JSON.parse(event[2]!) as unknown }
        }
        const { done, value } = await reader.read()
        if (done) return undefined
        text += value
      }
    },
    close: () => reader.cancel(),
  }
}
