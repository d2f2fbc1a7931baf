// What the compiler says about v0 route files. `npm run types` checks it; nothing runs it.
import {
  type APIRoute,
  type HandlerData,
  type HostReq,
  type HostRes,
  type ResolveParams,
  type StartAPIMethodCallback,
  createAPIFileRoute,
  createAPIRoute,
  createStartAPIHandler,
  defaultAPIFileRouteHandler,
  defaultAPIRoutesHandler,
  json,
} from 'express-start-api'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Equal, type Expect, expectType } from './expect'

export type Params = [
  Expect<Equal<ResolveParams<'/api/users'>, {}>>,
  Expect<Equal<ResolveParams<'/users/$id'>, { id: string }>>,
  Expect<Equal<ResolveParams<'/users/$id/posts/$postId'>, { id: string; postId: string }>>,
  Expect<Equal<ResolveParams<'/$user-id'>, { 'user-id': string }>>,
  Expect<Equal<ResolveParams<'/file/$'>, { _splat?: string }>>,
  Expect<Equal<ResolveParams<'$'>, { _splat?: string }>>,
  Expect<Equal<ResolveParams<'/$user/file/$'>, { user: string; _splat?: string }>>,
  // Literal text in v0.
  Expect<Equal<ResolveParams<'/cost$/a'>, {}>>,
  // No literal: nothing is known.
  Expect<Equal<ResolveParams<string>, Record<string, string>>>,
]

export type Context = [
  Expect<Equal<HandlerData, { req: IncomingMessage; res: ServerResponse }>>,
  Expect<Equal<HostReq, IncomingMessage>>,
  Expect<Equal<HostRes, ServerResponse>>,
]

const route = createAPIFileRoute('/users/$id/posts/$postId')({
  GET: ({ request, params, context, pathname }) => {
    expectType<Request>(request)
    expectType<{ id: string; postId: string }>(params)
    expectType<IncomingMessage>(context.req)
    expectType<ServerResponse>(context.res)
    expectType<string>(pathname)
    // @ts-expect-error -- the path has no such param
    void params.name
    // @ts-expect-error -- nobody registered it
    void context.user
    return json({ id: params.id })
  },
  POST: async ({ request }) => new Response(await request.text()),
  PUT: undefined,
})
expectType<APIRoute<'/users/$id/posts/$postId'>>(route)
expectType<'/users/$id/posts/$postId'>(route.path)
expectType<StartAPIMethodCallback<'/users/$id/posts/$postId'> | undefined>(route.methods.GET)

createAPIFileRoute('/')({
  // @ts-expect-error -- no method of HTTP
  Get: () => new Response(),
})
createAPIFileRoute('/')({
  // @ts-expect-error -- Start v0 has no ANY
  ANY: () => new Response(),
})
createAPIFileRoute('/')({
  // @ts-expect-error -- no Response
  GET: () => 'text',
})
createAPIFileRoute('/')({
  // @ts-expect-error -- no Response
  GET: async () => ({ id: 1 }),
})
createAPIFileRoute('/')({
  // @ts-expect-error -- forgets to return
  GET: () => {},
})
// @ts-expect-error -- a route has a path
createAPIFileRoute()

// A handler's type tells what it may be given.
const byName: StartAPIMethodCallback<'/$name'> = ({ params }) => new Response(params.name)
createAPIFileRoute('/hello/$name')({ GET: byName })
// @ts-expect-error -- its param is missing in the path
createAPIFileRoute('/hello/$id')({ GET: byName })

const answer = json({ id: 1, tags: ['a'] })
expectType<Promise<{ id: number; tags: string[] }>>(answer.json())
// @ts-expect-error -- status is a number
json({}, { status: '200' })

createStartAPIHandler(defaultAPIFileRouteHandler)
createStartAPIHandler(({ request }) => new Response(request.url))
// @ts-expect-error -- no Response
createStartAPIHandler(() => 'text')

const user = createAPIRoute('/users/$id')({ GET: ({ params }) => new Response(params.id) })
createStartAPIHandler(defaultAPIRoutesHandler({ routes: { '/users/$id': user } }))
createStartAPIHandler(
  defaultAPIRoutesHandler({
    routes: {
      '/users/$id': user,
      '/file/$': createAPIRoute('/file/$')({ GET: () => new Response() }),
    },
  }),
)
createStartAPIHandler(
  defaultAPIRoutesHandler({
    routes: {
      // @ts-expect-error -- another path than the route's
      '/people/$id': user,
    },
  }),
)
