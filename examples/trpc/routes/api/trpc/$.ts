import { initTRPC } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createAPIFileRoute } from 'express-start-api/api'

const t = initTRPC.create()

/** Any validator does, zod's among them. */
const toPerson = (value: unknown): { name: string } => {
  const { name } = (value ?? {}) as { name?: unknown }
  if (typeof name !== 'string') throw new TypeError('Send a name.')
  return { name }
}

export const appRouter = t.router({
  greet: t.procedure.input(toPerson).query(({ input }) => `Hello, ${input.name}!`),
  shout: t.procedure.input(toPerson).mutation(({ input }) => input.name.toUpperCase()),
})

/** What clients are typed by. */
export type AppRouter = typeof appRouter

const handle = ({ request }: { request: Request }) =>
  fetchRequestHandler({ endpoint: '/api/trpc', req: request, router: appRouter })

export const APIRoute = createAPIFileRoute('/api/trpc/$')({ GET: handle, POST: handle })
