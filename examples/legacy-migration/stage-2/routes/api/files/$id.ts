import { createAPIFileRoute } from 'express-start-api/api'
import { findFile, removeFile } from '../../../../shared/files.js'
import { fileResponse } from '../../../file-response'

export const APIRoute = createAPIFileRoute('/api/files/$id')({
  GET: async ({ request, params, context }) =>
    fileResponse(request, await findFile(context.user, params.id)),
  DELETE: async ({ params, context }) => {
    await removeFile(context.user, params.id)
    return new Response(null, { status: 204 })
  },
})
