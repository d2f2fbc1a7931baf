// What handlers under trial do: everything that a handler may, and much that it must not.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json, redirect } from 'express-start-api'
import { setCookie, setHeader, setResponseStatus } from 'express-start-api/server'

export interface Context {
  readonly request: Request
  readonly context: { readonly req: IncomingMessage; readonly res: ServerResponse }
}

export interface Behaviour {
  /** May give anything. */
  readonly run: (context: Context) => unknown
  /** The answer's status; `'cut'`: the connection is broken off in the middle of it. */
  readonly status: number | 'cut'
  /** The whole body, where it is known. */
  readonly body?: string
  /** Whether what the client sent is recorded, to be compared. */
  readonly reads?: boolean
}

const CONSTANT = new Response('once')
const FIRST = CONSTANT.text()

const ABC = ['a', 'b', 'c']

/** Gives parts, one for each turn of the event loop, and then ends as told. */
function stream(parts: readonly string[], end: 'close' | 'fail'): ReadableStream {
  const left = parts.map((part) => Buffer.from(part))
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve))
      const part = left.shift()
      if (part !== undefined) controller.enqueue(part)
      else if (end === 'close') controller.close()
      else controller.error(new Error('the source failed'))
    },
  })
}

const events = { headers: { 'content-type': 'text/event-stream' } }

export const behaviours = {
  json: { run: () => json({ a: 1 }), status: 200, body: '{"a":1}' },
  'json later': { run: async () => json({ a: 1 }), status: 200, body: '{"a":1}' },
  text: { run: () => new Response('tëxt'), status: 200, body: 'tëxt' },
  bytes: { run: () => new Response(new Uint8Array(3).fill(65)), status: 200, body: 'AAA' },
  blob: { run: () => new Response(new Blob(ABC)), status: 200, body: 'abc' },
  form: { run: () => new Response(new URLSearchParams('a=1')), status: 200, body: 'a=1' },
  nothing: { run: () => new Response(), status: 200, body: '' },
  'no content': { run: () => new Response(null, { status: 204 }), status: 204, body: '' },
  'not modified': { run: () => new Response(null, { status: 304 }), status: 304, body: '' },
  redirect: { run: () => redirect({ to: '/elsewhere' }), status: 307 },
  stream: { run: () => new Response(stream(ABC, 'close')), status: 200, body: 'abc' },
  'empty stream': { run: () => new Response(stream([], 'close')), status: 200, body: '' },
  events: { run: () => new Response(stream(ABC, 'close'), events), status: 200, body: 'abc' },
  'throws an Error': {
    run: () => {
      throw new Error('thrown')
    },
    status: 500,
  },
  'throws a Response': {
    run: () => {
      throw new Response('thrown', { status: 418 })
    },
    status: 418,
    body: 'thrown',
  },
  'rejects with nothing': { run: () => Promise.reject(), status: 500 },
  "rejects with 'route'": { run: () => Promise.reject('route'), status: 500 },
  'gives nothing': { run: () => undefined, status: 500 },
  'gives an object': { run: () => ({ a: 1 }), status: 500 },
  'gives a Response again': { run: () => FIRST.then(() => CONSTANT), status: 500 },
  'fails before the first byte': { run: () => new Response(stream([], 'fail')), status: 500 },
  'fails after some bytes': { run: () => new Response(stream(ABC, 'fail')), status: 'cut' },
  'gives less than it declares': {
    run: () => new Response(stream(ABC, 'close'), { headers: { 'content-length': '9' } }),
    status: 'cut',
  },
  'answers by itself': {
    run: ({ context: { res } }) => void res.writeHead(202).end('itself'),
    status: 202,
    body: 'itself',
  },
  'says it by helpers': {
    run: async () => {
      await undefined
      setResponseStatus(203)
      setHeader('x-said', 'yes')
      setCookie('said', 'yes')
      return new Response('said')
    },
    status: 203,
    body: 'said',
  },
  'never settles': { run: () => new Promise(() => {}), status: 504 },
  'reads bytes': {
    run: async ({ request }) => new Response(await request.arrayBuffer()),
    status: 200,
    reads: true,
  },
  'reads a clone': {
    run: async ({ request }) => {
      const [bytes] = await Promise.all([request.clone().arrayBuffer(), request.text()])
      return new Response(bytes)
    },
    status: 200,
    reads: true,
  },
  'reads chunks': {
    run: async ({ request }) => {
      const chunks: Uint8Array[] = []
      const body = (request.body ?? []) as unknown as AsyncIterable<Uint8Array>
      for await (const chunk of body) chunks.push(chunk)
      return new Response(Buffer.concat(chunks))
    },
    status: 200,
    reads: true,
  },
  'passes the body on': {
    run: ({ request }) => new Response(request.body),
    status: 200,
    reads: true,
  },
  'reads some': {
    run: async ({ request }) => {
      await request.body?.getReader().read()
      return new Response('some')
    },
    status: 200,
    body: 'some',
  },
  'cancels the body': {
    run: async ({ request }) => {
      await request.body?.cancel()
      return new Response('cancelled')
    },
    status: 200,
    body: 'cancelled',
  },
} satisfies Record<string, Behaviour>

export type BehaviourName = keyof typeof behaviours

export const behaviourNames = Object.keys(behaviours) as BehaviourName[]
