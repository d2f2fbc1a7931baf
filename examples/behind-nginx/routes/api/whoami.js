const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')

exports.APIRoute = createAPIFileRoute('/api/whoami')({
  // Express's own `req` is there, too: its `ip` is the client's, behind the proxy as well.
  GET: ({ request, context }) => json({ url: request.url, ip: context.req.ip }),
})
