// One contender in a process of its own: `node server.mjs <contender> <scenario>` prints its port.
import { createServer } from 'node:http'
import { contenders } from './contenders.mjs'
import { scenarios } from './scenarios.mjs'

const [, , contender, scenario] = process.argv
process.env.NODE_ENV = 'production'
const server = createServer(await contenders[contender].create(scenarios[scenario]))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
