// tRPC in one route file, routes/api/trpc/$.ts: `npx tsx examples/trpc/app.ts`
import { join } from 'node:path'
import express from 'express'
import { startApi } from 'express-start-api'

export const app = express()
// A parser in front does no harm: tRPC reads what the client has sent.
app.use(express.json())
app.use(startApi(join(__dirname, 'routes')))

if (require.main === module) {
  const server = app.listen(process.env['PORT'] ?? 3000, () => {
    const { port } = server.address() as { port: number }
    console.log(`http://localhost:${port}/api/trpc/greet?input=%7B%22name%22%3A%22Ada%22%7D`)
  })
}
