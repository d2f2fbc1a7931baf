// The scenarios as Start route files, handed over as a bundler would.
import { createAPIFileRoute, json } from 'express-start-api'
import { download, form, upload } from './handlers.mjs'

const route = (methods) => ({ APIRoute: createAPIFileRoute('/')(methods) })

/** @param folder as Express writes it */
export function startRoutes(count = 0, folder = '') {
  const prefix = `api/${folder.replaceAll(':', '$')}`
  const modules = {
    'api/hello.ts': route({ GET: () => json({ hello: 'world' }) }),
    'api/native.ts': route({
      GET: () =>
        new Response(JSON.stringify({ hello: 'world' }), {
          headers: { 'content-type': 'application/json' },
        }),
    }),
    'api/users/$id.ts': route({
      GET: ({ request, params }) =>
        json({
          id: params.id,
          q: new URL(request.url).searchParams.getAll('q'),
          client: request.headers.get('x-client'),
        }),
    }),
    'api/echo.ts': route({ POST: async ({ request }) => json(await request.json()) }),
    'api/form.ts': route({ POST: async ({ request }) => json(await form(request)) }),
    'api/download.ts': route({ GET: () => download() }),
    'api/upload.ts': route({ POST: async ({ request }) => json({ size: await upload(request) }) }),
  }
  for (let index = 0; index < count; index++) {
    modules[`${prefix}r${index}.ts`] = route({ GET: () => json({ route: index }) })
  }
  return modules
}
