// Notes of a user. What changes is told to all processes (events.js).
const { query } = require('./database')
const { publish } = require('./events')
const { httpError } = require('./http-error')

const COLUMNS = 'id, title, body, tags, created_at as "createdAt"'

/** One page of the user's notes, newest first, and how many pages there are. */
exports.listNotes = async (user, { page = 1, perPage = 10 }) => {
  const [{ total }] = await query('select count(*)::int as total from notes where user_id = $1', [
    user.id,
  ])
  const notes = await query(
    `select ${COLUMNS} from notes where user_id = $1 order by id desc limit $2 offset $3`,
    [user.id, perPage, (page - 1) * perPage],
  )
  return { notes, total, pages: Math.max(1, Math.ceil(total / perPage)) }
}

/**
 * Notes that hold the text and have all of the tags.
 *
 * @param {{ id: number }} user
 * @param {{ text?: string, tags?: string[] }} query
 */
exports.searchNotes = (user, { text = '', tags = [] }) =>
  query(
    `select ${COLUMNS} from notes
     where user_id = $1 and tags @> $2::text[] and strpos(lower(title || ' ' || body), lower($3)) > 0
     order by id`,
    [user.id, tags, text],
  )

exports.findNote = async (user, id) => {
  const [note] = await query(`select ${COLUMNS} from notes where id = $1 and user_id = $2`, [
    toId(id),
    user.id,
  ])
  if (!note) throw httpError(404, 'No such note')
  return note
}

/** @returns {Promise<Record<string, any>>} */
exports.createNote = async (user, input) => {
  const { title, body = '', tags = [] } = check(input)
  const [note] = await query(
    `insert into notes (user_id, title, body, tags) values ($1, $2, $3, $4) returning ${COLUMNS}`,
    [user.id, title, body, tags],
  )
  await publish(user, 'note-created', note)
  return note
}

/** Sets what is given, and with `{ replace: true }` the rest to its defaults. */
exports.changeNote = async (user, id, input, { replace = false } = {}) => {
  const before = await exports.findNote(user, id)
  const { title, body, tags } = { ...(replace ? { body: '', tags: [] } : before), ...input }
  check({ title, body, tags })
  const [note] = await query(
    `update notes set title = $3, body = $4, tags = $5
     where id = $1 and user_id = $2 returning ${COLUMNS}`,
    [before.id, user.id, title, body, tags],
  )
  await publish(user, 'note-changed', note)
  return note
}

exports.removeNote = async (user, id) => {
  const { id: removed } = await exports.findNote(user, id)
  await query('delete from notes where id = $1', [removed])
  await publish(user, 'note-removed', { id: removed })
}

/** All notes as lines of CSV, read from the database as they are asked for. */
exports.exportNotes = async function* (user) {
  yield 'id,title,tags\r\n'
  let last = 0
  for (;;) {
    const notes = await query(
      'select id, title, tags from notes where user_id = $1 and id > $2 order by id limit 100',
      [user.id, last],
    )
    for (const { id, title, tags } of notes)
      yield `${id},${quote(title)},${quote(tags.join(' '))}\r\n`
    if (notes.length === 0) return
    last = notes.at(-1).id
  }
}

/** `Link` as in RFC 8288, or `undefined` for a single page. */
exports.toLinks = (path, { page, perPage, pages }) => {
  const link = (number, rel) => `<${path}?page=${number}&per_page=${perPage}>; rel="${rel}"`
  const links = []
  if (page > 1) links.push(link(1, 'first'), link(page - 1, 'prev'))
  if (page < pages) links.push(link(page + 1, 'next'), link(pages, 'last'))
  return links.join(', ') || undefined
}

/** A whole number from a query, within its limits. */
exports.toNumber = (text, { fallback, max }) => {
  const number = Number(text ?? fallback)
  return Number.isInteger(number) && number >= 1 ? Math.min(number, max) : fallback
}

function check(input) {
  const { title, body = '', tags = [] } = input ?? {}
  if (typeof title !== 'string' || title === '') throw httpError(422, 'Title is missing')
  if (typeof body !== 'string') throw httpError(422, 'Body must be text')
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string')) {
    throw httpError(422, 'Tags must be a list of texts')
  }
  return { title, body, tags }
}

function toId(text) {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}

function quote(text) {
  return `"${text.replaceAll('"', '""')}"`
}
