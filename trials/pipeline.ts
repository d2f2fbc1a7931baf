// One connection with several requests on it, and what must hold for each of them.
import { isDeepStrictEqual } from 'node:util'
import type { App, Plan } from './apps'
import type { Sent, SentBody } from './arbitraries'
import { type Behaviour, behaviours } from './behaviours'
import * as journal from './journal'
import { type Expected, expect, segmentsOf } from './oracle'
import { type Answer, Violation, exchange } from './wire'

/** @throws Violation that says which promise was broken by which request */
export async function checkPipeline(
  app: App,
  requests: readonly Sent[],
  cuts: readonly number[],
): Promise<void> {
  const ids = requests.map(() => journal.open())
  const bytes = Buffer.concat(requests.map((sent, index) => toBytes(app.plan, sent, ids[index]!)))
  const methods = requests.map(({ method }) => method)
  const { answers, rest } = await exchange(app.port, cut(bytes, cuts), methods)
  const entries = ids.map(journal.close)
  for (const [index, sent] of requests.entries()) {
    const check = new Check(app.plan, sent, entries[index]!, answers[index])
    // The connection is gone, and what came after it on it.
    if (check.run() === 'cut') return
  }
  if (rest.byteLength > 0)
    throw new Violation(`bytes after the last answer: ${rest.toString('latin1')}`)
}

function toBytes({ mount }: Plan, sent: Sent, id: string): Buffer {
  const { method, target, behaviour, header, looks, body } = sent
  const lines = [
    `${method} ${toWireTarget(mount, target)} HTTP/1.1`,
    'Host: localhost',
    `X-Id: ${id}`,
    `X-Do: ${behaviour}`,
    ...(header === '' ? [] : [`X-Fuzz: ${header}`]),
    ...(looks ? ['X-Look: 1'] : []),
  ]
  if (body === undefined) return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  lines.push(`Content-Type: ${body.type}`)
  const isChunked = body.chunks.length > 0
  lines.push(isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.bytes.byteLength}`)
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`),
    ...(isChunked ? toChunks(body) : [body.bytes]),
  ])
}

function toWireTarget(mount: string, target: string): string {
  const origin = /^[a-z]+:\/\/[^/]*/i.exec(target)?.[0] ?? ''
  return target.startsWith('/') || origin !== ''
    ? origin + mount + target.slice(origin.length)
    : target
}

function toChunks({ bytes, chunks }: SentBody): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
    const chunk = bytes.subarray(at, at + chunks[turn % chunks.length]!)
    parts.push(Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
    at += chunk.byteLength
  }
  return [...parts, Buffer.from('0\r\nX-Trailer: 1\r\n\r\n')]
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let at = 0
  for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)))
  return [...pieces, bytes.subarray(at)].filter((piece) => piece.byteLength > 0)
}

/** What must hold for one request. */
class Check {
  readonly #behaviour: Behaviour

  constructor(
    readonly plan: Plan,
    readonly sent: Sent,
    readonly entry: journal.Entry,
    readonly answer: Answer | undefined,
  ) {
    this.#behaviour = behaviours[sent.behaviour]
  }

  run(): 'cut' | 'answered' {
    const { calls, handedOn, errors, guards } = this.entry
    this.#insist(calls.length + handedOn.length <= 1, 'handled or handed on more than once')
    this.#insist(errors.length <= 1, 'more than one error reported')
    if (guards === 0) this.#checkUnguarded()
    if (this.answer === undefined) {
      this.#insist(this.#mayBeCut(), 'no answer')
      return 'cut'
    }
    if (this.#isRefusedByNode(this.answer)) return 'cut'
    if (this.sent.isPlain) this.#checkRoute()
    if (calls.length === 1) this.#checkHandled(this.answer)
    else if (handedOn.length === 1) this.#checkHandedOn(this.answer)
    else
      this.#insist(
        this.answer.status >= 204 && this.answer.status < 500,
        'neither handled nor refused',
      )
    return 'answered'
  }

  /** Neither the route nor a URL made of the request may be what the guard is for. */
  #checkUnguarded(): void {
    const [call] = this.entry.calls
    if (call === undefined) return
    this.#insist(!isAdmin(`/${segmentsOf(call.file).join('/')}`), `${call.file} ran past its guard`)
    const path = call.seen?.pathname.slice(this.plan.mount.length) ?? ''
    this.#insist(!isAdmin(path), `${call.seen?.pathname} was seen past its guard`)
  }

  /** The route and params that the rules name. */
  #checkRoute(): void {
    const { plan, sent, entry } = this
    if (this.#isRefused()) return
    const [path = ''] = sent.target.split('?')
    const expected = expect(plan, path)
    const methods = expected?.file.methods ?? []
    const serves =
      methods.includes(sent.method) || (sent.method === 'HEAD' && methods.includes('GET'))
    const file = serves ? (expected as Expected).file.name : undefined
    this.#insist(entry.calls[0]?.file === file, `served by ${entry.calls[0]?.file}, not ${file}`)
    if (file !== undefined) {
      const { params } = entry.calls[0]!
      this.#insist(isDeepStrictEqual(params, expected!.params), `params ${JSON.stringify(params)}`)
    } else if (plan.fallthrough && plan.host !== 'node:http') {
      this.#insist(entry.handedOn.length === 1, 'not handed on')
    }
  }

  #checkHandled(answer: Answer): void {
    const { sent, entry } = this
    const { seen } = entry.calls[0]!
    if (sent.looks) this.#insist(seen?.header === sent.header, 'header')
    // Whether the limit is met is the handler's: by how much it reads.
    if (this.#exceeds()) return
    const { status, body, reads } = this.#behaviour
    const isHead = sent.method === 'HEAD'
    const fails = status === 'cut' || status >= 500
    this.#insist(answer.status === status || (isHead && fails && answer.status === 200), 'status')
    this.#insist(
      !fails || isHead || entry.errors.length === 1 || this.plan.host === 'node:http',
      'not reported',
    )
    if (isHead) return
    if (body !== undefined) this.#insist(answer.body.toString() === body, 'body')
    if (reads === true) this.#checkRead(answer.body)
  }

  /** What a parser took, or else what came, is what the handler reads. */
  #checkRead(read: Buffer): void {
    const { sent, entry } = this
    const { bytes = Buffer.alloc(0), type = '' } = sent.method === 'GET' ? {} : (sent.body ?? {})
    const isParsed = 'parsed' in entry && bytes.byteLength > 0
    if (isParsed && type === 'application/json' && this.#isUndecidable(read)) return
    const isSame =
      isParsed && type === 'application/json'
        ? isDeepStrictEqual(JSON.parse(read.toString()), JSON.parse(bytes.toString()))
        : isParsed && type === 'application/x-www-form-urlencoded'
          ? isDeepStrictEqual(sortedPairs(read), sortedPairs(bytes))
          : read.equals(bytes)
    this.#insist(isSame, `read ${JSON.stringify(read.toString())}`)
  }

  /**
   * A chunked JSON string that holds JSON: nothing tells it, once parsed, from a text that `express.text()`
   * has read, and it is read as that text (rebuild-body.ts).
   */
  #isUndecidable(read: Buffer): boolean {
    const { parsed } = this.entry
    const isChunked = (this.sent.body?.chunks.length ?? 0) > 0
    return isChunked && typeof parsed === 'string' && isJson(read) && read.toString() === parsed
  }

  #checkHandedOn(answer: Answer): void {
    const { sent, entry, plan } = this
    this.#insist(answer.status === 404, 'the legacy answer was lost')
    if (sent.isPlain) this.#insist(entry.handedOn[0] === plan.mount + sent.target, 'url changed')
    if ('parsed' in entry || sent.body === undefined) return
    this.#insist(
      (entry.read ?? Buffer.alloc(0)).equals(sent.body.bytes),
      'body of a handed-on request',
    )
  }

  /** Node's parser takes fewer targets than there are, and says so before the application hears. */
  #isRefusedByNode({ status, headers }: Answer): boolean {
    return !this.sent.isPlain && status === 400 && headers.get('connection') === 'close'
  }

  /** Refused before a route is looked for, or by the size that is declared. */
  #isRefused(): boolean {
    const { body } = this.sent
    if (body === undefined) return false
    const isBroken = body.type === 'application/json' && !isJson(body.bytes)
    return (this.plan.parsers && isBroken) || this.#exceeds()
  }

  #exceeds(): boolean {
    return (this.sent.body?.bytes.byteLength ?? 0) > this.plan.maxBodySize
  }

  #mayBeCut(): boolean {
    return (
      this.entry.calls.length === 1 &&
      (this.#behaviour.status === 'cut' || (this.#exceeds() && this.#behaviour.reads === true))
    )
  }

  #insist(holds: boolean, what: string): void {
    if (holds) return
    const { plan, sent, entry, answer } = this
    const { files, ...app } = plan
    const shown = {
      sent: {
        ...sent,
        body: sent.body && { ...sent.body, bytes: sent.body.bytes.toString('latin1') },
      },
      entry,
      status: answer?.status,
      body: answer?.body.toString(),
    }
    throw new Violation(
      `${what}\n${JSON.stringify({ app, files: files.map(({ name, methods }) => `${name} ${methods}`), ...shown }, null, 1)}`,
    )
  }
}

const isAdmin = (path: string): boolean => /^\/api\/admin(?:\/|$)/.test(path)

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}

/** Parsers gather the values of a name; their order among themselves stays. */
function sortedPairs(form: Buffer): [string, string][] {
  return [...new URLSearchParams(form.toString())].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
