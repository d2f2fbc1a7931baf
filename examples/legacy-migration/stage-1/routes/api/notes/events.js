const { createAPIFileRoute } = require('express-start-api/api')
const { subscribe } = require('../../../../shared/events')

exports.APIRoute = createAPIFileRoute('/api/notes/events')({
  GET: ({ context }) => {
    let unsubscribe
    const feed = new ReadableStream({
      start(controller) {
        unsubscribe = subscribe(context.user, {
          send: (text) => controller.enqueue(text),
          end: () => controller.close(),
        })
      },
      // The client has left.
      cancel: () => unsubscribe(),
    })
    return new Response(feed, {
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' },
    })
  },
})
