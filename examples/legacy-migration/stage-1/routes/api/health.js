const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')

exports.APIRoute = createAPIFileRoute('/api/health')({
  GET: () => json({ ok: true }),
})
