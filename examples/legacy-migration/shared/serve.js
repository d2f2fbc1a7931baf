// Runs stages, and ends them without cutting anybody off.
const { once } = require('node:events')
const database = require('./database')
const { endFeeds } = require('./events')

/** How long requests may take to end, in milliseconds. */
const GRACE_MS = 10_000

/**
 * On PORT, and the ports after it for further stages.
 *
 * @param stages `close` is that of what `startApi()` returned
 */
exports.serve = async (...stages) => {
  const first = Number(process.env.PORT ?? 3000)
  const servers = stages.map(({ app }, index) => app.listen(first && first + index))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  console.log(servers.map((server) => `http://localhost:${server.address().port}`).join('\n'))

  const end = async () => {
    // No new connections, the end of those that would last for ever, then what they used.
    const closed = servers.map((server) => once(server.close(), 'close'))
    endFeeds()
    // Those of the feeds are idle once these have ended.
    setInterval(() => servers.forEach((server) => server.closeIdleConnections()), 100).unref()
    setTimeout(() => servers.forEach((server) => server.closeAllConnections()), GRACE_MS).unref()
    await Promise.all(closed)
    await Promise.all(stages.map(({ close }) => close?.()))
    await database.close()
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}
