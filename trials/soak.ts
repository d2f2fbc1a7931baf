// `npm run soak`: minutes of full load on a process of its own, good clients and bad, every answer
// checked; then SIGTERM. One line of totals.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, faults, goodClients } from './clients'
import type { Measure, Message } from './soak-server'
import { Violation, readAnswer } from './wire'

/** Connections under way at the same time. */
const LANES = 24
/** Before the first measure: caches fill, and functions are compiled. */
const WARM_UP_MS = 20_000
const MEASURE_EVERY_MS = 10_000
/** What a heap may differ by between two collections, without a leak. */
const MAX_GROWTH_BYTES = 3_000_000
const MAX_MORE_HANDLES = 2

/** Every third client misbehaves; those that wait for a time limit are left to `npm run faults`. */
const clients: readonly (readonly [name: string, client: Client])[] = Object.entries(faults)
  .filter(([name]) => !/never/.test(name))
  .flatMap((fault, index) => {
    const good = Object.entries(goodClients)
    return [good[index % good.length]!, fault, good[(index + 1) % good.length]!]
  })

interface Totals {
  requests: number
  faults: number
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '3' } } })
  const server = fork(join(__dirname, 'soak-server.ts'), {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  })
  const { port } = await hear(server, 'ready')
  const totals: Totals = { requests: 0, faults: 0 }
  const end = performance.now() + Number(values.minutes) * 60_000
  const lanes = Array.from({ length: LANES }, (_, lane) => load(port, lane, end, totals))
  const measures = takeMeasures(server, end)
  await Promise.all(lanes)
  const report = toReport(await measures)
  const shutdown = await shutDown(server, port)
  console.log(
    `soak: ${totals.requests} requests and ${totals.faults} faults in ${values.minutes} min, violations 0, ${report}; SIGTERM: ${shutdown}`,
  )
}

async function load(port: number, lane: number, end: number, totals: Totals): Promise<void> {
  for (let index = lane * 7; performance.now() < end; index++) {
    const [name, client] = clients[index % clients.length]!
    try {
      await client(port)
    } catch (cause) {
      throw new Violation(`${name}: ${(cause as Error).message}`, { cause })
    }
    if (name in faults) totals.faults++
    else totals.requests++
  }
}

async function takeMeasures(server: ChildProcess, end: number): Promise<Measure[]> {
  const measures: Measure[] = []
  await wait(WARM_UP_MS)
  while (performance.now() < end) {
    measures.push(await measure(server))
    await wait(MEASURE_EVERY_MS)
  }
  // Without load: nothing of it may be left.
  measures.push(await measure(server))
  return measures
}

async function measure(server: ChildProcess): Promise<Measure> {
  const answer = hear(server, 'measure')
  server.send('measure')
  return answer
}

function toReport(measures: readonly Measure[]): string {
  const first = measures[0]!
  const last = measures.at(-1)!
  const growth = last.heap - first.heap
  const handles = last.handles - first.handles
  if (growth > MAX_GROWTH_BYTES) throw new Violation(`the heap grew by ${growth} bytes`)
  if (handles > MAX_MORE_HANDLES) throw new Violation(`${handles} more handles`)
  const delay = Math.max(...measures.map(({ delay }) => delay))
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
  return `heap ${megabytes(first.heap)} under load, ${megabytes(last.heap)} after it (${first.handles} handles, ${last.handles}), event-loop delay p99 ${Math.round(delay)} ms`
}

const IN_FLIGHT = 20
const STREAMS = 5

/** Answers under way are finished, streams are told, and the process ends by itself. */
async function shutDown(server: ChildProcess, port: number): Promise<string> {
  const slow = Array.from({ length: IN_FLIGHT }, () => get(port, '/api/longer'))
  const streams = Array.from({ length: STREAMS }, () => get(port, '/api/events'))
  await wait(300)
  const begun = performance.now()
  const ended = hear(server, 'ended')
  const exited = once(server, 'exit')
  server.kill('SIGTERM')
  const answers = await Promise.all(slow)
  const whole = answers.filter((bytes) => readAnswer(bytes, 'GET', true)?.answer.status === 200)
  await Promise.all(streams)
  const { heard, streams: told } = await ended
  const [code] = (await exited) as [number | null]
  if (whole.length < IN_FLIGHT) throw new Violation(`${whole.length} of ${IN_FLIGHT} finished`)
  if (told !== STREAMS) throw new Violation(`${told} of ${STREAMS} streams were told`)
  if (code !== 0) throw new Violation(`the process ended with ${code}`)
  if (heard !== '') throw new Violation(heard)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  return `${IN_FLIGHT} requests finished, ${STREAMS} streams told, exit ${code} after ${seconds} s`
}

/** Until the connection is closed. */
async function get(port: number, path: string): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

async function hear<K extends Message['kind']>(
  server: ChildProcess,
  kind: K,
): Promise<Extract<Message, { kind: K }>> {
  for (;;) {
    const [message] = (await once(server, 'message')) as [Message]
    if (message.kind === kind) return message as Extract<Message, { kind: K }>
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
