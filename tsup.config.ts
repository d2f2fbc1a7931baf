import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['lib/index.ts', 'lib/api.ts', 'lib/server.ts'],
  format: ['cjs', 'esm'],
  target: 'node20',
  platform: 'node',
  dts: true,
  sourcemap: true,
  clean: true,
  // For CommonJS, splitting makes `require()` of `import()`, and ESM route files are out of reach
  // (hazard 209). What entries share at run time, they share through a registered symbol.
  splitting: false,
})
