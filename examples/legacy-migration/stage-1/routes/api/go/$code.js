const { createAPIFileRoute } = require('express-start-api/api')
const { httpError } = require('../../../../shared/http-error')
const { links } = require('../../../../shared/reports')

exports.APIRoute = createAPIFileRoute('/api/go/$code')({
  GET: ({ params, pathname }) => {
    const target = links[params.code]
    // In Express it was next(), to the 404 page.
    if (!target) throw httpError(404, `Nothing at ${pathname}`)
    return new Response(null, { status: 302, headers: { Location: target } })
  },
})
