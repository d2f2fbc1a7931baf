// The Express application that was there before: `npx tsx examples/start-and-express/express.ts`
// It serves what src/routes has of an API; README.md tells how Start serves the same files.
import { fileURLToPath } from 'node:url'
import express from 'express'
import { startApi } from 'express-start-api'

export const app = express()
app.use(startApi(new URL('./src/routes', import.meta.url)))
app.get('/legacy', (_req, res) => {
  res.send('Still Express\n')
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = app.listen(process.env['PORT'] ?? 3000, () => {
    const { port } = server.address() as { port: number }
    console.log(`http://localhost:${port}/api/notes`)
  })
}
