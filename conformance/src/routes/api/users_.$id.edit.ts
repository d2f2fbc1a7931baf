import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/api/users_/$id/edit')({
  server: {
    handlers: {
      GET: ({ params, pathname }) =>
        Response.json({ file: 'users_.$id.edit.ts', params, pathname }),
    },
  },
})
