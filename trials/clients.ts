// Clients under trial: those that behave, and those that don't. Each checks what it gets.
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { type BehaviourName, behaviours } from './behaviours'
import { BIG, MAX_BODY_SIZE } from './sturdy-app'
import { type Answer, Violation, exchange, readAnswer } from './wire'

/** @throws Violation if the server's answer is not what it has to be */
export type Client = (port: number) => Promise<void>

const CRLF = '\r\n'

function head(line: string, headers: readonly string[] = []): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join(CRLF)
}

const post = (path: string, body: string | Buffer, headers: readonly string[] = []): Buffer =>
  Buffer.concat([
    Buffer.from(head(`POST ${path}`, [`Content-Length: ${Buffer.byteLength(body)}`, ...headers])),
    Buffer.from(body as string),
  ])

function insist(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what)
}

function toSeen(what: string, { status, body }: Answer): string {
  return `${what}: ${status} ${body.subarray(0, 200).toString()}`
}

async function ask(port: number, bytes: string | Buffer, method = 'GET'): Promise<Answer> {
  const { answers } = await exchange(port, [Buffer.from(bytes as string)], [method])
  const [answer] = answers
  if (answer === undefined) throw new Violation(`no answer to ${bytes.toString().slice(0, 60)}`)
  return answer
}

/** A connection on which the client misbehaves by hand. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function leave(socket: Socket, how: 'FIN' | 'RST'): Promise<void> {
  if (how === 'RST') socket.resetAndDestroy()
  else socket.destroy()
  await once(socket, 'close')
}

/** Until the server closes the connection. */
async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await once(socket, 'close')
  return Buffer.concat(chunks)
}

let count = 0
/** A value that no other request has. */
const unique = (): string => `value-${++count}`

export const goodClients = {
  async params(port) {
    const id = unique()
    const { body } = await ask(port, head(`GET /api/users/${id}%20%C3%BC`))
    insist(body.toString() === JSON.stringify({ id: `${id} ü` }), 'params')
  },
  async echo(port) {
    const text = unique().repeat(1 + (count % 400))
    const { body } = await ask(port, post('/api/echo', text), 'POST')
    insist(body.toString() === text, 'echo')
  },
  async 'echo of a stream'(port) {
    const text = unique().repeat(1 + (count % 4000))
    const { body } = await ask(port, post('/api/echo-stream', text), 'POST')
    insist(body.toString() === text, 'echo of a stream')
  },
  async 'parsed JSON'(port) {
    const value = { a: [unique(), 1, null] }
    const bytes = post('/api/parsed', JSON.stringify(value), ['Content-Type: application/json'])
    const { body } = await ask(port, bytes, 'POST')
    insist(isDeepStrictEqual(JSON.parse(body.toString()), value), 'parsed JSON')
  },
  async 'an upload'(port) {
    const text = unique().repeat(500)
    const { body } = await ask(port, post('/api/upload', ...toForm(text)), 'POST')
    insist(body.toString() === JSON.stringify([text]), 'an upload')
  },
  async 'a big answer'(port) {
    const { body } = await ask(port, head('GET /api/big'))
    insist(body.byteLength === BIG, 'a big answer')
  },
  async 'a session of its own'(port) {
    const name = unique()
    const first = await ask(port, head('GET /api/session', [`X-Name: ${name}`, 'X-Wait: 3']))
    const cookie = /^[^;]+/.exec(first.headers.get('set-cookie') ?? '')?.[0] ?? ''
    const second = await ask(
      port,
      head('GET /api/session', [`X-Name: ${name}2`, `Cookie: ${cookie}`]),
    )
    insist(
      first.body.toString() === JSON.stringify({ before: null, name }),
      toSeen('first visit', first),
    )
    const again = JSON.stringify({ before: name, name: `${name}2` })
    insist(second.body.toString() === again, toSeen('second visit', second))
  },
} satisfies Record<string, Client>

const FORM_TYPE = 'Content-Type: multipart/form-data; boundary=b'

function toForm(text: string): [body: string, headers: string[]] {
  const disposition = 'Content-Disposition: form-data; name="f"; filename="f.txt"'
  return [['--b', disposition, '', text, '--b--', ''].join(CRLF), [FORM_TYPE]]
}

/** Leaves in the middle, in one of two ways. */
function leaving(bytes: string | Buffer, wait: (socket: Socket) => Promise<unknown>): Client {
  return async (port) => {
    const socket = await open(port)
    socket.write(bytes)
    await wait(socket)
    await leave(socket, ++count % 2 === 0 ? 'FIN' : 'RST')
  }
}

/** What a handler of a name does, answered as it must be. */
function behaving(name: BehaviourName): Client {
  return async (port) => {
    const bytes = Buffer.from(head('GET /api/behaviour', [`X-Do: ${name}`]))
    const { answers } = await exchange(port, [bytes], ['GET'])
    const { status } = behaviours[name]
    insist(
      status === (answers[0]?.status ?? 'cut'),
      `a handler that ${name}: ${answers[0]?.status}`,
    )
  }
}

const failing = (Object.keys(behaviours) as BehaviourName[]).filter((name) => {
  const { status } = behaviours[name]
  return status === 'cut' || status >= 500
})

export const faults: Readonly<Record<string, Client>> = {
  'leaves within the head': leaving('GET /api/users/1 HT', () => turns(3)),
  'leaves before the body': leaving(head('POST /api/echo', ['Content-Length: 99']), () => turns(3)),
  'leaves within the body': leaving(`${head('POST /api/echo', ['Content-Length: 99'])}half`, () =>
    turns(5),
  ),
  'leaves within a chunk': leaving(
    `${head('POST /api/echo-stream', ['Transfer-Encoding: chunked'])}ff${CRLF}half`,
    () => turns(5),
  ),
  'leaves before the answer': leaving(post('/api/slow', 'whole'), () => turns(5)),
  'leaves within a big answer': leaving(head('GET /api/big'), (socket) => once(socket, 'data')),
  'leaves within an event stream': leaving(head('GET /api/events'), (socket) =>
    once(socket, 'data'),
  ),
  'leaves with requests in the pipeline': leaving(
    head('GET /api/slow').repeat(5) + head('GET /api/events').repeat(2),
    () => turns(5),
  ),
  async 'ends its side and waits'(port) {
    const socket = await open(port)
    socket.end(head('GET /api/slow'))
    const read = readAnswer(await readAll(socket), 'GET', true)
    // Node takes it for leaving, unless the server is told otherwise (`httpAllowHalfOpen`).
    insist((read?.answer.status ?? 200) === 200, 'half-open')
  },
  async 'ends its side within the body'(port) {
    const socket = await open(port)
    socket.end(`${head('POST /api/echo', ['Content-Length: 99'])}half`)
    const read = readAnswer(await readAll(socket), 'POST', true)
    insist(read === undefined || read.answer.status >= 400, 'half a body was taken for one')
  },
  async 'reads slowly'(port) {
    const socket = await open(port)
    socket.write(head('GET /api/big', ['Connection: close']))
    socket.pause()
    const reading = readAll(socket)
    for (let pause = 0; pause < 5; pause++) {
      socket.pause()
      await new Promise((resolve) => setTimeout(resolve, 5))
      socket.resume()
      await turns(2)
    }
    const read = readAnswer(await reading, 'GET', true)
    insist(read?.answer.body.byteLength === BIG, 'a slow reader lost something')
  },
  async 'writes slowly'(port) {
    const bytes = post('/api/echo', 'slowly', ['X-Slow: 1'])
    const pieces = [...bytes].map((byte) => Buffer.from([byte]))
    const { answers } = await exchange(port, pieces, ['POST'])
    insist(answers[0]?.body.toString() === 'slowly', 'a slow writer was misread')
  },
  async 'sends many at once'(port) {
    const paths = Array.from({ length: 20 }, () => `/api/users/${unique()}`)
    const bytes = Buffer.from(paths.map((path) => head(`GET ${path}`)).join(''))
    const { answers } = await exchange(
      port,
      [bytes],
      paths.map(() => 'GET'),
    )
    const ids = answers.map(({ body }) => `/api/users/${JSON.parse(body.toString()).id}`)
    insist(isDeepStrictEqual(ids, paths), 'a pipeline was answered out of order')
  },
  async 'waits for 100 Continue'(port) {
    const socket = await open(port)
    const headers = ['Content-Length: 4', 'Expect: 100-continue', 'Connection: close']
    socket.write(head('POST /api/echo', headers))
    const [interim] = (await once(socket, 'data')) as [Buffer]
    insist(/^HTTP\/1\.1 100 /.test(interim.toString()), 'no 100 Continue')
    socket.write('body')
    insist((await readAll(socket)).toString().endsWith('body'), 'the body after 100 Continue')
  },
  async 'sends trailers'(port) {
    const body = `4${CRLF}body${CRLF}0${CRLF}X-Trailer: 1${CRLF}${CRLF}`
    const bytes = head('POST /api/echo', ['Transfer-Encoding: chunked']) + body
    insist((await ask(port, bytes, 'POST')).body.toString() === 'body', 'trailers')
  },
  async 'floods with headers'(port) {
    const lines = Array.from({ length: 4000 }, (_, index) => `X-Flood-${index}: ${index}`)
    const { status } = await ask(port, head('GET /api/users/1', lines))
    insist(status === 431, `a flood of headers: ${status}`)
  },
  async 'declares too much'(port) {
    const headers = [`Content-Length: ${MAX_BODY_SIZE + 1}`, 'Connection: close']
    const { status } = await ask(port, head('POST /api/echo', headers), 'POST')
    insist(status === 413, `a length beyond the limit: ${status}`)
  },
  async 'sends too much, undeclared'(port) {
    const chunk = `10000${CRLF}${'x'.repeat(0x1_00_00)}${CRLF}`
    const bytes = head('POST /api/echo', ['Transfer-Encoding: chunked']) + chunk.repeat(20)
    const { status } = await ask(port, `${bytes}0${CRLF}${CRLF}`, 'POST')
    insist(status === 413, `chunks beyond the limit: ${status}`)
  },
  async 'sends more than it declares'(port) {
    const bytes = Buffer.from(`${head('POST /api/echo', ['Content-Length: 2'])}and garbage`)
    const { answers } = await exchange(port, [bytes], ['POST', 'GET'])
    const [first, second] = answers
    insist(
      first === undefined || first.status === 400 || first.body.toString() === 'an',
      'too long',
    )
    insist(second === undefined || second.status === 400, 'garbage was answered')
  },
  async 'sends no chunk at all'(port) {
    const bytes = `${head('POST /api/echo', ['Transfer-Encoding: chunked'])}nonsense${CRLF}`
    const { answers } = await exchange(port, [Buffer.from(bytes)], ['POST'])
    insist((answers[0]?.status ?? 400) >= 400, 'nonsense was taken for a body')
  },
  async 'uploads what nobody reads'(port) {
    const body = 'x'.repeat(600_000)
    const bytes = Buffer.concat([
      post('/api/unread', body),
      Buffer.from(head('GET /api/users/next')),
    ])
    const { answers } = await exchange(port, [bytes], ['POST', 'GET'])
    const statuses = answers.map(({ status }) => status)
    insist(isDeepStrictEqual(statuses, [401, 200]), `after an unread body: ${statuses}`)
  },
  async 'uploads to a full disk'(port) {
    const { status } = await ask(port, post('/api/full', ...toForm('x'.repeat(50_000))), 'POST')
    insist(status === 500, `a full disk: ${status}`)
  },
  async 'breaks off a form'(port) {
    const [form, headers] = toForm('x'.repeat(100))
    const { status } = await ask(port, post('/api/upload', form.slice(0, 80), headers), 'POST')
    insist(status >= 400, `half a form: ${status}`)
  },
  async 'asks for an upstream that fails'(port) {
    const { answers } = await exchange(port, [Buffer.from(head('GET /api/proxy'))], ['GET'])
    insist((answers[0]?.status ?? 500) === 500, 'half an answer was passed on as a whole one')
    const { status } = await ask(port, head('GET /api/proxy-read'))
    insist(status === 500, `an upstream that fails while it is read: ${status}`)
  },
  async 'gets a dead stream'(port) {
    const { status } = await ask(port, head('GET /api/dead-stream'))
    insist(status === 500, `a dead stream: ${status}`)
  },
  ...Object.fromEntries(failing.map((name) => [`a handler that ${name}`, behaving(name)])),
}
