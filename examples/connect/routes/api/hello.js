const { createAPIFileRoute } = require('express-start-api/api')

exports.APIRoute = createAPIFileRoute('/api/hello')({
  GET: () => new Response('Hello, World!\n'),
})
