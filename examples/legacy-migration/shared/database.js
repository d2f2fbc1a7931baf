// PostgreSQL: in this process (PGlite), or the server that DATABASE_URL names, with `npm install pg`.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const schema = readFileSync(join(__dirname, 'schema.sql'), 'utf8')

const opening = process.env.DATABASE_URL
  ? openServer(process.env.DATABASE_URL)
  : openInThisProcess()

/** @returns {Promise<Record<string, any>[]>} */
exports.query = async (sql, values) => (await opening).query(sql, values)

/** Calls back with each payload that any process has sent by `pg_notify(channel, payload)`. */
exports.listen = async (channel, callback) => (await opening).listen(channel, callback)

exports.close = async () => (await opening).close()

async function openInThisProcess() {
  const { PGlite } = require('@electric-sql/pglite')
  const db = new PGlite()
  await db.exec(schema)
  return {
    query: async (sql, values) => (await db.query(sql, values)).rows,
    listen: (channel, callback) => db.listen(channel, callback),
    close: () => db.close(),
  }
}

async function openServer(connectionString) {
  const { Client, Pool } = require('pg')
  const pool = new Pool({ connectionString })
  // A connection that breaks while nobody uses it.
  pool.on('error', (error) => console.error('database:', error.message))
  await pool.query(schema)
  const listener = new Client({ connectionString })
  await listener.connect()
  return {
    query: async (sql, values) => (await pool.query(sql, values)).rows,
    listen: async (channel, callback) => {
      listener.on('notification', (message) => {
        if (message.channel === channel) callback(message.payload)
      })
      await listener.query(`listen ${channel}`)
    },
    close: async () => {
      await listener.end()
      await pool.end()
    },
  }
}
