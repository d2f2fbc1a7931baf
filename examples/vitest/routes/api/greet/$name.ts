import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

export const APIRoute = createAPIFileRoute('/api/greet/$name')({
  GET: ({ params }) => json({ message: `Hello, ${params.name}!` }),
})
