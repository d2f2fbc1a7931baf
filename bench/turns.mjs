// All contenders of a scenario in one process: `node turns.mjs <scenario> <rounds>`, told by messages
// who answers, and when to begin with turns.
import { createServer } from 'node:http'
import { contenders } from './contenders.mjs'
import { scenarios } from './scenarios.mjs'

const TURN = 200
/** Rounds that don't count: until then V8 has optimized all of them. */
const WARM = 15

const [, , scenario, rounds] = process.argv
process.env.NODE_ENV = 'production'
const names = Object.keys(contenders).filter(
  (name) => contenders[name].only?.includes(scenario) ?? true,
)
const listeners = {}
for (const name of names) listeners[name] = await contenders[name].create(scenarios[scenario])

let current = names[0]
let requests = 0
/** Of whoever had the turn before: a turn begins when they are over. */
let strangers = 0
let inFlight = 0
let onAlone = () => {}
const server = createServer((req, res) => {
  const owner = current
  requests++
  inFlight++
  res.once('close', () => {
    inFlight--
    if (owner !== current && --strangers === 0) onAlone()
  })
  listeners[owner](req, res)
})
server.listen(0, '127.0.0.1', () => {
  process.send({ url: `http://127.0.0.1:${server.address().port}`, names })
})
process.on('message', async (message) => {
  if (message === 'begin') return process.send(await takeTurns())
  current = message
  process.send('ready')
})
process.on('disconnect', () => process.exit())

async function takeTurns() {
  const results = []
  for (let round = 0; round < WARM + Number(rounds); round++) {
    const costs = Object.fromEntries(names.map((name) => [name, 0]))
    for (const name of shuffle(names)) {
      await turnTo(name)
      requests = 0
      const before = process.cpuUsage()
      await new Promise((resolve) => setTimeout(resolve, TURN))
      const { user, system } = process.cpuUsage(before)
      if (requests === 0) throw new Error(`${name} was asked nothing in its turn`)
      costs[name] = (user + system) / requests
    }
    if (round >= WARM) results.push(costs)
  }
  return results
}

async function turnTo(name) {
  if (name === current) return
  current = name
  strangers = inFlight
  if (strangers > 0) await new Promise((resolve) => (onAlone = resolve))
}

function shuffle(list) {
  const left = [...list]
  return list.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0])
}
