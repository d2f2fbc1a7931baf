// `npm run fuzz`: requests that fast-check makes up, against live servers, and one line of totals.
import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import { type App, startApp } from './apps'
import * as arbitraries from './arbitraries'
import { checkPipeline } from './pipeline'
import { watchProcess } from './watch-process'

export interface FuzzOptions {
  readonly requests: number
  readonly seed: number
  /** Whether a failing case is made smaller, which may take minutes. Default: not in CI. */
  readonly shrink?: boolean
}

export interface FuzzTotals {
  readonly requests: number
  readonly connections: number
  readonly applications: number
}

/** Connections under way at the same time: one that waits for a time limit holds up no other. */
const LANES = 6
const PER_CONNECTION = 16
const REQUESTS_PER_APPLICATION = 2500

/** @throws Error with seed and the smallest failing case, if anything that must hold does not */
export async function fuzz({
  requests,
  seed,
  shrink = process.env['CI'] === undefined,
}: FuzzOptions): Promise<FuzzTotals> {
  const totals = { requests: 0, connections: 0, applications: 0 }
  const plans = fc.sample(arbitraries.plan, {
    seed,
    numRuns: Math.max(LANES, Math.ceil(requests / REQUESTS_PER_APPLICATION)),
  })
  const watch = watchProcess()
  // All before the first request: compiling route files stops the process, and time limits pass in it.
  const first = await Promise.all(plans.slice(0, LANES).map(startApp))
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let index = lane; index < plans.length; index += LANES) {
      const app = first[index] ?? (await startApp(plans[index]!))
      totals.applications++
      try {
        await fuzzApp(
          app,
          { seed: seed + index, requests: requests / plans.length, shrink },
          totals,
        )
      } finally {
        await app.close()
      }
    }
  })
  try {
    await Promise.all(lanes)
  } finally {
    watch.end()
  }
  watch.assertQuiet()
  return totals
}

async function fuzzApp(
  app: App,
  { seed, requests, shrink }: Required<FuzzOptions>,
  totals: { requests: number; connections: number },
): Promise<void> {
  const pipeline = fc.array(arbitraries.sent(app.plan.files), {
    minLength: 1,
    maxLength: PER_CONNECTION,
    size: 'max',
  })
  const property = fc.asyncProperty(pipeline, arbitraries.cuts, async (sent, cuts) => {
    totals.requests += sent.length
    totals.connections++
    await checkPipeline(app, sent, cuts)
  })
  const numRuns = Math.ceil((requests * 2) / PER_CONNECTION)
  await fc.assert(property, { seed, numRuns, endOnFailure: !shrink })
}

/** Ends the process with a failure if anything that must hold does not. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string' } },
  })
  const seed = Number(values.seed ?? Date.now() % 2 ** 31)
  console.log(`seed ${seed}`)
  // Errors after the beginning of an answer are logged, as they should be.
  console.error = () => {}
  const begun = performance.now()
  const { requests, connections, applications } = await fuzz({
    requests: Number(values.requests),
    seed,
  })
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log(
    `fuzz: ${requests} requests on ${connections} connections to ${applications} applications in ${seconds} s, violations 0`,
  )
}

if (require.main === module) void main()
