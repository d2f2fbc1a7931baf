// The same handlers for every fetch-style contender: what differs is how they are hosted.
/** Of 1 MiB. Handlers send copies: what they read from a file or a database is new memory as well. */
export const CHUNK = new Uint8Array(64 * 1024).fill(120)

export function download() {
  let left = 16
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(CHUNK.slice())
      if (--left === 0) controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'application/octet-stream' } })
}

export async function upload(request) {
  let size = 0
  for await (const chunk of request.body) size += chunk.byteLength
  return size
}

export async function form(request) {
  const fields = await request.formData()
  return { name: fields.get('name'), tags: fields.getAll('tag') }
}

/** A fetch handler that routes by hand: no contender is charged for a router. */
export async function fetchHandler(request) {
  const url = new URL(request.url)
  if (url.pathname === '/api/hello') return Response.json({ hello: 'world' })
  if (url.pathname === '/api/native') {
    return new Response(JSON.stringify({ hello: 'world' }), {
      headers: { 'content-type': 'application/json' },
    })
  }
  if (url.pathname.startsWith('/api/users/')) {
    return Response.json({
      id: url.pathname.slice('/api/users/'.length),
      q: url.searchParams.getAll('q'),
      client: request.headers.get('x-client'),
    })
  }
  if (url.pathname === '/api/echo') return Response.json(await request.json())
  if (url.pathname === '/api/form') return Response.json(await form(request))
  if (url.pathname === '/api/download') return download()
  if (url.pathname === '/api/upload') return Response.json({ size: await upload(request) })
  return new Response('Not found', { status: 404 })
}
