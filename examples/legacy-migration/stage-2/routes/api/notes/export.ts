import { Readable } from 'node:stream'
import { createAPIFileRoute } from 'express-start-api/api'
import { exportNotes } from '../../../../shared/notes.js'

export const APIRoute = createAPIFileRoute('/api/notes/export')({
  GET: ({ context }) => {
    const lines = Readable.from(exportNotes(context.user), { objectMode: false })
    return new Response(Readable.toWeb(lines) as BodyInit, {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename=notes.csv',
      },
    })
  },
})
