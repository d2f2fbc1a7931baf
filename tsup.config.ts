import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['lib/index.ts', 'lib/api.ts', 'lib/server.ts'],
  format: ['cjs', 'esm'],
  target: 'node20',
  platform: 'node',
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  // A Start route file is loaded with a real `import()`: it must survive in the CommonJS output.
  shims: false,
})
