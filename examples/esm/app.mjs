// ES modules, without a build: `node examples/esm/app.mjs`
// The routes directory is a URL here, since ES modules have no __dirname.
import { fileURLToPath } from 'node:url'
import express from 'express'
import { startApi } from 'express-start-api'

export const app = express()
app.use(startApi(new URL('./routes', import.meta.url)))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/hello`)
  })
}
