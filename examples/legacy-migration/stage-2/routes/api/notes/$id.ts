import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { changeNote, findNote, removeNote } from '../../../../shared/notes.js'
import { readInput } from '../../../read-input'

// What these functions throw reaches the error handler of app.js.
export const APIRoute = createAPIFileRoute('/api/notes/$id')({
  GET: async ({ params, context }) => json(await findNote(context.user, params.id)),
  PUT: async ({ request, params, context }) => {
    const input = await readInput(request)
    return json(await changeNote(context.user, params.id, input, { replace: true }))
  },
  PATCH: async ({ request, params, context }) =>
    json(await changeNote(context.user, params.id, await readInput(request))),
  DELETE: async ({ params, context }) => {
    await removeNote(context.user, params.id)
    return new Response(null, { status: 204 })
  },
})
