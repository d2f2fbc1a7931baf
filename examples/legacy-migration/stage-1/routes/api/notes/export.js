const { createAPIFileRoute } = require('express-start-api/api')
const { exportNotes } = require('../../../../shared/notes')

exports.APIRoute = createAPIFileRoute('/api/notes/export')({
  GET: ({ context }) =>
    new Response(ReadableStream.from(exportNotes(context.user)), {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': 'attachment; filename=notes.csv',
      },
    }),
})
