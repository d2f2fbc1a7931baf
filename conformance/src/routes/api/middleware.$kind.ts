import { createMiddleware } from '@tanstack/react-start'
import { createFileRoute } from '@tanstack/react-router'
import { marksOf } from '../../middleware'

interface Options {
  params: { kind: string }
  next(options?: object): Promise<{ response: Response }>
}

const kinds: Record<string, (options: Options) => unknown> = {
  pass: ({ next }) => next(),
  deny: () => new Response('no', { status: 401, headers: { 'www-authenticate': 'Basic' } }),
  'throw-response': () => {
    throw new Response('thrown', { status: 402 })
  },
  'throw-error': () => {
    throw new Error('a secret of the server')
  },
  context: ({ next }) => next({ context: { marks: 'mine' } }),
  header: async ({ next }) => {
    const result = await next()
    result.response.headers.set('x-added', 'after')
    return result
  },
  replace: async ({ next }) => {
    const { response } = await next()
    return new Response(`<${await response.text()}>`, { status: 202 })
  },
  'throw-after': async ({ next }) => {
    await next()
    throw new Response('instead', { status: 418 })
  },
  'return-nothing': async ({ next }) => {
    await next()
  },
  stuck: () => undefined,
  rescue: async ({ next }) => {
    try {
      return await next()
    } catch {
      return new Response('rescued')
    }
  },
}

const own = createMiddleware().server(((options: Options) => {
  const kind = new URL((options as unknown as { request: Request }).request.url).pathname
    .split('/')
    .at(-1)!
  return (kinds[kind] ?? kinds['pass']!)(options)
}) as never)

export const Route = createFileRoute('/api/middleware/$kind')({
  server: {
    middleware: [own],
    handlers: {
      GET: ({ params, context }) => {
        if (params.kind === 'rescue') throw new Error('in need')
        return new Response(`handler ${marksOf(context)}`)
      },
    },
  },
})
