// What happened, told by the database to every process, and by each process to its clients.
const { EventEmitter } = require('node:events')
const { listen, query } = require('./database')

const CHANNEL = 'happened'
const happened = new EventEmitter().setMaxListeners(0)

listen(CHANNEL, (payload) => {
  const { userId, type, data } = JSON.parse(payload)
  happened.emit(`user ${userId}`, type, data)
})

exports.publish = (user, type, data) =>
  query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify({ userId: user.id, type, data })])

/**
 * Calls `send` with the text of each event, as `text/event-stream` has it, and `end` when the server
 * goes down.
 *
 * @param {{ id: number }} user
 * @param {{ send(text: string): void, end(): void }} feed
 * @returns {() => void} ends it from the client's side
 */
exports.subscribe = (user, { send, end }) => {
  const onEvent = (type, data) => send(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
  // Proxies close connections that say nothing for a minute.
  const heartbeat = setInterval(() => send(':\n\n'), 20_000)
  const stop = () => {
    clearInterval(heartbeat)
    happened.off(`user ${user.id}`, onEvent)
    happened.off('end', onEnd)
  }
  const onEnd = () => {
    stop()
    end()
  }
  happened.on(`user ${user.id}`, onEvent)
  happened.on('end', onEnd)
  return stop
}

/** Ends all feeds: browsers connect again, to a process that stays. */
exports.endFeeds = () => happened.emit('end')
