// The shortest program, in CommonJS and without a build: `node examples/hello-world/app.js`
// Then look at routes/api/hello.js: its place is its URL.
const { join } = require('node:path')
const express = require('express')
const { startApi } = require('express-start-api')

const app = express()
app.use(startApi(join(__dirname, 'routes')))
module.exports = app

if (require.main === module) {
  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/hello`)
  })
}
