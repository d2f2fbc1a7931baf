import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { listUsers } from '../../users'

// No POST here: it is still an Express handler in app.ts.
export const APIRoute = createAPIFileRoute('/api/users')({
  GET: () => json(listUsers()),
})
