// `npm run faults`: each fault many times, good clients beside them, and one line of totals.
import { parseArgs } from 'node:util'
import express5 from 'express'
import express4 from 'express4'
import { type Client, faults, goodClients } from './clients'
import { type SturdyApp, startSturdyApp } from './sturdy-app'
import { watchProcess } from './watch-process'
import { Violation } from './wire'

export interface FaultTotals {
  readonly faults: number
  readonly kinds: number
  readonly requests: number
}

/** Connections under way at the same time. */
const LANES = 8

/**
 * @param rounds how often each fault is injected, for each major of Express
 * @throws Violation if a client, good or bad, is not treated as it has to be; Error for what the
 *   process heard
 */
export async function injectFaults(rounds: number): Promise<FaultTotals> {
  const totals = { faults: 0, kinds: Object.keys(faults).length, requests: 0 }
  const watch = watchProcess()
  try {
    for (const factory of [express5, express4 as unknown as typeof express5]) {
      const app = await startSturdyApp(factory)
      await injectInto(app, rounds, totals)
      await app.close()
    }
  } finally {
    watch.end()
  }
  watch.assertQuiet()
  return totals
}

async function injectInto(
  app: SturdyApp,
  rounds: number,
  totals: { faults: number; requests: number },
): Promise<void> {
  const bad = Array.from({ length: rounds }, () => Object.entries(faults)).flat()
  const good = Object.entries(goodClients)
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let index = lane; index < bad.length; index += LANES) {
      await meet(app, bad[index]!)
      totals.faults++
      await meet(app, good[index % good.length]!)
      totals.requests++
    }
  })
  await Promise.all(lanes)
  await settle(app)
}

async function meet({ port }: SturdyApp, [name, client]: [string, Client]): Promise<void> {
  try {
    await client(port)
  } catch (cause) {
    throw new Violation(`${name}: ${String((cause as Error).message)}`, { cause })
  }
}

/** All who left are noticed, and what was made for them is given up. */
async function settle({ server, told }: SturdyApp): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    const open = await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
    if (open === 0 && told.cancels > 0 && told.cancels === told.signals) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Violation(`streams go on without clients: ${JSON.stringify(told)}`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } })
  // Failures after the beginning of an answer are logged, as they should be.
  console.error = () => {}
  const { faults, kinds, requests } = await injectFaults(Number(values.rounds))
  console.log(
    `faults: ${faults} injected, of ${kinds} kinds, ${requests} requests beside them, violations 0`,
  )
}

if (require.main === module) void main()
