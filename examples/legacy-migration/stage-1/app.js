// Half-way: what has moved is in `routes/`, in front of the Express handlers that are left.
const { join } = require('node:path')
const express = require('express')
const { startApi } = require('express-start-api')
const auth = require('../legacy/auth')
const files = require('../legacy/files')
const notes = require('../legacy/notes')
const others = require('../legacy/others')
const { useAfterRoutes } = require('../shared/after-routes')
const { requireUser, useBeforeRoutes } = require('../shared/before-routes')
const { serve } = require('../shared/serve')

const app = express()
useBeforeRoutes(app)

// The guards were in the Routers. Route files are not: their guards stand in front of them.
app.use(['/api/auth/me', '/api/auth/sign-out', '/api/notes', '/api/files'], requireUser)

app.post('/api/webhooks/payments', express.raw({ type: () => true }), others.payment)

app.use(express.json())
app.use(express.urlencoded({ extended: false }))

const api = startApi(join(__dirname, 'routes'), {
  context: ({ user }) => ({ user }),
})
app.use(api)

app.post('/api/auth/sign-up', auth.signUp)
app.post('/api/auth/sign-in', auth.signIn)

const notesRouter = express.Router()
notesRouter.post('/', notes.create)
notesRouter.put('/:id', notes.replace)
notesRouter.patch('/:id', notes.change)
notesRouter.post('/:id/files', files.upload)
app.use('/api/notes', notesRouter)

app.get('/api/files/:id', files.download)
app.put('/api/preferences', others.setTheme)

useAfterRoutes(app)
module.exports = { app, close: api.close }

if (require.main === module) serve(module.exports)
