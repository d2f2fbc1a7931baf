// Behind nginx (nginx.conf): `request.url` is what the browser shows, and redirects stay on that host.
const { join } = require('node:path')
const express = require('express')
const { startApi } = require('express-start-api')

const app = express()
// Whose X-Forwarded-* count. Without it they are ignored, since any client can send them.
app.set('trust proxy', 'loopback')
app.use(startApi(join(__dirname, 'routes')))
module.exports = app

if (require.main === module) {
  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/whoami`)
  })
}
