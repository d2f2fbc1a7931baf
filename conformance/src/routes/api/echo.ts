import { createFileRoute } from '@tanstack/react-router'
import { marksOf } from '../../middleware'

interface Given {
  request: Request
  params: object
  context: object
  pathname: string
}

/** All that a handler can tell of a request. */
async function tell({ request, params, context, pathname }: Given): Promise<Response> {
  const url = new URL(request.url)
  const text = request.method === 'GET' || request.method === 'HEAD' ? null : await request.text()
  const names = ['accept', 'content-type', 'content-length', 'cookie', 'x-one', 'x-many']
  return Response.json({
    method: request.method,
    path: url.pathname,
    search: url.search,
    query: [...url.searchParams],
    headers: names.map((name) => request.headers.get(name)),
    params,
    pathname,
    marks: marksOf(context),
    text,
  })
}

export const Route = createFileRoute('/api/echo')({
  server: {
    handlers: { GET: tell, POST: tell, PUT: tell, PATCH: tell, DELETE: tell, OPTIONS: tell },
  },
})
