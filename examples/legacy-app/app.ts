// A legacy Express application that moves to TanStack Start one method of one path at a time:
// `npm start`
// What has moved is in routes/, the rest is still Express.
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import express, { type ErrorRequestHandler } from 'express'
import { startApi } from 'express-start-api'
import { addUser } from './users'

export const app = express()

app.use(express.json())

// Guards run in front of route files as in front of any other middleware.
app.use('/api/admin', (req, res, next) => {
  if (req.get('authorization') === 'Bearer letmein') next()
  else res.status(401).json({ error: 'Log in first' })
})

const api = startApi(join(__dirname, 'routes'))
app.use(api)

// GET /api/users has moved to routes/api/users.ts; POST has not.
app.post('/api/users', (req, res) => {
  res.status(201).json(addUser(req.body.name))
})

app.get('/', (_req, res) => {
  res.send('The legacy home page\n')
})

app.use((req, res) => {
  res.status(404).send(`The legacy 404 page: nothing at ${req.path}\n`)
})

const handleError: ErrorRequestHandler = (error, req, res, _next) => {
  console.error(`${req.method} ${req.path}: ${error.message}`)
  res.status(error.status ?? error.statusCode ?? 500).json({ error: 'The legacy error handler' })
}
app.use(handleError)

if (require.main === module) {
  const server = app.listen(Number(process.env['PORT'] ?? 3000), async (error?: Error) => {
    if (error !== undefined) throw error
    await api.ready
    for (const { methods, path, file } of api.routes) {
      console.log(methods.join(' ').padEnd(10), path.padEnd(32), file)
    }
    console.log(`\nhttp://localhost:${(server.address() as AddressInfo).port}`)
  })
}
