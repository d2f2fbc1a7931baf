// The application that faults and load are tried on: every kind of answer, and every way to fail.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { type RequestListener, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import multer from 'multer'
import { type StartApi, json, startApi } from 'express-start-api'
import { getHeader, setHeader, useSession } from 'express-start-api/server'
import { behaviours } from './behaviours'

export interface SturdyApp {
  readonly api: StartApi
  readonly server: Server
  readonly port: number
  /** What reached the error middleware, by its code, name or message. */
  readonly errors: string[]
  /** Event streams whose signal has told them that their client is gone. */
  readonly told: { signals: number; cancels: number }
  close(): Promise<void>
}

export const MAX_BODY_SIZE = 1_000_000
export const TIMEOUT_MS = 1500
export const BIG = 4_000_000

interface Given {
  readonly request: Request
  readonly params: Record<string, string>
  readonly context: { readonly req: Express.Request & { readonly headers: Record<string, string> } }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function startSturdyApp(factory: typeof express = express): Promise<SturdyApp> {
  const upstream = createServer(answerHalf)
  const told = { signals: 0, cancels: 0 }
  const errors: string[] = []
  const uploads = mkdtempSync(join(tmpdir(), 'start-api-trial-'))
  const api = startApi(createRoutes(await listen(upstream), told), {
    maxBodySize: MAX_BODY_SIZE,
    timeout: TIMEOUT_MS,
  })
  const app = factory()
  app.set('env', 'test')
  app.use('/api/parsed', factory.json(), factory.urlencoded({ extended: true }))
  app.use('/api/upload', multer({ storage: multer.memoryStorage() }).any())
  app.use('/api/full', multer({ storage: fullDisk(uploads) }).any())
  app.use(api)
  app.use(((error, _req, res, next) => {
    errors.push(String(error.code ?? error.name ?? error.message))
    if (res.headersSent) next(error)
    else res.status(error.status ?? 500).end('error page')
  }) as express.ErrorRequestHandler)
  const server = createServer(app as RequestListener)
  const port = await listen(server)
  await api.ready
  return {
    api,
    server,
    port,
    errors,
    told,
    async close() {
      for (const each of [server, upstream]) {
        each.closeAllConnections()
        await new Promise((resolve) => each.close(resolve))
      }
      await api.close()
      rmSync(uploads, { recursive: true, force: true })
    },
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** An upstream that fails in the middle of its body. */
const answerHalf: RequestListener = (_req, res) => {
  res.writeHead(200, { 'content-length': 1000 }).write('half')
  setImmediate(() => res.destroy())
}

/** multer's own disk storage, on a disk that is full. Each file is a link: multer removes it. */
function fullDisk(directory: string): multer.StorageEngine {
  let count = 0
  return multer.diskStorage({
    destination: directory,
    filename: (_req, _file, done) => {
      const name = `file-${count++}`
      symlinkSync('/dev/full', join(directory, name))
      done(null, name)
    },
  })
}

function createRoutes(upstream: number, told: SturdyApp['told']): Record<string, unknown> {
  const routes: Record<string, (given: Given) => unknown> = {
    'api/echo.ts': async ({ request }) => new Response(await request.arrayBuffer()),
    'api/echo-stream.ts': ({ request }) => new Response(request.body),
    'api/parsed.ts': async ({ request }) => json(await request.json()),
    'api/upload.ts': async ({ request }) => {
      const form = await request.formData()
      const files = [...form.values()].filter((value) => typeof value !== 'string')
      return json(await Promise.all(files.map((file) => (file as File).text())))
    },
    'api/full.ts': () => json('not reached'),
    'api/users.$id.ts': ({ params }) => json(params),
    'api/slow.ts': async ({ request }) => {
      await wait(30)
      return new Response(`slow ${request.url.length > 0}`)
    },
    'api/longer.ts': () => wait(800).then(() => new Response('longer')),
    'api/unread.ts': () => new Response('unread', { status: 401 }),
    'api/big.ts': () => new Response(bigStream()),
    'api/events.ts': ({ request }) => {
      request.signal.addEventListener('abort', () => told.signals++)
      return new Response(eventStream(told), { headers: { 'content-type': 'text/event-stream' } })
    },
    'api/dead-stream.ts': deadStream,
    'api/proxy.ts': () => fetch(`http://127.0.0.1:${upstream}/`),
    'api/proxy-read.ts': async () => {
      const response = await fetch(`http://127.0.0.1:${upstream}/`)
      return new Response(await response.text())
    },
    'api/session.ts': async () => {
      const name = getHeader('x-name')
      const session = await useSession<{ name?: string }>({ password: 'p'.repeat(32) })
      const before = session.data.name
      await wait(Number(getHeader('x-wait') ?? 0))
      await session.update({ name: name ?? '' })
      setHeader('x-name', name ?? '')
      return json({ before: before ?? null, name: getHeader('x-name') })
    },
    'api/behaviour.ts': (given) => {
      const name = given.context.req.headers['x-do'] as keyof typeof behaviours
      return behaviours[name].run(given as never)
    },
  }
  return Object.fromEntries(
    Object.entries(routes).map(([file, handler]) => [
      file,
      { APIRoute: { path: file, methods: { GET: handler, POST: handler } } },
    ]),
  )
}

function bigStream(): ReadableStream {
  let left = BIG
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, 65_536)
      controller.enqueue(new Uint8Array(size).fill(66))
      if ((left -= size) === 0) controller.close()
    },
  })
}

/** Without an end of its own. */
function eventStream(told: SturdyApp['told']): ReadableStream {
  let timer: NodeJS.Timeout | undefined
  return new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(Buffer.from('data: tick\n\n')), 10)
    },
    cancel() {
      clearInterval(timer)
      told.cancels++
    },
  })
}

let turn = 0

/** In turn: locked, read to its end, failed, cancelled. */
async function deadStream(): Promise<Response> {
  const response = new Response(bigStream())
  switch (turn++ % 4) {
    case 0:
      response.body!.getReader()
      break
    case 1:
      await response.arrayBuffer()
      break
    case 2:
      return new Response(
        new ReadableStream({
          start(controller) {
            controller.error(new Error('failed before'))
          },
        }),
      )
    default:
      await response.body!.cancel()
  }
  return response
}
