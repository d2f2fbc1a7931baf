import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { listUsers } from '../../../users'

// Behind the guard that app.ts has on /api/admin.
export const APIRoute = createAPIFileRoute('/api/admin/stats')({
  GET: () => json({ users: listUsers().length }),
})
