import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

export const APIRoute = createAPIFileRoute('/api/hello')({
  GET: ({ request }) => {
    const name = new URL(request.url).searchParams.get('name') ?? 'World'
    return json({ message: `Hello, ${name}!` })
  },
})
