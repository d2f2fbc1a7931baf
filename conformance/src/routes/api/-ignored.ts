import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/-ignored')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: '-ignored.ts', params, pathname }),
    },
  },
})
