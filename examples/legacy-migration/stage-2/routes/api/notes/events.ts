import { createAPIFileRoute } from 'express-start-api/api'
import { subscribe } from '../../../../shared/events.js'

export const APIRoute = createAPIFileRoute('/api/notes/events')({
  GET: ({ context }) => {
    let unsubscribe = (): void => {}
    const feed = new ReadableStream<string>({
      start(controller) {
        unsubscribe = subscribe(context.user, {
          send: (text) => controller.enqueue(text),
          end: () => controller.close(),
        })
      },
      // The client has left.
      cancel: () => unsubscribe(),
    })
    return new Response(feed.pipeThrough(new TextEncoderStream()), {
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    })
  },
})
