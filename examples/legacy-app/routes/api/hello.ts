import { createAPIFileRoute } from 'express-start-api/api'
import { setHeaders } from 'express-start-api/server'

export const APIRoute = createAPIFileRoute('/api/hello')({
  GET: ({ request }) => {
    setHeaders({ 'Content-Type': 'text/plain' })
    return new Response(`Hello, World! from ${request.url}\n`)
  },
  // express.json() in front has read the body; the handler still can.
  POST: async ({ request }) => {
    const { name } = (await request.json()) as { name: string }
    return new Response(`Hello, ${name}!\n`)
  },
})
