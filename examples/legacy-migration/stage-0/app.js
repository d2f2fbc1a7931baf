// Before: everything is Express, with a Router for each resource.
const express = require('express')
const auth = require('../legacy/auth')
const files = require('../legacy/files')
const notes = require('../legacy/notes')
const others = require('../legacy/others')
const { useAfterRoutes } = require('../shared/after-routes')
const { requireUser, useBeforeRoutes } = require('../shared/before-routes')
const { serve } = require('../shared/serve')

const app = express()
useBeforeRoutes(app)

// In front of express.json(): the signature is over the exact bytes.
app.post('/api/webhooks/payments', express.raw({ type: () => true }), others.payment)

app.use(express.json())
app.use(express.urlencoded({ extended: false }))

const authRouter = express.Router()
authRouter.post('/sign-up', auth.signUp)
authRouter.post('/sign-in', auth.signIn)
authRouter.post('/sign-out', requireUser, auth.signOut)
authRouter.get('/me', requireUser, auth.me)

const noteFilesRouter = express.Router({ mergeParams: true })
noteFilesRouter.get('/', files.list)
noteFilesRouter.post('/', files.upload)

const notesRouter = express.Router()
notesRouter.use(requireUser)
notesRouter.get('/', notes.list)
notesRouter.post('/', notes.create)
notesRouter.get('/search', notes.search)
notesRouter.get('/events', notes.events)
notesRouter.get('/export', notes.csv)
notesRouter.get('/:id', notes.find)
notesRouter.put('/:id', notes.replace)
notesRouter.patch('/:id', notes.change)
notesRouter.delete('/:id', notes.remove)
notesRouter.use('/:id/files', noteFilesRouter)

const filesRouter = express.Router()
filesRouter.use(requireUser)
filesRouter.get('/:id', files.download)
filesRouter.delete('/:id', files.remove)

app.use('/api/auth', authRouter)
app.use('/api/notes', notesRouter)
app.use('/api/files', filesRouter)

app.get('/api/health', others.health)
app.get('/api/go/:code', others.go)
app.get('/api/preferences', others.theme)
app.put('/api/preferences', others.setTheme)
app.get('/api/reports/:year', others.report)

useAfterRoutes(app)
module.exports = { app }

if (require.main === module) serve(module.exports)
