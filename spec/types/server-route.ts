// Types of Server Routes and middleware: params by the rules of v1, context through the chain.
import { createFileRoute, createMiddleware, createStart, startApi } from 'express-start-api'
import { createServerFileRoute } from 'express-start-api/server'
import { exactly } from './exactly'

const ok = () => new Response('ok')

const auth = createMiddleware().server(({ request, next }) =>
  next({ context: { user: { name: request.headers.get('x-user') ?? 'nobody' } } }),
)

const admin = createMiddleware()
  .middleware([auth])
  .server(async ({ context, next }) => {
    const { name } = context.user
    if (name !== 'Ada') return new Response('no', { status: 403 })
    const result = await next({ context: { isAdmin: true } })
    result.response.headers.set('x-admin', String(result.context.isAdmin))
    return result
  })

export const Route = createFileRoute('/api/users/$id')({
  server: {
    middleware: [admin],
    handlers: {
      GET: ({ params, context, request, pathname }) => {
        exactly<{ id: string }>()(params)
        exactly<{ name: string }>()(context.user)
        exactly<boolean>()(context.isAdmin)
        exactly<Request>()(request)
        exactly<string>()(pathname)
        // @ts-expect-error -- no such param
        void params.name
        // @ts-expect-error -- nothing has added it
        void context.session
        return new Response(context.user.name)
      },
      ANY: ok,
      // @ts-expect-error -- no Response
      POST: () => ({ id: 1 }),
    },
  },
})

export const built = createFileRoute('/files/{-$lang}/pre{$id}suf/{$}.txt')({
  server: {
    handlers: ({ createHandlers }) =>
      createHandlers({
        GET: {
          middleware: [auth],
          handler: ({ params, context }) => {
            exactly<{ id: string; lang?: string; _splat?: string }>()(params)
            return new Response(context.user.name + params.id + (params.lang ?? ''))
          },
        },
        POST: ({ context }) => {
          // @ts-expect-error -- the middleware of GET only
          void context.user
          return ok()
        },
      }),
  },
})

// @ts-expect-error -- no such method
createFileRoute('/x')({ server: { handlers: { FETCH: ok } } })

// @ts-expect-error -- a function is no middleware
createFileRoute('/x')({ server: { middleware: [ok], handlers: { GET: ok } } })

export const ServerRoute = createServerFileRoute('/api/users/$id')
  .middleware([auth])
  .methods((api) => ({
    GET: ({ params, context }) => new Response(context.user.name + params.id),
    POST: api.middleware([admin]).handler(({ context }) => new Response(String(context.isAdmin))),
  }))

export const startInstance = createStart(() => ({ requestMiddleware: [auth], defaultSsr: false }))

startInstance.createMiddleware().server(({ context, next }) => {
  exactly<string>()(context.user.name)
  return next()
})
createMiddleware().server(({ context, next }) => {
  // @ts-expect-error -- nothing says that the middleware of start.ts has run
  void context.user
  return next()
})

/** As `@tanstack/react-start` types what it makes. */
interface StartsOwn {
  readonly options: { readonly server?: unknown }
  readonly '~types': { readonly type: 'request'; readonly allServerContext: { tenant: string } }
}
interface StartsOptions {
  readonly requestMiddleware?: readonly StartsOwn[]
  readonly defaultSsr?: boolean
}
declare const tenant: StartsOwn
declare const startsInstance: { getOptions(): StartsOptions | Promise<StartsOptions> }

createFileRoute('/x')({
  server: {
    middleware: [auth, tenant],
    handlers: { GET: ({ context }) => new Response(context.tenant + context.user.name) },
  },
})
createMiddleware()
  .middleware([tenant])
  .server(({ context, next }) => next({ context: { length: context.tenant.length } }))
startApi('./routes', { middleware: [tenant], start: startsInstance })
