import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/img{$}.png')({
  server: {
    handlers: {
      GET: ({ params, pathname }) => Response.json({ file: 'img{$}[.]png.ts', params, pathname }),
    },
  },
})
