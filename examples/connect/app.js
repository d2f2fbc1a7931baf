// Connect: `node examples/connect/app.js`
// A legacy handler in front, route files behind it, and a 404 of the application's own.
const { join } = require('node:path')
const connect = require('connect')
const { startApi } = require('express-start-api')

const app = connect()
app.use('/legacy', (req, res) => res.end('Still Connect\n'))
app.use(startApi(join(__dirname, 'routes')))
app.use((req, res) => {
  res.statusCode = 404
  res.end(`Nothing at ${req.url}\n`)
})
module.exports = app

if (require.main === module) {
  const server = app.listen(process.env.PORT ?? 3000, () => {
    console.log(`http://localhost:${server.address().port}/api/hello`)
  })
}
