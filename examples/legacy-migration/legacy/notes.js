// Express handlers: notes.
const { Readable } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { subscribe } = require('../shared/events')
const notes = require('../shared/notes')

exports.list = async (req, res) => {
  const page = notes.toNumber(req.query.page, { fallback: 1, max: 1e6 })
  const perPage = notes.toNumber(req.query.per_page, { fallback: 10, max: 50 })
  const { notes: found, total, pages } = await notes.listNotes(req.user, { page, perPage })
  const links = notes.toLinks('/api/notes', { page, perPage, pages })
  if (links) res.set('Link', links)
  res.set('X-Total-Count', String(total)).json(found)
}

exports.search = async (req, res) => {
  const { q: text, tag = [] } = req.query
  res.json(await notes.searchNotes(req.user, { text, tags: [tag].flat() }))
}

exports.create = async (req, res) => {
  const note = await notes.createNote(req.user, req.body)
  res.status(201).location(`/api/notes/${note.id}`).json(note)
}

exports.find = async (req, res) => {
  res.json(await notes.findNote(req.user, req.params.id))
}

exports.replace = async (req, res) => {
  res.json(await notes.changeNote(req.user, req.params.id, req.body, { replace: true }))
}

exports.change = async (req, res) => {
  res.json(await notes.changeNote(req.user, req.params.id, req.body))
}

exports.remove = async (req, res) => {
  await notes.removeNote(req.user, req.params.id)
  res.status(204).end()
}

exports.csv = async (req, res) => {
  res.attachment('notes.csv')
  await pipeline(Readable.from(notes.exportNotes(req.user)), res)
}

exports.events = (req, res) => {
  const unsubscribe = subscribe(req.user, {
    send: (text) => {
      res.write(text)
      res.flush() // compression() would wait for more
    },
    end: () => res.end(),
  })
  res.on('close', unsubscribe)
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
  res.flushHeaders()
}
