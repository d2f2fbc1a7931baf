// Behind nginx, with nginx.conf beside this file: `node examples/behind-nginx/app.js`
// What routes/api/whoami.js answers is the URL that the browser shows, and the browser's own address.
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
