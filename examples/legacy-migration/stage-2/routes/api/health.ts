import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

export const APIRoute = createAPIFileRoute('/api/health')({
  GET: () => json({ ok: true }),
})
