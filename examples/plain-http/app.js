// No framework, node:http alone: `node examples/plain-http/app.js`
// Where there is no next(), startApi() answers every request, with 404 and 405 where it must.
const { createServer } = require('node:http')
const { join } = require('node:path')
const { startApi } = require('express-start-api')

const server = createServer(startApi(join(__dirname, 'routes')))
module.exports = server

if (require.main === module) {
  server.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/file/a/b.txt`)
  })
}
