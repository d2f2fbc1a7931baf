// After: every endpoint is a route file. Express keeps sessions, guards, the page and the last word.
const { join } = require('node:path')
const express = require('express')
const { startApi } = require('express-start-api')
const { useAfterRoutes } = require('../shared/after-routes')
const { requireUser, useBeforeRoutes } = require('../shared/before-routes')
const { serve } = require('../shared/serve')

const app = express()
useBeforeRoutes(app)
app.use(['/api/auth/me', '/api/auth/sign-out', '/api/notes', '/api/files'], requireUser)

// No body parsers are left: handlers read their bodies themselves, so the limit is set here.
const api = startApi(join(__dirname, 'routes'), {
  context: ({ user }) => ({ user }),
  maxBodySize: 1024 * 1024,
})
app.use(api)

useAfterRoutes(app)
module.exports = { app, close: api.close }

if (require.main === module) serve(module.exports)
