const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')
const { listFiles } = require('../../../../../shared/files')

// Uploading is still Express's.
exports.APIRoute = createAPIFileRoute('/api/notes/$id/files')({
  GET: async ({ params, context }) => json(await listFiles(context.user, params.id)),
})
