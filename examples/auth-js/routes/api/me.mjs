import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { findUser } from '../../auth.mjs'

export const APIRoute = createAPIFileRoute('/api/me')({
  async GET({ request }) {
    const user = await findUser(request)
    return user ? json(user) : json({ error: 'Log in first' }, { status: 401 })
  },
})
