import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/any')({
  server: {
    handlers: {
      GET: () => new Response('get'),
      ANY: ({ request }) => new Response(`any ${request.method}`),
    },
  },
})
