import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

export const APIRoute = createAPIFileRoute('/api/users/$id')({
  GET: ({ params }) => json({ id: params.id }),
})
