import { createAPIFileRoute } from 'express-start-api/api'

export const APIRoute = createAPIFileRoute('/api/file/$')({
  GET: ({ params }) => {
    const { _splat } = params
    return new Response(`File: ${_splat}\n`)
  },
})
