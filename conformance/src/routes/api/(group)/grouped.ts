import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/(group)/grouped')({
  server: {
    handlers: {
      GET: ({ params, pathname }) =>
        Response.json({ file: '(group)/grouped.ts', params, pathname }),
    },
  },
})
