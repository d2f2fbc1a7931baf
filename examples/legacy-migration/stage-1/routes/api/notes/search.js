const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')
const { searchNotes } = require('../../../../shared/notes')

exports.APIRoute = createAPIFileRoute('/api/notes/search')({
  GET: async ({ request, context }) => {
    const { searchParams } = new URL(request.url)
    const text = searchParams.get('q') ?? ''
    return json(await searchNotes(context.user, { text, tags: searchParams.getAll('tag') }))
  },
})
