// Times 1 MiB in and out: `node streams.mjs [--node 20,24] [--rounds 60] [download|upload …]`.
// Most of that time is collecting buffers and being given fresh pages for new ones: processes of one
// contender differ by two to four times. So all are in one process here, and take turns of 0.2 s in an
// order that changes: what a turn costs is compared with startApi's turn of the same round.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { findFault, pin, startLoad, toAsked } from './load.mjs'
import { here, machine, median, nodes, toTable, write } from './report.mjs'
import { scenarios } from './scenarios.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: '20,24' },
    rounds: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
})
const BASE = 'startApi in Express 5'

/** The microseconds a request of each contender, round by round. */
async function measure(node, scenario) {
  const [command, ...args] = pin(0, [node, 'turns.mjs', scenario, values.rounds])
  const server = spawn(command, args, {
    cwd: here,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  server.once('exit', (code) => code && process.exit(1))
  const [{ url, names }] = await once(server, 'message')
  for (const name of names) {
    server.send(name)
    await once(server, 'message')
    const fault = await findFault(url, scenario)
    if (fault !== undefined) throw new Error(`${name}: ${fault}`)
  }
  // Longer than it takes: it is ended with the last turn.
  const load = startLoad(url, scenario, 3600)
  process.once('exit', () => load.kill())
  server.send('begin')
  let summary = ''
  load.stdout.on('data', (data) => (summary += data))
  const [rounds] = await once(server, 'message')
  load.kill('SIGINT')
  await once(load, 'close')
  server.kill()
  if (!/requests in/.test(summary) || /Non-2xx/.test(summary)) throw new Error(summary)
  return rounds
}

/** The median of ratios, and where it lies with 95 % certainty, by their ranks. */
function toEstimate(ratios) {
  const sorted = [...ratios].sort((a, b) => a - b)
  const half = 0.98 * Math.sqrt(sorted.length)
  const at = (rank) => sorted[Math.min(Math.max(Math.round(rank), 0), sorted.length - 1)].toFixed(2)
  const middle = (sorted.length - 1) / 2
  return `${median(sorted).toFixed(2)} (${at(middle - half)} to ${at(middle + half)})`
}

const heavy = Object.keys(scenarios).filter((name) => scenarios[name].isHeavy)
const asked = toAsked(positionals, heavy)
for (const version of values.node.split(',')) {
  const node = nodes[version]
  const { stdout } = spawnSync(node, ['-v'], { encoding: 'utf8' })
  for (const scenario of asked) {
    const rounds = await measure(node, scenario)
    const rows = Object.keys(rounds[0]).map((name) => [
      name,
      median(rounds.map((round) => round[name])).toFixed(0),
      name === BASE ? '1.00' : toEstimate(rounds.map((round) => round[BASE] / round[name])),
    ])
    const heads = ['contender', 'µs a request, median', '× startApi, median (95 %)']
    const conditions = `${rounds.length} rounds of 0.2 s each, in one process`
    const text = `**${scenario}**, Node ${stdout.trim()}; ${machine}; ${conditions}\n\n${toTable(heads, rows)}`
    console.log(`\n${text}`)
    if (values.write) write(`${scenario} ${version}`, text)
  }
}
