import { createAPIFileRoute } from 'express-start-api/api'
import { httpError } from '../../../../shared/http-error.js'
import { links } from '../../../../shared/reports.js'

export const APIRoute = createAPIFileRoute('/api/go/$code')({
  GET: ({ request, params }) => {
    const target = new Map(Object.entries(links)).get(params.code)
    if (target === undefined) throw httpError(404, `Nothing at ${new URL(request.url).pathname}`)
    return new Response(null, { status: 302, headers: { location: target } })
  },
})
