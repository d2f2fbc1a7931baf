// Times contenders over HTTP:
// `node http.mjs [--node 20,24] [--rounds 3] [--seconds 3] [--warm 5] [scenario …]`.
// Server and load run on different cores; rounds are interleaved, so that a drift of the machine
// touches all alike. Answers are compared before anything is timed. Each round is a new process, and
// begins with seconds that don't count: while a server waits for its turn, V8 collects what its
// optimized code relies on, and Node 24 does not get as fast again. Of those that follow, the best one
// counts: what else a machine does only ever adds. Two runs on a busy one, json against the floor on
// Node 24: 0.81 and 0.93 by the median of all seconds, 0.90 and 0.90 by the median of the best ones. Of
// the rounds, the best one counts for the same reason: on a machine that others slow down to half for
// minutes, the median of seven had a route ahead of the floor.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { contenders } from './contenders.mjs'
import { findFault, pin, startLoad, toAsked } from './load.mjs'
import { here, machine, median, nodes, toTable, write } from './report.mjs'
import { scenarios } from './scenarios.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: '20,24' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    warm: { type: 'string', default: '5' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
async function start(node, contender, scenario) {
  const [command, ...args] = pin(0, [node, 'server.mjs', contender, scenario])
  const child = spawn(command, args, { cwd: here, stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(Number(String(data).trim())))
    child.once('exit', (code) => reject(new Error(`${contender} ended with ${code}`)))
  })
  return { child, url: `http://127.0.0.1:${port}` }
}

/** Microseconds that a process has run for (Linux): what else the machine does counts less in them. */
function toCpuTime({ pid }) {
  const [, times] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = times.split(' ').slice(11, 13)
  return (Number(user) + Number(system)) * 10_000
}

/** The server's microseconds for a request. */
function load({ url, child }, scenario, seconds) {
  return new Promise((resolve, reject) => {
    const before = toCpuTime(child)
    const wrk = startLoad(url, scenario, seconds)
    let out = ''
    wrk.stdout.on('data', (data) => (out += data))
    wrk.once('close', () => {
      if (/Non-2xx/.test(out)) return reject(new Error(out))
      const requests = Number(/(\d+) requests in/.exec(out)?.[1])
      resolve((toCpuTime(child) - before) / requests)
    })
  })
}

async function measure(node, scenario) {
  const wanted = values.only?.split(',')
  const names = Object.keys(contenders).filter(
    (name) =>
      (contenders[name].only?.includes(scenario) ?? true) && (wanted?.includes(name) ?? true),
  )
  const results = {}
  const faults = {}
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of names) {
      if (faults[name] !== undefined) continue
      const server = await start(node, name, scenario)
      const fault = await findFault(server.url, scenario)
      if (fault === undefined) {
        await load(server, scenario, values.warm)
        const seconds = []
        for (let second = 0; second < Number(values.seconds); second++) {
          seconds.push(await load(server, scenario, 1))
        }
        ;(results[name] ??= []).push(Math.min(...seconds))
      } else faults[name] = fault
      server.child.kill()
    }
  }
  return { results, faults }
}

const conditions = `the best of ${values.rounds} rounds, ${values.seconds} s each after ${values.warm} s`
// Those of 1 MiB are for streams.mjs.
const light = Object.keys(scenarios).filter((name) => !scenarios[name].isHeavy)
const asked = toAsked(positionals, light)
for (const version of values.node.split(',')) {
  const node = nodes[version]
  const { stdout } = spawnSync(node, ['-v'], { encoding: 'utf8' })
  for (const scenario of asked) {
    const { results, faults } = await measure(node, scenario)
    const costs = (name) => [...results[name]].sort((a, b) => a - b)
    const cost = (name) => costs(name)[0]
    const bases = ['Express 5', 'floor'].filter((name) => results[name] !== undefined)
    const rows = Object.keys(results).map((name) => [
      name,
      `${cost(name).toFixed(1)} (${median(costs(name)).toFixed(1)}, ${costs(name).at(-1).toFixed(1)})`,
      ...bases.map((base) => (cost(base) / cost(name)).toFixed(2)),
    ])
    const wrong = Object.entries(faults).map(([name, fault]) => [
      name,
      `wrong answer: \`${fault}\``,
      ...bases.map(() => ''),
    ])
    const heads = ['contender', 'µs a request, best (median, highest)']
    const table = toTable([...heads, ...bases.map((base) => `× ${base}`)], [...rows, ...wrong])
    const text = `**${scenario}**, Node ${stdout.trim()}; ${machine}; ${conditions}\n\n${table}`
    console.log(`\n${text}`)
    // Each on its own: a scenario that something has disturbed can be run again.
    if (values.write) write(`${scenario} ${version}`, text)
  }
}
