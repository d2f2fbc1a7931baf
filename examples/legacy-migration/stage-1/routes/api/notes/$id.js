const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')
const { findNote, removeNote } = require('../../../../shared/notes')

// PUT and PATCH are still Express's. What findNote() throws reaches its error handler.
exports.APIRoute = createAPIFileRoute('/api/notes/$id')({
  GET: async ({ params, context }) => json(await findNote(context.user, params.id)),
  DELETE: async ({ params, context }) => {
    await removeNote(context.user, params.id)
    return new Response(null, { status: 204 })
  },
})
