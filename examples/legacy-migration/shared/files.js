// Files of notes: their bytes are in a directory, the rest is in the database.
const { randomUUID } = require('node:crypto')
const { mkdirSync } = require('node:fs')
const { rm } = require('node:fs/promises')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { query } = require('./database')
const { publish } = require('./events')
const { httpError } = require('./http-error')
const { findNote } = require('./notes')

/** Longest file, in bytes. */
exports.MAX_FILE_SIZE = 256 * 1024

/** Several machines share one: a network drive, or a store of objects in its place. */
const directory = process.env.UPLOADS ?? join(tmpdir(), 'legacy-migration-uploads')
mkdirSync(directory, { recursive: true })

exports.newFilePath = () => join(directory, randomUUID())

const COLUMNS = 'files.id, files.note_id as "noteId", files.name, files.type, files.size'

/** @returns {Promise<Record<string, any>>} */
exports.addFile = async (user, noteId, { name, type, size, path }) => {
  const note = await findNote(user, noteId)
  const [file] = await query(
    `insert into files (note_id, name, type, size, path) values ($1, $2, $3, $4, $5)
     returning ${COLUMNS}`,
    [note.id, name, type, size, path],
  )
  await publish(user, 'file-added', file)
  return file
}

exports.listFiles = async (user, noteId) => {
  const note = await findNote(user, noteId)
  return query(`select ${COLUMNS} from files where note_id = $1 order by id`, [note.id])
}

/**
 * With its `path` on disk, which is for the server alone.
 *
 * @returns {Promise<{ path: string, name: string, type: string }>}
 */
exports.findFile = async (user, id) => {
  const [file] = await query(
    `select ${COLUMNS}, files.path from files join notes on notes.id = files.note_id
     where files.id = $1 and notes.user_id = $2`,
    [/^\d{1,9}$/.test(id) ? Number(id) : 0, user.id],
  )
  if (!file) throw httpError(404, 'No such file')
  return file
}

exports.removeFile = async (user, id) => {
  const { path } = await exports.findFile(user, id)
  await query('delete from files where id = $1', [id])
  await rm(path, { force: true })
}
