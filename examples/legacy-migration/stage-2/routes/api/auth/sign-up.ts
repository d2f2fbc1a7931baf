import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { beginSession } from '../../../../shared/sessions.js'
import { signUp } from '../../../../shared/users.js'
import { isForm, readInput } from '../../../read-input'

export const APIRoute = createAPIFileRoute('/api/auth/sign-up')({
  POST: async ({ request, context }) => {
    const user = await signUp(await readInput(request))
    await beginSession(context.req, user)
    return isForm(request)
      ? new Response(null, { status: 303, headers: { location: '/' } })
      : json(user, { status: 201 })
  },
})
