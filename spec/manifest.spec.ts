// The manifest that `start-api manifest` writes, and what compilers and startApi() make of it.
import { writeFileSync } from 'node:fs'
import { join, resolve, win32 } from 'node:path'
import { type RouteModules, startApi } from 'express-start-api'
import ts from 'typescript'
import { toManifest } from '../lib/cli/manifest'
import { runCommand } from '../lib/cli/run-command'
import { routeTexts, routesDirectory } from './support/routes-directory'

const NOTE = '// Written by `start-api manifest`: run it again when route files come or go.'

describe('a manifest', () => {
  it('imports each file lazily, by the name that TypeScript and bundlers resolve', () => {
    const files = ['api/a.ts', 'api/b.tsx', 'api/c.mts', 'api/d.cts', 'api/e.js', 'api/f.jsx']
    expect(toManifest(files, '/app/src/routes', '/app/src/routes.manifest.ts')).toBe(`${NOTE}
import type { RouteModules } from 'express-start-api'

export default {
  './routes/api/a.ts': () => import('./routes/api/a.js'),
  './routes/api/b.tsx': () => import('./routes/api/b.js'),
  './routes/api/c.mts': () => import('./routes/api/c.mjs'),
  './routes/api/d.cts': () => import('./routes/api/d.cjs'),
  './routes/api/e.js': () => import('./routes/api/e.js'),
  './routes/api/f.jsx': () => import('./routes/api/f.jsx'),
} satisfies RouteModules
`)
  })

  it.each([
    ['mjs', 'export default {'],
    ['js', 'export default {'],
    ['cjs', 'module.exports = {'],
  ])('is JavaScript in a .%s file, with the files’ own names', (extension, head) => {
    expect(toManifest(['a.ts'], '/app/routes', `/app/gen/m.${extension}`)).toBe(
      `${NOTE}\n${head}\n  './routes/a.ts': () => import('../routes/a.ts'),\n}\n`,
    )
  })

  it.each([
    ['/app/routes', '/app/m.mjs', './routes/a.js'],
    ['/app/server/api', '/app/m.mjs', './server/api/a.js'],
    ['/app/routes', '/app/routes/m.mjs', './a.js'],
    ['/app/routes', '/app/routes/-gen/m.mjs', '../a.js'],
    ['/app/..routes', '/app/m.mjs', './..routes/a.js'],
    ['/routes', '/app/gen/m.mjs', '../../routes/a.js'],
  ])('of %s in %s imports %s', (directory, output, specifier) => {
    expect(toManifest(['a.js'], directory, output)).toContain(`import('${specifier}')`)
  })

  it('separates by slashes where the system does not (hazard 202)', () => {
    jest.isolateModules(() => {
      jest.doMock('node:path', () => win32)
      const windows = require('../lib/cli/manifest') as { toManifest: typeof toManifest }
      expect(
        windows.toManifest(['api/a.js'], 'C:\\app\\src\\routes', 'C:\\app\\gen\\m.mjs'),
      ).toContain(`'./routes/api/a.js': () => import('../src/routes/api/a.js'),`)
      jest.dontMock('node:path')
    })
  })

  it('quotes what names may hold', () => {
    expect(toManifest([`it's/$id.js`], '/routes', '/m.mjs')).toContain(
      String.raw`'./routes/it\'s/$id.js': () => import('./routes/it\'s/$id.js')`,
    )
  })

  it('serves what the directory serves, also where folders inside are named routes', async () => {
    const names = ['api/routes/a.js', 'api/routes/$id.js', 'api/routes/b/index.js']
    const directory = routesDirectory(routeTexts(...names), 'server')
    const output = join(directory, '../manifest.cjs')
    await runCommand(['manifest', directory, '-o', output])
    // jest can't run the import() in it.
    const text = (await runCommand(['manifest', directory])).stdout!
    const keys = [...text.matchAll(/^ {2}'(.*)': \(\) => import\('(.*)'\),$/gm)]
    const modules: RouteModules = Object.fromEntries(
      keys.map(([, key]) => [
        key!,
        () => require(join(directory, key!.slice('./routes/'.length))) as unknown,
      ]),
    )
    const [fromManifest, fromDirectory] = [startApi(modules), startApi(directory)]
    await Promise.all([fromManifest.ready, fromDirectory.ready])
    expect(fromManifest.routes).toHaveLength(3)
    expect(fromManifest.routes).toEqual(fromDirectory.routes)
  })

  it.each([
    ['node16', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
    ['bundler', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
  ])(
    'compiles under moduleResolution %s, and startApi() takes it',
    async (_, module, resolution) => {
      const route = `import { createAPIFileRoute } from 'express-start-api/api'
      export const APIRoute = createAPIFileRoute('/api/a')({ GET: () => new Response('a') })`
      const directory = routesDirectory({
        'package.json': '{ "type": "module" }',
        'routes/api/$a.ts': route,
        'routes/api/b.tsx': route,
        'routes/c.mts': route,
      })
      await runCommand([
        'manifest',
        join(directory, 'routes'),
        '-o',
        join(directory, 'manifest.ts'),
      ])
      writeFileSync(
        join(directory, 'app.ts'),
        `import { startApi } from 'express-start-api'
       import manifest from './manifest.js'
       startApi(manifest)`,
      )
      const lib = resolve(__dirname, '../lib')
      const program = ts.createProgram([join(directory, 'app.ts')], {
        module,
        moduleResolution: resolution,
        target: ts.ScriptTarget.ES2022,
        jsx: ts.JsxEmit.Preserve,
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ['node'],
        typeRoots: [resolve(lib, '../node_modules/@types')],
        paths: {
          'express-start-api': [join(lib, 'index.ts')],
          'express-start-api/*': [join(lib, '*.ts')],
        },
      })
      const complaints = ts
        .getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      expect(complaints).toEqual([])
    },
  )
})
