import { createFileRoute } from '@tanstack/react-router'
import { mark, marksOf } from '../../middleware'

export const Route = createFileRoute('/api/methods')({
  server: {
    middleware: [mark('route')],
    handlers: ({ createHandlers }) =>
      createHandlers({
        GET: {
          middleware: [mark('method')],
          handler: ({ context }) => new Response(marksOf(context)),
        },
        POST: ({ context }) => new Response(marksOf(context)),
      }),
  },
})
