import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/größe')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'größe.ts', params, pathname }),
    },
  },
})
