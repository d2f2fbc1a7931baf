import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/opt/{-$lang}/about')({
  server: {
    handlers: {
      GET: ({ params, pathname }) =>
        Response.json({ file: 'opt.{-$lang}.about.ts', params, pathname }),
    },
  },
})
