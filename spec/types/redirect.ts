// What the compiler says about redirect() and notFound(). `npm run types` checks it; nothing runs it.
import {
  type NotFound,
  type Redirect,
  createAPIFileRoute,
  isNotFound,
  isRedirect,
  notFound,
  redirect,
} from 'express-start-api'
import { type Equal, type Expect, expectType } from './expect'

expectType<Redirect>(redirect({ to: '/users' }))
redirect({ to: '/users', search: { page: 2 }, hash: 'top', statusCode: 303, replace: true })
redirect({ to: '/users/$id', params: { id: 1 } })
redirect({ to: '/$user/files/$', params: { user: 'a', _splat: 'b/c' } })
redirect({ to: '/post-{$id}', params: { id: 1 } })
redirect({ to: '/{-$lang}/about' })
redirect({ to: '/{-$lang}/about', params: {} })
redirect({ to: '/{-$lang}/about', params: { lang: undefined } })
redirect({ to: '/{-$lang}/$id/{$}.txt', params: { lang: 'de', id: 1, _splat: 'a/b' } })
redirect({ href: 'https://example.org/', code: 301, headers: [['set-cookie', 'a=1']] })

const path: string = '/users'
redirect({ to: path })
redirect({ to: path, params: { id: 'x' } })

// @ts-expect-error -- leads nowhere
redirect({})
// @ts-expect-error -- one of both
redirect({ to: '/a', href: 'https://example.org/' })
// @ts-expect-error -- the param is missing
redirect({ to: '/users/$id' })
// @ts-expect-error -- the param is missing
redirect({ to: '/users/$id', params: {} })
// @ts-expect-error -- another param
redirect({ to: '/users/$id', params: { name: 'x' } })
// @ts-expect-error -- no path for a splat
redirect({ to: '/files/$', params: {} })
// @ts-expect-error -- no path for a splat
redirect({ to: '/files/{$}.txt' })
// @ts-expect-error -- the param within the segment is missing
redirect({ to: '/post-{$id}', params: {} })
// @ts-expect-error -- only an optional one may be undefined
redirect({ to: '/{-$lang}/$id', params: { id: undefined } })
// @ts-expect-error -- another param
redirect({ to: '/{-$lang}/about', params: { language: 'de' } })
// @ts-expect-error -- the path has no param
redirect({ to: '/users', params: { id: 1 } })
// @ts-expect-error -- redirects nothing
redirect({ to: '/users', statusCode: 200 })

const thrown = () => redirect({ to: '/', throw: true })
const thrown404 = () => notFound({ throw: true })
export type Thrown = [
  Expect<Equal<ReturnType<typeof thrown>, never>>,
  Expect<Equal<ReturnType<typeof thrown404>, never>>,
]

expectType<NotFound>(notFound())
expectType<NotFound>(notFound({ data: { id: 1 }, headers: { 'x-a': '1' }, routeId: '/users' }))

// Both are answers of a handler.
createAPIFileRoute('/$id')({
  GET: ({ params }) => (params.id === '' ? notFound() : redirect({ to: '/' })),
  POST: async () => redirect({ to: '/' }),
})

export function narrow(value: unknown): void {
  if (isRedirect(value)) expectType<Response>(value)
  if (isNotFound(value)) expectType<true>(value.isNotFound)
}
