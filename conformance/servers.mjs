// One of the servers that are compared: `node --import tsx servers.mjs <name> <folder of the
// application>` prints its port.
import { createServer } from 'node:http'
import express from 'express'
import { startApi, startHandler } from 'express-start-api'

const [, , name, folder] = process.argv

const entry = async () => (await import(`${folder}/dist/server/server.js`)).default

/** What no route file answers. */
const leave = (_req, res) => res.status(404).set('x-left', 'yes').end()

/** What handlers throw. */
const fail = (error, _req, res, _next) =>
  res
    .status(error.status ?? 500)
    .set('x-error', 'yes')
    .end()

export const servers = {
  /** The built application in srvx, which Start's own `vite preview` and Nitro's Node preset use. */
  async start() {
    const { toNodeHandler } = await import('srvx/node')
    const { fetch } = await entry()
    return toNodeHandler((request) => fetch(request))
  },
  /** The same route files, as they are, in Express. */
  async express() {
    const api = startApi(`${folder}/src/routes`)
    await api.ready
    return express().use(api).use(leave).use(fail)
  },
  /** The built application as a whole, in Express. */
  async mounted() {
    return express()
      .use(startHandler(await entry()))
      .use(leave)
      .use(fail)
  },
}

const server = createServer(await servers[name]())
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
