import {
  deleteCookie,
  getCookie,
  getCookies,
  getRequest,
  getRequestHeader,
  getRequestHost,
  getRequestUrl,
  removeResponseHeader,
  setCookie,
  setResponseHeader,
  setResponseHeaders,
  setResponseStatus,
} from '@tanstack/react-start/server'
import { createFileRoute } from '@tanstack/react-router'

const ok = () => new Response('ok')

const kinds: Record<string, () => Response> = {
  request: () => new Response(`${getRequest().method} ${getRequestUrl().pathname}`),
  header: () => new Response(getRequestHeader('x-one') ?? 'none'),
  host: () => new Response(String(getRequestHost().length > 0)),
  cookie: () => Response.json([getCookie('a') ?? null, getCookies()]),
  status: () => (setResponseStatus(202), ok()),
  'status-text': () => (setResponseStatus(299, 'Fine'), ok()),
  'status-explicit': () => (setResponseStatus(202), new Response('x', { status: 404 })),
  'response-header': () => (setResponseHeader('x-a', '1'), ok()),
  'response-headers': () => (setResponseHeaders(new Headers({ 'x-a': '1', 'x-b': '2' })), ok()),
  'header-wins': () => (
    setResponseHeader('x-a', '1'),
    new Response('x', { headers: { 'x-a': '2' } })
  ),
  'header-404': () => (setResponseHeader('x-a', '1'), new Response('x', { status: 404 })),
  'content-type': () => (setResponseHeader('content-type', 'application/json'), new Response('{}')),
  remove: () => (removeResponseHeader('x-a'), new Response('x', { headers: { 'x-a': '2' } })),
  'set-cookie': () => (setCookie('a', '1', { httpOnly: true, maxAge: 60 }), ok()),
  'set-cookies': () => (setCookie('a', '1'), setCookie('b', '2', { path: '/api' }), ok()),
  'set-cookie-twice': () => (setCookie('a', '1'), setCookie('a', '2'), ok()),
  'set-cookie-paths': () => (setCookie('a', '1', { path: '/x' }), setCookie('a', '2'), ok()),
  'set-cookie-odd': () => (setCookie('a', 'ä ;,"'), ok()),
  'cookie-both': () => (
    setCookie('a', '1'),
    new Response('x', { headers: { 'set-cookie': 'b=2; Path=/' } })
  ),
  'delete-cookie': () => (deleteCookie('a'), ok()),
  'cookie-redirect': () => (setCookie('a', '1'), Response.redirect('http://localhost/y')),
}

export const Route = createFileRoute('/api/helpers/$kind')({
  server: { handlers: { GET: ({ params }) => (kinds[params.kind] ?? ok)() } },
})
