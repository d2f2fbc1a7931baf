import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/data.json')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'data[.]json.ts', params, pathname }),
    },
  },
})
