// Text that comes word by word, as language models give it: `node examples/streaming/app.js`
// Then `curl -N` the URL, and once more, broken off by Ctrl-C: the model stops, too.
const { join } = require('node:path')
const express = require('express')
const { startApi } = require('express-start-api')

const app = express()
app.use(express.json())
app.use(startApi(join(__dirname, 'routes')))
module.exports = app

if (require.main === module) {
  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/chat?prompt=Hello`)
  })
}
