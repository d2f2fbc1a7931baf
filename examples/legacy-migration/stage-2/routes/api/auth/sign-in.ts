import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { beginSession } from '../../../../shared/sessions.js'
import { authenticate } from '../../../../shared/users.js'
import { isForm, readInput } from '../../../read-input'

// passport's strategy wants Express's `req.body`; its sessions do not.
export const APIRoute = createAPIFileRoute('/api/auth/sign-in')({
  POST: async ({ request, context }) => {
    const { email, password } = await readInput(request)
    const user = await authenticate(email, password)
    if (user === undefined) return json({ error: 'Wrong e-mail or password' }, { status: 401 })
    await beginSession(context.req, user)
    return isForm(request)
      ? new Response(null, { status: 303, headers: { location: '/' } })
      : json(user)
  },
})
