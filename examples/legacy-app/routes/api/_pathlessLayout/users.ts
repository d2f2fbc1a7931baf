import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

// API routes have no pathless layouts: the underscore stays in the URL.
export const APIRoute = createAPIFileRoute('/api/_pathlessLayout/users')({
  GET: () => json([]),
})
