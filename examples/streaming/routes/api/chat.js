const { setTimeout } = require('node:timers/promises')
const { createAPIFileRoute } = require('express-start-api/api')

/** Stands for a model. It stops where the client has left: nobody pays for words that nobody reads. */
async function* answer(prompt, signal) {
  signal.addEventListener('abort', () => console.log('The client has left.'))
  for (const word of `You said: ${prompt}. That is all I know.`.split(' ')) {
    await setTimeout(50, undefined, { signal })
    yield `${word} `
  }
}

/** Server-sent events; the client's `EventSource`, or a library's hook, reads them. */
function toEvents(words) {
  const events = ReadableStream.from(words).pipeThrough(
    new TransformStream({
      transform: (word, controller) => controller.enqueue(`data: ${JSON.stringify({ word })}\n\n`),
      flush: (controller) => controller.enqueue('data: [DONE]\n\n'),
    }),
  )
  return new Response(events.pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
  })
}

exports.APIRoute = createAPIFileRoute('/api/chat')({
  GET({ request }) {
    const prompt = new URL(request.url).searchParams.get('prompt') ?? ''
    return toEvents(answer(prompt, request.signal))
  },
  async POST({ request }) {
    const { prompt } = await request.json()
    return toEvents(answer(prompt, request.signal))
  },
})
