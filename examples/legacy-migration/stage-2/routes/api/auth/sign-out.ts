import { createAPIFileRoute } from 'express-start-api/api'
import { deleteCookie } from 'express-start-api/server'
import { endSession } from '../../../../shared/sessions.js'

export const APIRoute = createAPIFileRoute('/api/auth/sign-out')({
  POST: async ({ context }) => {
    await endSession(context.req)
    deleteCookie('notes.sid')
    return new Response(null, { status: 204 })
  },
})
