// A server in one file, which needs no routes directory any more:
// `node examples/esbuild/build.mjs && node examples/esbuild/dist/server.js`
// Look at the routes.manifest.ts that it writes, and at server.ts, which imports that.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))

// Bundlers follow imports and no directory, so the command writes them down.
const command = here('../../dist/cli.js') // in an application: npx start-api
execFileSync(process.execPath, [
  command,
  'manifest',
  here('routes'),
  '-o',
  here('routes.manifest.ts'),
])

await build({
  entryPoints: [here('server.ts')],
  outfile: here('dist/server.js'),
  bundle: true,
  platform: 'node',
  // Left to node_modules; without this line, Express is bundled, too.
  packages: 'external',
})
