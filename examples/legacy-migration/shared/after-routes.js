// What every stage has behind its routes: the 404 page and the error handler.

exports.useAfterRoutes = (app) => {
  app.use((req, res) => {
    res.status(404).json({ error: `Nothing at ${req.path}` })
  })

  app.use((error, req, res, next) => {
    if (res.headersSent) return next(error)
    const { status, message } = toAnswer(error)
    if (status >= 500) console.error(`${req.method} ${req.path}: ${error.message}`)
    res.status(status).json({ error: message })
  })
}

function toAnswer(error) {
  if (error.code === 'LIMIT_FILE_SIZE') return { status: 413, message: error.message }
  const status = error.status ?? error.statusCode ?? 500
  // body-parser's own words quote the body.
  if (error instanceof SyntaxError && status === 400) return { status, message: 'Malformed JSON' }
  return { status, message: status < 500 ? error.message : 'Something went wrong' }
}
