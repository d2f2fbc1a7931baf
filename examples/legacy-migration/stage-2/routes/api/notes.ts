import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { setHeader, setHeaders } from 'express-start-api/server'
import { createNote, listNotes, toLinks, toNumber } from '../../../shared/notes.js'
import { readInput } from '../../read-input'

export const APIRoute = createAPIFileRoute('/api/notes')({
  GET: async ({ request, context }) => {
    const { searchParams } = new URL(request.url)
    const page = toNumber(searchParams.get('page'), { fallback: 1, max: 1e6 })
    const perPage = toNumber(searchParams.get('per_page'), { fallback: 10, max: 50 })
    const { notes, total, pages } = await listNotes(context.user, { page, perPage })
    const links = toLinks('/api/notes', { page, perPage, pages })
    if (links !== undefined) setHeader('link', links)
    setHeaders({ 'x-total-count': String(total) })
    return json(notes)
  },
  POST: async ({ request, context }) => {
    const note = await createNote(context.user, await readInput(request))
    return json(note, { status: 201, headers: { location: `/api/notes/${note.id}` } })
  },
})
