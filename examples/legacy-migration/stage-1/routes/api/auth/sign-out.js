const { createAPIFileRoute } = require('express-start-api/api')
const { deleteCookie } = require('express-start-api/server')
const { endSession } = require('../../../../shared/sessions')

exports.APIRoute = createAPIFileRoute('/api/auth/sign-out')({
  POST: async ({ context }) => {
    await endSession(context.req)
    deleteCookie('notes.sid')
    return new Response(null, { status: 204 })
  },
})
