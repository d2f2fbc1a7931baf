// Legacy Express: what a route costs before it moves.
import { CHUNK, upload } from '../handlers.mjs'

/** @param folder what is between `/api/` and the name of each of the `count` routes */
export function expressApp(express, count = 0, folder = '') {
  const app = express()
  app.get('/api/hello', (req, res) => res.json({ hello: 'world' }))
  app.get('/api/native', (req, res) => res.json({ hello: 'world' }))
  app.get('/api/users/:id', (req, res) => {
    res.json({ id: req.params.id, q: req.query.q, client: req.get('x-client') })
  })
  app.post('/api/echo', express.json(), (req, res) => res.json(req.body))
  app.post('/api/form', express.urlencoded({ extended: true }), (req, res) => {
    res.json({ name: req.body.name, tags: req.body.tag })
  })
  app.get('/api/download', async (req, res) => {
    res.set('content-type', 'application/octet-stream')
    for (let left = 16; left > 0; left--) {
      if (!res.write(CHUNK.slice())) await new Promise((resolve) => res.once('drain', resolve))
    }
    res.end()
  })
  app.post('/api/upload', async (req, res) => {
    res.json({ size: await upload({ body: req }) })
  })
  for (let index = 0; index < count; index++) {
    app.get(`/api/${folder}r${index}`, (req, res) => res.json({ route: index }))
  }
  app.get('/legacy', (req, res) => res.json({ legacy: true }))
  return app
}
