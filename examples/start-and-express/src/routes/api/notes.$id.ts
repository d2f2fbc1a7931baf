import { createFileRoute } from '@tanstack/react-router'
import { listNotes } from '../../notes'

export const Route = createFileRoute('/api/notes/$id')({
  server: {
    handlers: {
      GET: ({ params }) => {
        const note = listNotes().find(({ id }) => id === params.id)
        return note === undefined
          ? Response.json({ error: 'No such note' }, { status: 404 })
          : Response.json(note)
      },
    },
  },
})
