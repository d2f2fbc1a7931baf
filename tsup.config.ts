import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['lib/index.ts', 'lib/api.ts', 'lib/server.ts', 'lib/fast-response.ts', 'lib/cli.ts'],
  format: ['cjs', 'esm'],
  target: 'node20',
  platform: 'node',
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  // Rollup then writes the CommonJS output: tsup's own way there turns the `import()` that loads route
  // files into a `require`, and no ES module could be loaded from a CommonJS application (hazard 209).
  treeshake: true,
  // The package holds lib/ itself: in each of the maps of two formats it would be there twice more.
  esbuildOptions(options) {
    options.sourcesContent = false
  },
})
