import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { searchNotes } from '../../../../shared/notes.js'

export const APIRoute = createAPIFileRoute('/api/notes/search')({
  GET: async ({ request, context }) => {
    const { searchParams } = new URL(request.url)
    const text = searchParams.get('q') ?? ''
    return json(await searchNotes(context.user, { text, tags: searchParams.getAll('tag') }))
  },
})
