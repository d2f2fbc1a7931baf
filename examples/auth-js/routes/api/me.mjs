import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

export const APIRoute = createAPIFileRoute('/api/me')({
  async GET({ request }) {
    // As its own handler does: who is signed in is in the cookie.
    const url = new URL('/api/auth/session', request.url)
    const session = await fetch(url, { headers: { cookie: request.headers.get('cookie') ?? '' } })
    const user = (await session.json())?.user
    return user ? json(user) : json({ error: 'Log in first' }, { status: 401 })
  },
})
