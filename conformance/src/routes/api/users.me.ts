import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/users/me')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'users.me.ts', params, pathname }),
    },
  },
})
