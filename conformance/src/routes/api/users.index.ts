import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/users/')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'users.index.ts', params, pathname }),
    },
  },
})
