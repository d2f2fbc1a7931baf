import { createFileRoute } from '@tanstack/react-router'
import { addNote, listNotes } from '../../notes'

export const Route = createFileRoute('/api/notes')({
  server: {
    handlers: {
      GET: () => Response.json(listNotes()),
      POST: async ({ request }) => {
        const { text } = (await request.json()) as { text: string }
        return Response.json(addNote(text), { status: 201 })
      },
    },
  },
})
