import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { getCookie, setCookie } from 'express-start-api/server'
import { readInput } from '../../read-input'

const YEAR_S = 365 * 24 * 60 * 60

export const APIRoute = createAPIFileRoute('/api/preferences')({
  GET: () => json({ theme: getCookie('theme') ?? 'light' }),
  PUT: async ({ request }) => {
    const { theme } = await readInput(request)
    if (theme !== 'light' && theme !== 'dark') {
      return json({ error: 'Theme must be light or dark' }, { status: 422 })
    }
    setCookie('theme', theme, { maxAge: YEAR_S, sameSite: 'lax' })
    return json({ theme })
  },
})
