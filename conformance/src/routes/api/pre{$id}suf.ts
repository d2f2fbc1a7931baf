import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/pre{$id}suf')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'pre{$id}suf.ts', params, pathname }),
    },
  },
})
