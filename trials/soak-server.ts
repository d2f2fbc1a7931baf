// The process that `npm run soak` loads: serves, measures itself when asked, and ends on SIGTERM.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startSturdyApp } from './sturdy-app'
import { watchProcess } from './watch-process'

export interface Measure {
  readonly heap: number
  /** What keeps the process alive. */
  readonly handles: number
  /** 99th percentile since the measure before, in milliseconds. */
  readonly delay: number
}

export type Message =
  | { readonly kind: 'ready'; readonly port: number }
  | ({ readonly kind: 'measure' } & Measure)
  | {
      readonly kind: 'ended'
      readonly heard: string
      readonly streams: number
      readonly told: number
    }

/** How long answers under way may take once the process is to end. */
const GRACE_MS = 2000

const say = (message: Message): boolean => process.send!(message)

async function main(): Promise<void> {
  // Failures after the beginning of an answer are logged, as they should be.
  console.error = () => {}
  const watch = watchProcess()
  const { server, api, port, told, close } = await startSturdyApp()
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  let openStreams = 0

  process.on('message', () => {
    void measure(delays.percentile(99) / 1e6).then(say)
    delays.reset()
  })
  process.once('SIGTERM', () => {
    openStreams = -told.cancels
    server.close(() => void end())
    // What is left then are streams without an end: they are told, and so are their clients.
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
  })

  async function end(): Promise<void> {
    await api.close()
    // Sockets emit `close` after their server has.
    await new Promise((resolve) => setTimeout(resolve, 100))
    openStreams += told.cancels
    let heard = ''
    try {
      watch.assertQuiet()
    } catch (error) {
      heard = String(error)
    }
    delays.disable()
    await close().catch(() => {})
    say({ kind: 'ended', heard, streams: openStreams, told: told.signals })
    // Nothing else may keep the process: it is not told to exit.
    process.disconnect()
  }
  say({ kind: 'ready', port })
}

async function measure(delay: number): Promise<Message> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc!()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    kind: 'measure',
    heap: process.memoryUsage().heapUsed,
    handles: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length,
    delay,
  }
}

void main()
