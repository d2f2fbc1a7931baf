const { createAPIFileRoute } = require('express-start-api/api')

exports.APIRoute = createAPIFileRoute('/api/file/$')({
  GET: ({ params: { _splat } }) => new Response(`File: ${_splat}\n`),
})
