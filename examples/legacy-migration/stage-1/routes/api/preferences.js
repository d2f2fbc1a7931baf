const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')
const { getCookie } = require('express-start-api/server')

// PUT is still Express's.
exports.APIRoute = createAPIFileRoute('/api/preferences')({
  GET: () => json({ theme: getCookie('theme') ?? 'light' }),
})
