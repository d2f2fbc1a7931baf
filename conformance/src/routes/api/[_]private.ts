import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/_private')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: '[_]private.ts', params, pathname }),
    },
  },
})
