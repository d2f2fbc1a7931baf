import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/files/$')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'files.$.ts', params, pathname }),
    },
  },
})
