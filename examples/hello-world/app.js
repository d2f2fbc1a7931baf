// CommonJS, without a build: `node app.js`
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
