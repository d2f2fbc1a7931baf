// Files from a form, without multer: `node examples/upload/app.js`
// Then `curl -F title=Cat -F photo=@cat.png` the URL. The file is a `File`, as in Start.
const { join } = require('node:path')
const express = require('express')
const { startApi } = require('express-start-api')

const app = express()
// formData() keeps the files in memory: a limit belongs to it. For more, put multer in front of the
// route, or in it by fromExpress().
app.use(startApi(join(__dirname, 'routes'), { maxBodySize: 5_000_000 }))
module.exports = app

if (require.main === module) {
  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/photos`)
  })
}
