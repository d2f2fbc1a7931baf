const { createAPIFileRoute } = require('express-start-api/api')
const { removeFile } = require('../../../../shared/files')

// Downloading is still Express's.
exports.APIRoute = createAPIFileRoute('/api/files/$id')({
  DELETE: async ({ params, context }) => {
    await removeFile(context.user, params.id)
    return new Response(null, { status: 204 })
  },
})
