import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/page')({
  component: () => <p>page</p>,
  server: {
    handlers: {
      GET: ({ request, next }) =>
        request.headers.get('accept')?.includes('text/html')
          ? next()
          : Response.json({ data: true }),
      POST: () => new Response('posted'),
    },
  },
})
