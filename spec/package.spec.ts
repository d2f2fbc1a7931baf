// The tarball that npm would publish, in an application of its own.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { globSync } from 'glob'
import { bin, dependencies, exports } from '../package.json'
import { assertBuilt, root } from './support/built'

const tsc = require.resolve('typescript/bin/tsc')

let app: string
let installed: string
const made: string[] = []
let packed: readonly string[]

/** `npm install` without the network: the tarball's content, beside its dependencies and no others. */
beforeAll(() => {
  assertBuilt()
  app = mkdtempSync(join(tmpdir(), 'start-api-package-'))
  made.push(app)
  const [tarball] = JSON.parse(
    run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', app], root),
  ) as [{ filename: string; files: { path: string }[] }]
  packed = tarball.files.map(({ path }) => path)
  installed = join(app, 'node_modules/express-start-api')
  mkdirSync(installed, { recursive: true })
  run('tar', ['-xzf', tarball.filename, '--strip-components=1', '-C', installed], app)
  link(join(app, 'node_modules'), [...Object.keys(dependencies), '@types/node'])
}, 30_000)

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

/** Installs packages of the project. */
function link(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const home = join(folder, name)
    mkdirSync(dirname(home), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), home, 'junction')
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(app, file)), { recursive: true })
  writeFileSync(join(app, file), text)
}

describe('the tarball', () => {
  it('holds the build, its sources, its texts, and nothing else', () => {
    const sources = globSync('lib/**/*.ts', { cwd: root, posix: true })
    expect(packed.filter((path) => !path.startsWith('dist/')).sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...sources].sort(),
    )
    const built = packed.filter((path) => path.startsWith('dist/'))
    expect(built.filter((path) => !/\.(?:m?js|m?js\.map|d\.m?ts)$/.test(path))).toEqual([])
  })

  it('holds what its source maps name, once for all of them', () => {
    const maps = packed.filter((path) => path.endsWith('.map'))
    expect(maps.length).toBeGreaterThan(0)
    for (const path of maps) {
      const map = JSON.parse(readFileSync(join(installed, path), 'utf8')) as {
        sources: string[]
        sourcesContent?: unknown
      }
      expect(map.sourcesContent).toBeUndefined()
      const named = map.sources.map((source) => posix.join(posix.dirname(path), source))
      expect(packed).toEqual(expect.arrayContaining(named))
    }
  })

  it('holds each file that the entries name', () => {
    const named = JSON.stringify(exports).match(/dist\/[^"]+/g) ?? []
    expect(named.length).toBeGreaterThan(0)
    expect(packed).toEqual(expect.arrayContaining(named))
  })

  it('holds no file that no entry leads to', () => {
    const entries = JSON.stringify([exports, bin]).match(/dist\/[^"]+/g)!
    const reached = new Set(entries)
    // Visits what is added on the way, too.
    for (const file of reached) {
      const text = readFileSync(join(installed, file), 'utf8')
      const [, types = ''] = /(\.d)\.m?ts$/.exec(file) ?? []
      for (const [, name, extension] of text.matchAll(/['"]\.\/([\w.-]+)\.(m?js)['"]/g)) {
        // Declarations name the JavaScript that they stand beside.
        reached.add(
          `dist/${name}${types}.${types === '' ? extension : extension!.replace('j', 't')}`,
        )
      }
      const [, map] = /\n\/\/# sourceMappingURL=(.+)/.exec(text) ?? []
      if (map !== undefined) reached.add(`dist/${map}`)
    }
    expect(packed.filter((path) => path.startsWith('dist/')).sort()).toEqual([...reached].sort())
  })

  it.each([
    ['app.cjs', `const { startApi } = require('express-start-api')`],
    ['app.mjs', `import { startApi } from 'express-start-api'`],
  ])('has source maps: stacks in %s name files and lines of lib/', (name, head) => {
    write(
      `maps/${name}`,
      `${head}\ntry { startApi('nope') } catch (error) { console.log(error.stack) }`,
    )
    const stack = run(process.execPath, ['--enable-source-maps', `maps/${name}`], app)
    const [, file, line] = /at directoryError .*\/(lib\/[\w/-]+\.ts):(\d+):/.exec(stack) ?? []
    expect(file).toBe('lib/routes/route-files.ts')
    const lines = readFileSync(join(root, file!), 'utf8').split('\n')
    // Where the error is made, inside that function.
    expect(lines.slice(0, Number(line)).join('\n')).toContain('function directoryError(')
    expect(lines[Number(line) - 1]).toContain('new StartApiError(')
  })

  it.each([
    ['express-start-api', ['@whatwg-node/server', 'glob', 'minimatch']],
    ['express-start-api/api', []],
    ['express-start-api/server', ['h3']],
  ])('loads as %s where no other dependencies are installed than %j', (entry, needed) => {
    // Beside the application: packages are looked for in all folders above.
    const folder = `${app}-${entry.replace('/', '-')}`
    made.push(folder)
    cpSync(installed, join(folder, 'node_modules/express-start-api'), { recursive: true })
    link(join(folder, 'node_modules'), needed)
    for (const load of [`require('${entry}')`, `import('${entry}')`]) {
      const script = `Promise.resolve(${load}).then(() => console.log('loaded'))`
      expect(run(process.execPath, ['-e', script], folder)).toBe('loaded\n')
    }
  })

  it('serves a route from CommonJS', () => {
    write(
      'cjs/routes/api/hello.js',
      `const { json } = require('express-start-api')
       const { createAPIFileRoute } = require('express-start-api/api')
       const { setResponseStatus } = require('express-start-api/server')
       exports.APIRoute = createAPIFileRoute('/api/hello')({
         GET: () => (setResponseStatus(201), json('from CommonJS')),
       })`,
    )
    write(
      'cjs/app.js',
      `const { startApi } = require('express-start-api')
       const server = require('node:http').createServer(startApi(__dirname + '/routes'))
       server.listen(0, async () => {
         const response = await fetch('http://localhost:' + server.address().port + '/api/hello')
         console.log(response.status, await response.text())
         server.close()
         server.closeAllConnections()
       })`,
    )
    expect(run(process.execPath, ['cjs/app.js'], app)).toBe('201 "from CommonJS"\n')
  })

  // The build once turned `import()` into `require`: no ESM file could be loaded from CommonJS.
  it('serves a route file in ESM from an application in CommonJS', () => {
    write(
      'mixed/routes/api/hello.mjs',
      `import { createAPIFileRoute } from 'express-start-api/api'
       import { setResponseStatus } from 'express-start-api/server'
       await undefined
       export const APIRoute = createAPIFileRoute('/api/hello')({
         GET: () => (setResponseStatus(201), new Response('from ESM')),
       })`,
    )
    write(
      'mixed/app.js',
      `const { startApi } = require('express-start-api')
       startApi(__dirname + '/routes').fetch('/api/hello').then(async (response) => {
         console.log(response.status, await response.text())
       })`,
    )
    expect(run(process.execPath, ['mixed/app.js'], app)).toBe('201 from ESM\n')
  })

  it('serves a route from ESM, beside one in CommonJS', () => {
    write(
      'esm/routes/api/hello.mjs',
      `import { json } from 'express-start-api'
       import { createAPIFileRoute } from 'express-start-api/api'
       import { setResponseStatus } from 'express-start-api/server'
       export const APIRoute = createAPIFileRoute('/api/hello')({
         GET: () => (setResponseStatus(201), json('from ESM')),
       })`,
    )
    write(
      'esm/routes/api/legacy.cjs',
      `const { createAPIFileRoute } = require('express-start-api/api')
       const { setResponseStatus } = require('express-start-api/server')
       exports.APIRoute = createAPIFileRoute('/api/legacy')({
         GET: () => (setResponseStatus(202), new Response('from CommonJS')),
       })`,
    )
    write(
      'esm/app.mjs',
      `import { createServer } from 'node:http'
       import { startApi } from 'express-start-api'
       const server = createServer(startApi(new URL('./routes', import.meta.url)))
       server.listen(0, async () => {
         for (const path of ['/api/hello', '/api/legacy']) {
           const response = await fetch('http://localhost:' + server.address().port + path)
           console.log(response.status, await response.text())
         }
         server.close()
         server.closeAllConnections()
       })`,
    )
    expect(run(process.execPath, ['esm/app.mjs'], app)).toBe('201 "from ESM"\n202 from CommonJS\n')
  })

  it.each([
    ['node16', ['consumer.cts', 'consumer.mts']],
    ['bundler', ['consumer.ts']],
  ])('has types that resolve under moduleResolution %s', (moduleResolution, files) => {
    for (const file of files) write(`types/${file}`, CONSUMER)
    const compilerOptions = {
      module: moduleResolution === 'bundler' ? 'esnext' : moduleResolution,
      moduleResolution,
      target: 'es2022',
      lib: ['es2023'],
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    }
    write('types/tsconfig.json', JSON.stringify({ compilerOptions, files }))
    expect(compile('types')).toEqual([])
  })
})

const CONSUMER = `
import { createServer } from 'node:http'
import { type StartApi, json, startApi } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { setResponseStatus } from 'express-start-api/server'

export const APIRoute = createAPIFileRoute('/users/$id')({
  GET: ({ request, params }) => {
    setResponseStatus(201)
    // @ts-expect-error -- the literal names no such param
    params.name
    return json({ url: request.url, id: params.id.toUpperCase() })
  },
})
const api: StartApi = startApi('./routes', { apiBaseURL: '/api' })
createServer(api)
// @ts-expect-error -- no such option
startApi('./routes', { apiBaseUrl: '/api' })
`

/** The compiler's complaints, but for those inside the adapter, whose types want newer libraries. */
function compile(project: string): string[] {
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project], {
    cwd: app,
    encoding: 'utf8',
  })
  return stdout.split('\n').filter((line) => line !== '' && !/[/](?:@whatwg-node|h3)[/]/.test(line))
}
