// TypeScript without a build: `npx tsx examples/typescript/app.ts`
// Look at routes/api/hello.ts: handlers are typed, and nothing is generated.
import { join } from 'node:path'
import express from 'express'
import { startApi } from 'express-start-api'

export const app = express()
app.use(startApi(join(__dirname, 'routes')))

if (require.main === module) {
  const server = app.listen(process.env['PORT'] ?? 3000, () => {
    const { port } = server.address() as { port: number }
    console.log(`http://localhost:${port}/api/hello`)
  })
}
