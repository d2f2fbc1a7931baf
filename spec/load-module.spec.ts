// What Node itself loads is checked on the built package, in processes of its own: in jest's sandbox
// every file goes through jest.
import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { startApi } from 'express-start-api'
import { loadModule, toLoadError } from '../lib/routes/load-module'
import { buildPackage, createApp, runNode } from './support/built-package'
import { routesDirectory } from './support/routes-directory'

beforeAll(buildPackage)

const HELPERS = `globalThis.loads = {}
  globalThis.loaded = (name) => (globalThis.loads[name] = (globalThis.loads[name] ?? 0) + 1)`

const ASK = `
  const api = startApi('./routes')
  api.ready.then(
    async () => {
      const answers = {}
      for (const { path } of api.routes) {
        const response = await api.fetch(path.replace(/[%?#]/g, encodeURIComponent))
        answers[path] = await response.text()
      }
      console.log(JSON.stringify({ answers, loads: globalThis.loads }))
    },
    (error) => {
      const { code, message, files, cause } = error
      const causes = (cause.errors ?? [cause]).map((c) => [c?.name, c?.code, c?.cause?.name, c?.cause?.code])
      console.log(JSON.stringify({ code, message, files, causes, loads: globalThis.loads }))
    },
  )`

const APPS = {
  'a CommonJS application': {
    main: 'main.cjs',
    text: `${HELPERS}\nconst { startApi } = require('express-start-api')\n${ASK}`,
  },
  'an ESM application': {
    main: 'main.mjs',
    text: `${HELPERS}\nimport { startApi } from 'express-start-api'\n${ASK}`,
  },
}

interface Report {
  readonly answers: Record<string, string>
  readonly loads: Record<string, number>
  readonly message: string
  readonly files: string[]
  readonly causes: (string | null)[][]
}

/** Starts an application on these files and returns what it reports. */
function report(
  app: { readonly main: string; readonly text: string },
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  packages: readonly string[] = [],
): Report & { readonly stderr: string } {
  const folder = createApp({ 'package.json': '{}', [app.main]: app.text, ...files }, packages)
  const { stdout, stderr } = runNode(folder, [...args, app.main])
  if (stdout === '') throw new Error(stderr)
  return { ...(JSON.parse(stdout) as Report), stderr }
}

function cjs(name: string): string {
  return `globalThis.loaded('${name}')
    const { createAPIFileRoute } = require('express-start-api/api')
    exports.APIRoute = createAPIFileRoute('/x')({ GET: () => new Response('${name}') })`
}

function esm(name: string): string {
  return `import { createAPIFileRoute } from 'express-start-api/api'
    globalThis.loaded('${name}')
    export const APIRoute = createAPIFileRoute('/x')({ GET: () => new Response('${name}') })`
}

describe.each(Object.entries(APPS))('in %s', (_, app) => {
  it('loads CommonJS and ESM route files, each once (hazards 209, 210, 211, 218)', () => {
    const { answers, loads, stderr } = report(app, {
      'routes/api/a.js': cjs('a'),
      'routes/api/b.cjs': cjs('b'),
      'routes/api/c.mjs': esm('c'),
      'routes/api/d.mjs': `await new Promise((resolve) => setTimeout(resolve, 1))\n${esm('d')}`,
      'routes/api/e.jsx': cjs('e'),
      'routes/module/package.json': '{ "type": "module" }',
      'routes/module/f.js': esm('f'),
      'routes/module/g.cjs': cjs('g'),
      'routes/module/h.js': `await 0\n${esm('h')}`,
      'routes/interop/i.cjs': `globalThis.loaded('i')
        module.exports = { APIRoute: { methods: { GET: () => new Response('i') } } }`,
      'routes/interop/j.cjs': `globalThis.loaded('j')
        exports.default = { APIRoute: { methods: { GET: () => new Response('j') } } }`,
      'routes/interop/k.mjs': `globalThis.loaded('k')
        export { APIRoute } from './shared.mjs'`,
      // A route that another route imports, both ways.
      'routes/interop/l.cjs': `require('./i.cjs')\n${cjs('l')}`,
      'routes/interop/m.mjs': `import './i.cjs'\nimport './k.mjs'\n${esm('m')}`,
      'routes/interop/shared.mjs': `
        export const APIRoute = { methods: { GET: () => new Response('k') } }`,
    })
    expect(answers).toEqual({
      ...Object.fromEntries('abcde'.split('').map((name) => [`/api/${name}`, name])),
      ...Object.fromEntries('fgh'.split('').map((name) => [`/api/module/${name}`, name])),
      ...Object.fromEntries('ijklm'.split('').map((name) => [`/api/interop/${name}`, name])),
      '/api/interop/shared': 'k',
    })
    expect(loads).toEqual(Object.fromEntries('abcdefghijklm'.split('').map((name) => [name, 1])))
    expect(stderr).toBe('')
  })

  it('loads files in folders whose names URLs escape (hazards 207, 208)', () => {
    const folders = ['a b', 'c%20d', 'e#f', 'g?h', 'ü', '日本', "i'j", 'k+l', '[m]', '{n}']
    const { answers } = report(
      app,
      Object.fromEntries(
        folders.flatMap((folder) => [
          [`routes/${folder}/x.cjs`, cjs(`${folder.replace("'", '')} cjs`)],
          [`routes/${folder}/y.mjs`, esm(`${folder.replace("'", '')} esm`)],
        ]),
      ),
    )
    expect(Object.values(answers).sort()).toEqual(
      folders
        .flatMap((folder) => [`${folder.replace("'", '')} cjs`, `${folder.replace("'", '')} esm`])
        .sort(),
    )
  })

  it('loads routes that import each other, each once (hazards 211, 218)', () => {
    const { answers, loads } = report(app, {
      'routes/api/a.cjs': `${cjs('a')}\nexports.other = () => require('./b.cjs')`,
      'routes/api/b.cjs': `const a = require('./a.cjs')\n${cjs('b')}\na.other()`,
      'routes/api/c.mjs': `import { d } from './d.mjs'\n${esm('c')}\nexport const c = () => d`,
      'routes/api/d.mjs': `import { c } from './c.mjs'\n${esm('d')}\nexport const d = () => c`,
      'routes/api/e.mjs': `import './a.cjs'\nawait import('./c.mjs')\n${esm('e')}`,
    })
    expect(answers).toEqual(
      Object.fromEntries('abcde'.split('').map((name) => [`/api/${name}`, name])),
    )
    expect(loads).toEqual({ a: 1, b: 1, c: 1, d: 1, e: 1 })
  })

  it('reports every file that failed, with its name and what it threw (hazard 220)', () => {
    const { message, files, causes, loads } = report(app, {
      'routes/api/a.cjs': `throw new TypeError('boom')`,
      'routes/api/b.mjs': `await 0; throw new RangeError('later')`,
      'routes/api/c.cjs': `\n\nexports.APIRoute = {`,
      'routes/api/d.mjs': `export {`,
      'routes/api/e.cjs': `require('./nope.js')`,
      'routes/api/f.mjs': `import './nope.mjs'`,
      'routes/api/g.cjs': `throw undefined`,
      'routes/api/h.mjs': `throw 'text'`,
      'routes/api/i.cjs': `exports.APIRoute = {}`,
      'routes/api/j.cjs': cjs('j'),
      'routes/api/k.cjs': `throw new Error('first line:\\n  second line\\n  third line')`,
      'routes/api/l.cjs': `JSON.parse('{')`,
      'routes/api/m.cjs': `require('../../broken.json')`,
      'broken.json': '{',
    })
    const lines = message.split('\n')
    expect(lines[0]).toBe("12 route files can't be used:")
    expect(lines.slice(1)).toEqual([
      '  api/a.cjs: TypeError: boom',
      '  api/b.mjs: RangeError: later',
      expect.stringMatching(
        /^ {2}api\/c\.cjs: SyntaxError: Unexpected end of input \(at \/.*\/routes\/api\/c\.cjs:3\)$/,
      ),
      '  api/d.mjs: SyntaxError: Unexpected end of input',
      "  api/e.cjs: Cannot find module './nope.js'",
      expect.stringMatching(
        /^ {2}api\/f\.mjs: Cannot find module '.*nope\.mjs' imported from .*f\.mjs$/,
      ),
      '  api/g.cjs: threw undefined, which is not an Error',
      '  api/h.mjs: threw a string, which is not an Error',
      "  api/i.cjs exports an `APIRoute` that has no `methods`; make it with createAPIFileRoute('/api/i')({ GET: … }).",
      '  api/k.cjs: first line: second line',
      expect.stringMatching(/^ {2}api\/l\.cjs: SyntaxError: Expected property name/),
      expect.stringMatching(
        /^ {2}api\/m\.cjs: SyntaxError: .*broken\.json: Expected property name/,
      ),
    ])
    expect(files).toEqual(
      'abcdefghiklm'
        .split('')
        .map((name) => `api/${name}.${'bdfh'.includes(name) ? 'mjs' : 'cjs'}`),
    )
    expect(causes).toHaveLength(12)
    expect(loads).toEqual({ j: 1 })
  })

  it('says what a CommonJS file with ESM syntax needs, and keeps what Node said as `cause`', () => {
    const { message, causes, loads } = report(app, {
      'routes/package.json': '{ "type": "commonjs" }',
      'routes/api/a.js': `globalThis.loaded('a')\nexport const APIRoute = {}`,
      'routes/api/b.js': `await 0`,
      'routes/api/c.js': `import 'node:fs'`,
    })
    const advice =
      'If the file is an ES module, name it .mjs or .mts, or put a package.json of {"type":"module"} into the routes directory; if it is loaded by other means than Node\'s, pass the option `load`'
    expect(
      message
        .split('\n')
        .slice(1)
        .map((line) => line.replace(/at .*\/routes\//, 'at …/')),
    ).toEqual([
      `  api/a.js: SyntaxError: Unexpected token 'export' (at …/api/a.js:2). ${advice}`,
      `  api/b.js: SyntaxError: await is only valid in async functions and the top level bodies of modules (at …/api/b.js:1). ${advice}`,
      `  api/c.js: SyntaxError: Cannot use import statement outside a module (at …/api/c.js:1). ${advice}`,
    ])
    expect(causes).toEqual(Array(3).fill(['Error', null, 'SyntaxError', null]))
    expect(loads).toEqual({})
  })

  // Newer releases of Node strip types by themselves.
  const loadsTypeScript = 'typescript' in process.features && process.features.typescript !== false

  it('reports the dependency that a file fails on as it is, and runs the file once (hazard 211)', () => {
    const unknown = loadsTypeScript ? 'typed.vue' : 'typed.mts'
    const { message, loads } = report(app, {
      'package.json': '{ "type": "commonjs" }',
      'routes/api/a.cjs': `globalThis.loaded('a')\nrequire('../../dependency.js')`,
      'routes/api/b.cjs': `globalThis.loaded('b')\nrequire('../../slow.mjs')`,
      'routes/api/c.mjs': `import '../../${unknown}'`,
      'dependency.js': `export const x = 1`,
      'slow.mjs': `await 0`,
      [unknown]: `export const x: number = 1`,
    })
    expect(message.split('\n').slice(1)).toEqual([
      expect.stringMatching(
        /^ {2}api\/a\.cjs: SyntaxError: Unexpected token 'export' \(at .*\/dependency\.js:1\)$/,
      ),
      expect.stringMatching(/^ {2}api\/b\.cjs: require\(\) cannot be used on an ESM graph.*\.$/),
      expect.stringMatching(
        /^ {2}api\/c\.mjs: TypeError: Unknown file extension "(\.\w+)" for .*typed\1$/,
      ),
    ])
    expect(loads).toEqual({ a: 1, b: 1 })
  })

  if (loadsTypeScript) {
    it('says why TypeScript with `export` in a CommonJS package can not be imported', () => {
      const { message } = report(app, {
        'package.json': '{ "type": "commonjs" }',
        'routes/api/a.ts': `import { v } from '../../dep.ts'\nexport const APIRoute = v`,
        'dep.ts': 'export const v: number = 1',
      })
      expect(message).toMatch(
        /a\.ts: SyntaxError: .*dep\.ts.*\. Node reads that file as CommonJS, as its package\.json/,
      )
    })
  }

  const untyped = loadsTypeScript ? ['--no-experimental-strip-types'] : []

  it('says what TypeScript files need where nothing loads them', () => {
    const { message, causes } = report(
      app,
      {
        'routes/api/a.ts': `import 'node:fs'\nexport const APIRoute: object = {}`,
        'routes/api/b.ts': `const x: number = 1\nexports.APIRoute = x`,
        'routes/api/c.mts': `export const APIRoute: object = {}`,
        'routes/api/d.cts': `const x: number = 1`,
        'routes/api/e.tsx': `export const APIRoute = <div />`,
        'routes/module/package.json': '{ "type": "module" }',
        'routes/module/f.ts': `export const APIRoute: object = {}`,
      },
      untyped,
    )
    const lines = message.split('\n').slice(1)
    expect(lines).toHaveLength(6)
    for (const line of lines) {
      expect(line).toMatch(
        /^ {2}(api|module)\/[a-f]\.[cm]?tsx?: .*\. If nothing here loads TypeScript: start the app with tsx, ts-node or Node 22\.18 or newer, compile the routes, or pass the option `load`$/,
      )
    }
    expect(causes.map(([, , cause]) => cause)).not.toContain(null)
  })
})

describe('under ts-node', () => {
  const app = APPS['a CommonJS application']
  const packages = ['ts-node', 'typescript', '@types/node']
  const tsconfig =
    '{ "compilerOptions": { "module": "commonjs", "esModuleInterop": true, "target": "es2022" } }'

  it('loads TypeScript route files once', () => {
    const typed = `import { createAPIFileRoute } from 'express-start-api/api'
      ;(globalThis as any).loaded('a')
      const text: string = 'a'
      export const APIRoute = createAPIFileRoute('/x')({ GET: () => new Response(text) })`
    const { answers, loads } = report(
      app,
      { 'tsconfig.json': tsconfig, 'routes/api/a.ts': typed },
      ['-r', 'ts-node/register/transpile-only'],
      packages,
    )
    expect(answers).toEqual({ '/api/a': 'a' })
    expect(loads).toEqual({ a: 1 })
  })

  it('reports a type error with its place', () => {
    const { message } = report(
      app,
      { 'tsconfig.json': tsconfig, 'routes/api/a.ts': `export const APIRoute: number = 'text'` },
      ['-r', 'ts-node/register'],
      packages,
    )
    expect(message.split('\n')[1]).toMatch(
      /^ {2}api\/a\.ts: TSError: .* Unable to compile TypeScript: routes\/api\/a\.ts.*error.*TS2322/,
    )
  })

  it('reports a syntax error as the own mistake that it is', () => {
    const { message } = report(
      app,
      { 'tsconfig.json': tsconfig, 'routes/api/a.ts': `export const APIRoute = }` },
      ['-r', 'ts-node/register/transpile-only'],
      packages,
    )
    expect(message).toMatch(/api\/a\.ts: .*(?:TSError|SyntaxError)/)
    expect(message).not.toContain('If nothing here loads TypeScript')
  })
})

describe('where Node removes types by itself', () => {
  const { features } = process
  // jest's own `process` lets it be replaced, though `jest.replaceProperty()` does not put it back.
  const setFeatures = (value: object) =>
    Object.defineProperty(process, 'features', { value, configurable: true })
  beforeAll(() => setFeatures({ ...features, typescript: 'strip' }))
  afterAll(() => setFeatures(features))

  /** An error as Node makes it, with the place in front of its stack. */
  const syntaxError = (message: string, place: string) =>
    Object.assign(new SyntaxError(message), { stack: `${place}:1\n\nSyntaxError: ${message}` })
  const notFound = (path: string, importer: string) =>
    Object.assign(new Error(`Cannot find module '${path}' imported from ${importer}`), {
      code: 'ERR_MODULE_NOT_FOUND',
      url: `file://${path}`,
    })
  const files = {
    'package.json': '{ "type": "commonjs" }',
    'dep.ts': 'export const v = 1',
    'typeless/package.json': '{}',
    'typeless/dep.ts': '',
  }

  function fail(name: string, toSecond: (file: string, folder: string) => Error): unknown {
    const folder = routesDirectory(files)
    const file = join(folder, name)
    const refusal = syntaxError('Cannot use import statement outside a module', file)
    return toLoadError(file, refusal, toSecond(file, folder))
  }

  it.each([
    "The requested module './dep.ts' does not provide an export named 'v'",
    "Named export 'v' not found. The requested module './dep.ts' is a CommonJS module, which may not",
  ])(
    'what is imported from a file that it reads as CommonJS is named, and what helps: %s',
    (text) => {
      const second = (file: string) => syntaxError(text, `file://${file}`)
      expect(fail('a.ts', second)).toMatchObject({
        message: expect.stringMatching(
          /^SyntaxError: .*'\.\/dep\.ts'.* \(at \/.*a\.ts:1\)\. Node reads that file as CommonJS, as its package\.json says\. If it is written with `export`: put "type": "module" there, or a package\.json of \{"type":"module"\} beside the file$/,
        ) as unknown,
        cause: { message: text },
      })
    },
  )

  it.each(['./typeless/dep.ts', './dep.js', './dep.mts', 'package'])(
    'what %s does not export is told as it is',
    (specifier) => {
      const text = `The requested module '${specifier}' does not provide an export named 'v'`
      let second: Error | undefined
      const failure = fail('a.ts', (file) => (second = syntaxError(text, `file://${file}`)))
      expect(failure).toBe(second)
    },
  )

  it('a name without its ending is told, and no longer that the file was no CommonJS', () => {
    expect(fail('a.ts', (file, folder) => notFound(join(folder, 'dep'), file))).toMatchObject({
      message: expect.stringMatching(
        /^Cannot find module '\/.*dep' imported from .*a\.ts\. Node wants whole file names in imports/,
      ) as unknown,
      cause: { code: 'ERR_MODULE_NOT_FOUND' },
    })
  })

  it.each([
    [
      'a.ts',
      'Cannot use import statement outside a module',
      'If the file is an ES module, name it',
    ],
    [
      'a.tsx',
      "Unexpected token '<'",
      'Node compiles no .tsx files: start the app with tsx or ts-node',
    ],
  ])('a newer Node is no advice: %s', (name, text, advice) => {
    const failure = fail(name, (file) => syntaxError(text, file)) as Error
    expect(failure.message).toContain(`. ${advice}`)
    expect(failure.message).not.toContain('or newer')
  })

  it('a mistake that any JavaScript could have is told as it is', () => {
    let second: Error | undefined
    const text = "Identifier 'a' has already been declared"
    expect(fail('a.ts', (file) => (second = syntaxError(text, file)))).toBe(second)
  })
})

describe('in jest, without --experimental-vm-modules (hazard 212)', () => {
  it('loads what import() is for through jest, too', async () => {
    const directory = routesDirectory({
      'package.json': '{ "type": "module" }',
      'a.js': `const { json } = require('express-start-api'); exports.made = json({})`,
    })
    const { made } = (await loadModule(join(directory, 'a.js'))) as { made: unknown }
    expect(made).toBeInstanceOf(Response)
  })

  it('loads a file that a link leads to', async () => {
    const directory = routesDirectory({ 'a.ts': 'export const a: number = 1' })
    symlinkSync('a.ts', join(directory, 'b.ts'))
    expect(await loadModule(join(directory, 'b.ts'))).toMatchObject({ a: 1 })
  })

  it('says what an .mjs file needs', async () => {
    const directory = routesDirectory({ 'a.mjs': 'export const a = 1' })
    await expect(loadModule(join(directory, 'a.mjs'))).rejects.toMatchObject({
      message: expect.stringMatching(
        /In jest, run Node with --experimental-vm-modules, or have the file transformed to CommonJS$/,
      ) as unknown,
      cause: { code: expect.stringMatching(/^ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING/) as unknown },
    })
  })

  it('blames a dependency that jest does not transform, not the route file', async () => {
    const directory = routesDirectory({
      'a.ts': `import '${routesDirectory({ 'dependency.js': 'export const x = 1' })}/dependency.js'`,
    })
    const failure = loadModule(join(directory, 'a.ts'))
    await expect(failure).rejects.toThrow(/dependency\.js/)
    await expect(failure).rejects.not.toThrow(/In jest, run Node|If the file is an ES module/)
  })

  it('takes errors and Responses of either realm for what they are (hazard 213)', async () => {
    const routes = (text: string) => startApi(routesDirectory({ 'api/a.ts': text }))
    // Node's own modules throw errors of the realm outside the sandbox.
    await expect(
      routes(`exports.APIRoute = require('node:fs').readFileSync('/no/such/file')`).ready,
    ).rejects.toThrow(
      /\n {2}api\/a\.ts: ENOENT: no such file or directory, open '\/no\/such\/file'$/,
    )
    const api = routes(`
      const headers = new Headers({ 'x-realm': 'other' })
      const other = { status: 201, statusText: '', body: null, headers }
      exports.APIRoute = { methods: { GET: () => other } }`)
    const response = await api.fetch('/api/a')
    expect(response.status).toBe(201)
    expect(response.headers.get('x-realm')).toBe('other')
  })

  it('says so when a file has gone', async () => {
    const directory = routesDirectory({ 'a.ts': '' })
    renameSync(join(directory, 'a.ts'), join(directory, 'b.ts'))
    await expect(loadModule(join(directory, 'a.ts'))).rejects.toThrow(/Cannot find module/)
  })
})
