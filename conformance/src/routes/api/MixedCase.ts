import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/MixedCase')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'MixedCase.ts', params, pathname }),
    },
  },
})
