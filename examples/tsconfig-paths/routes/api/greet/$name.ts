import { createAPIFileRoute } from 'express-start-api/api'
import { greet } from '~/lib/greeting'

export const APIRoute = createAPIFileRoute('/api/greet/$name')({
  GET: async ({ params }) => new Response(greet(params.name)),
})
