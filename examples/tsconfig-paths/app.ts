// Route files that import by the names in tsconfig.json's "paths":
// `npx tsx --tsconfig examples/tsconfig-paths/tsconfig.json examples/tsconfig-paths/app.ts`
// Resolving those is the loader's job: tsx does it by itself, ts-node with `-r tsconfig-paths/register`,
// bundlers and test runners by options of their own.
import { join } from 'node:path'
import express from 'express'
import { startApi } from 'express-start-api'

export const app = express()
app.use(startApi(join(__dirname, 'routes')))

if (require.main === module) {
  const server = app.listen(process.env['PORT'] ?? 3000, () => {
    const { port } = server.address() as { port: number }
    console.log(`http://localhost:${port}/api/greet/Tanner`)
  })
}
