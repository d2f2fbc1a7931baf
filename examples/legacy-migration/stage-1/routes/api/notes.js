const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')
const { setHeader } = require('express-start-api/server')
const { listNotes, toLinks, toNumber } = require('../../../shared/notes')

// POST is still Express's.
exports.APIRoute = createAPIFileRoute('/api/notes')({
  GET: async ({ request, context }) => {
    const { searchParams } = new URL(request.url)
    const page = toNumber(searchParams.get('page'), { fallback: 1, max: 1e6 })
    const perPage = toNumber(searchParams.get('per_page'), { fallback: 10, max: 50 })
    const { notes, total, pages } = await listNotes(context.user, { page, perPage })
    const links = toLinks('/api/notes', { page, perPage, pages })
    if (links) setHeader('Link', links)
    setHeader('X-Total-Count', String(total))
    return json(notes)
  },
})
