import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/users/$id')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'users.$id.ts', params, pathname }),
    },
  },
})
