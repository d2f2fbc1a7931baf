// What build.mjs bundles: the manifest of the route files instead of their directory.
import express from 'express'
import { startApi } from 'express-start-api'
// @ts-ignore -- written by build.mjs
import routes from './routes.manifest'

const app = express()
app.use(startApi(routes))

const server = app.listen(process.env['PORT'] ?? 3000, () => {
  const { port } = server.address() as { port: number }
  console.log(`http://localhost:${port}/api/users/1`)
})
