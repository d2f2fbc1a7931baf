import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/_layout/inside')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: '_layout/inside.ts', params, pathname }),
    },
  },
})
