import { notFound, redirect } from '@tanstack/react-router'
import { createFileRoute } from '@tanstack/react-router'

const words = ['one ', 'two ', 'three']

function stream(): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    start(controller) {
      for (const word of words) controller.enqueue(encoder.encode(word))
      controller.close()
    },
  })
}

const answers: Record<string, () => unknown> = {
  text: () => new Response('text'),
  json: () => Response.json({ a: 1 }),
  html: () =>
    new Response('<p>html</p>', { headers: { 'content-type': 'text/html; charset=utf-8' } }),
  bytes: () => new Response(new Uint8Array([0, 1, 254, 255])),
  blob: () => new Response(new Blob(['blob'], { type: 'text/x-blob' })),
  form: () => new Response(new URLSearchParams({ a: '1 2' })),
  stream: () => new Response(stream()),
  empty: () => new Response(null),
  blank: () => new Response(''),
  created: () => new Response('created', { status: 201, headers: { location: '/api/echo' } }),
  'no-content': () => new Response(null, { status: 204 }),
  'reset-content': () => new Response(null, { status: 205 }),
  'not-modified': () => new Response(null, { status: 304, headers: { etag: '"1"' } }),
  teapot: () => new Response('teapot', { status: 418, statusText: 'Short And Stout' }),
  cookies: () => {
    const headers = new Headers()
    headers.append('set-cookie', 'a=1; Path=/')
    headers.append('set-cookie', 'b=2; Path=/; HttpOnly')
    return new Response('cookies', { headers })
  },
  headers: () => {
    const headers = new Headers([
      ['vary', 'accept'],
      ['vary', 'origin'],
      ['x-latin', 'caf\u00e9'],
    ])
    return new Response('headers', { headers })
  },
  'redirect-static': () => Response.redirect('http://localhost/api/echo', 303),
  'redirect-to': () => redirect({ to: '/api/echo' } as never),
  'redirect-search': () => redirect({ to: '/api/echo', search: { a: 1 } } as never),
  'redirect-href': () => redirect({ href: 'https://example.com/x?y=1' }),
  'redirect-301': () => redirect({ to: '/api/echo', statusCode: 301 } as never),
  'redirect-headers': () => redirect({ to: '/api/echo', headers: { 'x-own': '1' } } as never),
  'throw-redirect': () => {
    throw redirect({ to: '/api/echo' } as never)
  },
  'throw-response': () => {
    throw new Response('thrown', { status: 403 })
  },
  'throw-error': () => {
    throw new Error('a secret of the server')
  },
  'throw-status': () => {
    throw Object.assign(new Error('a secret of the server'), { status: 409 })
  },
  'throw-text': () => {
    throw 'a secret of the server'
  },
  'throw-not-found': () => {
    throw notFound()
  },
  object: () => ({ a: 1 }),
  string: () => 'text',
  nothing: () => undefined,
  null: () => null,
}

export const Route = createFileRoute('/api/answers/$kind')({
  server: {
    handlers: {
      GET: ({ params }) =>
        (answers[params.kind] ?? (() => new Response('?', { status: 404 })))() as Response,
    },
  },
})
