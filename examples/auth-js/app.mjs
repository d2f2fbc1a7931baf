// Auth.js in one route file, routes/api/auth/$.mjs: `node examples/auth-js/app.mjs`
// Then sign in as ada, password analytical, and ask /api/me who is there.
import { fileURLToPath } from 'node:url'
import express from 'express'
import { startApi } from 'express-start-api'

export const app = express()
// Behind a proxy that sets X-Forwarded-*, Auth.js then sees the URL that the browser shows.
app.set('trust proxy', 'loopback')
app.use(startApi(new URL('./routes', import.meta.url)))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/auth/signin`)
  })
}
