// Sessions in the database, so that any process can serve any request.
const { callbackify } = require('node:util')
const { Store } = require('express-session')
const { query } = require('./database')

exports.DatabaseStore = class DatabaseStore extends Store {
  get = callbackify(async (id) => {
    const [row] = await query('select data from sessions where id = $1 and expires_at > now()', [
      id,
    ])
    return row?.data
  })

  set = callbackify((id, session) =>
    query(
      `insert into sessions values ($1, $2, $3)
       on conflict (id) do update set data = excluded.data, expires_at = excluded.expires_at`,
      [id, JSON.stringify(session), toExpiry(session)],
    ),
  )

  touch = callbackify((id, session) =>
    query('update sessions set expires_at = $2 where id = $1', [id, toExpiry(session)]),
  )

  destroy = callbackify((id) => query('delete from sessions where id = $1', [id]))
}

const DAY_MS = 24 * 60 * 60 * 1000

function toExpiry({ cookie }) {
  return new Date(cookie.expires ?? Date.now() + DAY_MS)
}
