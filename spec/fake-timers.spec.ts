// Tests that fake their timers: nothing of a request waits for a clock that stands still.
import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { fromExpress, json } from 'express-start-api'
import { root } from './support/built'
import { chainX } from './support/chain'
import { type TestHandler, routeX } from './support/handlers'
import { type Middleware, describeHosts, serve } from './support/hosts'
import { post } from './support/post'

const bytes = new TextEncoder().encode('bytes')

function toStream(...chunks: string[]): Response {
  const source = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  return new Response(Readable.toWeb(source) as ReadableStream<Uint8Array>)
}

afterEach(() => {
  jest.useRealTimers()
})

describeHosts("under jest's fake timers", (host) => {
  it.each<[string, TestHandler, string]>([
    ['json()', () => json({ a: 1 }), '{"a":1}'],
    ['a Response.json()', () => Response.json({ a: 1 }), '{"a":1}'],
    ['a text', () => new Response('text'), 'text'],
    ['bytes', () => new Response(bytes), 'bytes'],
    ['a Blob', () => new Response(new Blob(['blob'])), 'blob'],
    ['a Blob of parts', () => new Response(new Blob(['blob', bytes])), 'blobbytes'],
    ['a form', () => new Response(new URLSearchParams({ a: '1' })), 'a=1'],
    ['a stream', () => toStream('one'), 'one'],
    ['a stream of two chunks', () => toStream('one', 'two'), 'onetwo'],
    ['an event stream', () => new Response(toStream('data: 1\n\n').body, EVENTS), 'data: 1\n\n'],
  ])('answers with %s', async (_, handler, body) => {
    const { port } = await serve(host, [routeX(handler)])
    jest.useFakeTimers()
    expect(await get(port)).toEqual({ status: 200, body })
  })

  it.each(['route', 'router'])('leaves the route at next(%j)', async (signal) => {
    const leave = fromExpress((_req, _res, next) => next(signal))
    const { port } = await serve(host, [chainX([leave], () => json(1)), behind])
    jest.useFakeTimers()
    expect(await get(port)).toEqual({ status: 200, body: 'behind' })
  })

  it('refuses a body that exceeds `maxBodySize`', async () => {
    const read: TestHandler = async ({ request }) => json(await request.text())
    const { port } = await serve(host, [routeX(read, { maxBodySize: 10 })])
    jest.useFakeTimers()
    const headers = { 'transfer-encoding': 'chunked' }
    const answer = await post(port, '/api/x', { body: 'x'.repeat(300_000), headers })
    expect(answer.status).toBe(413)
  })

  it('takes a body off the connection that nobody reads, or that a logger listens to', async () => {
    const log: Middleware = (req, _res, next) => {
      req.on('data', () => {})
      next()
    }
    for (const front of [[], [log]]) {
      const { port } = await serve(host, [...front, routeX(() => json(1))])
      jest.useFakeTimers()
      const body = 'x'.repeat(300_000)
      expect(await post(port, '/api/x', { body })).toEqual({ status: 200, body: '1' })
      jest.useRealTimers()
    }
  })

  it('ends a handler that has no more time', async () => {
    const never: TestHandler = () => new Promise<never>(() => {})
    const { port } = await serve(host, [routeX(never, { timeout: 20 })])
    jest.useFakeTimers()
    expect((await get(port)).status).toBe(504)
  })
})

describe("under node:test's mock timers", () => {
  it('answers with a stream', async () => {
    const program = `
      const { createServer } = require('node:http')
      const { Readable } = require('node:stream')
      const { mock } = require('node:test')
      const { startApi } = require('./lib')
      const chunks = ['one', 'two'].map((text) => Buffer.from(text))
      const GET = () => new Response(Readable.toWeb(Readable.from(chunks)))
      const server = createServer(startApi({ 'api/x.ts': { APIRoute: { methods: { GET } } } }))
      server.listen(0, '127.0.0.1', async () => {
        mock.timers.enable()
        const answer = await fetch('http://127.0.0.1:' + server.address().port + '/api/x')
        process.stdout.write(await answer.text())
        process.exit()
      })`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['-r', 'ts-node/register/transpile-only', '-e', program],
      { cwd: root, timeout: 14_000 },
    )
    expect(stdout).toBe('onetwo')
  }, 15_000)
})

const EVENTS = { headers: { 'content-type': 'text/event-stream' } }

const behind: Middleware = (_req, res) => res.end('behind')

function get(port: number) {
  return post(port, '/api/x', { method: 'GET', body: '' })
}
