// The loaders that an application may run under, as data. Each runs on each Node (`nodes`) with each
// Express.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  EXPECTED,
  appFile,
  mainFile,
  packageFile,
  routeFile,
  testFile,
  tsconfigFile,
} from './fixtures.mjs'
import { write } from './workspace.mjs'

const ROUTE = 'routes/api/notes/$id'
const HERE = { cjs: `__dirname + '/routes'`, esm: `new URL('./routes', import.meta.url)` }
const TSC = { cjs: { module: 'commonjs' }, esm: { module: 'nodenext' } }

/** An application in plain JavaScript. */
function javascript(format, { type = TYPES[format], extension = 'js', route = format } = {}) {
  return {
    'package.json': packageFile(type),
    'app.js': appFile({
      syntax: format,
      self: `./${ROUTE}.${extension}`,
      routes: HERE[format],
    }),
    'main.js': mainFile(format, './app.js'),
    [`${ROUTE}.${extension}`]: routeFile(route, 'js', {
      later: route === 'esm' && format === 'esm',
    }),
  }
}

const TYPES = { cjs: 'commonjs', esm: 'module' }

/**
 * An application in TypeScript with `import` statements, compiled to the format by its loader.
 *
 * @param suffix what import specifiers end with
 */
function typescript(format, { suffix = format === 'esm' ? '.js' : '', ...more } = {}) {
  return {
    'package.json': packageFile(TYPES[format]),
    'tsconfig.json': tsconfigFile(TSC[format]),
    'app.ts': appFile({
      syntax: 'esm',
      self: `./${ROUTE}${suffix}`,
      routes: HERE[format],
      ...more,
    }),
    'main.ts': mainFile('esm', `./app${suffix}`),
    [`${ROUTE}.ts`]: routeFile('esm', 'ts', { later: format === 'esm' }),
  }
}

function jest(format, transform) {
  const config =
    format === 'esm' ? { extensionsToTreatAsEsm: ['.ts'], moduleNameMapper: JS_TO_TS } : {}
  const { 'main.ts': _, ...files } = typescript(format)
  return {
    ...files,
    'tsconfig.json': tsconfigFile({
      ...TSC[format],
      types: ['node', 'jest'],
      isolatedModules: true,
    }),
    'app.spec.ts': testFile(format === 'esm' ? './app.js' : './app'),
    'jest.config.json': JSON.stringify({ transform: { '\\.ts$': transform }, ...config }),
  }
}

const JS_TO_TS = { '^(\\.{1,2}/.*)\\.js$': '$1' }

function swcJest(format) {
  const module = { type: format === 'esm' ? 'es6' : 'commonjs' }
  return ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module }]
}

function tsJest(format) {
  return ['ts-jest', { useESM: format === 'esm' }]
}

function vitest(options) {
  const { 'main.ts': _, ...files } = typescript('esm', { suffix: '', options })
  return {
    ...files,
    'app.spec.ts': testFile('./app', `import { expect, it } from 'vitest'\n`),
    'vitest.config.mjs': 'export default {}',
  }
}

/** An application that does not import its route file. */
function withoutSelf(files) {
  const [name] = Object.keys(files).filter((file) => /^app\./.test(file))
  const text = files[name].replace(
    /^.*\{ APIRoute \}.*\n/m,
    `const APIRoute = { path: '/api/notes/$id' }\n`,
  )
  return { ...files, [name]: text }
}

/** A route file that imports by a name that only tsconfig.json explains. */
function withPaths(files) {
  const { compilerOptions, ...tsconfig } = JSON.parse(files['tsconfig.json'])
  const paths = { '~/*': ['./*'] }
  return {
    ...files,
    'tsconfig.json': JSON.stringify({
      ...tsconfig,
      compilerOptions: { ...compilerOptions, paths },
    }),
    'ids.ts': `export const ids: readonly string[] = ['7']`,
    [`${ROUTE}.ts`]: `import { ids } from '~/ids'
${files[`${ROUTE}.ts`].replace('{ id: params.id }', '{ id: ids.find((id) => id === params.id) }')}`,
  }
}

/** A server that is bundled: the routes directory is gone when it runs. */
function bundled(format, imports, routes) {
  return typescript(format, { imports, routes, ...(format === 'esm' && { suffix: '.js' }) })
}

const MANIFEST = [`import manifest from './routes.manifest.js'`, 'manifest']
const GLOB = ['', `import.meta.glob('./routes/**/*.ts')`]
const WRITE_MANIFEST = ['start-api', 'manifest', 'routes', '-o', 'routes.manifest.ts']
const CREATE_REQUIRE = `--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`
const VITE_TYPES = { 'vite-env.d.ts': '/// <reference types="vite/client" />' }

// By its path: several versions of TypeScript have a command of that name.
const TSC_BIN = ['node', '../../node_modules/typescript/bin/tsc']
const JEST_VM = ['node', '--experimental-vm-modules', '../../node_modules/jest/bin/jest.js']
const STRIPS = [22, 24, 26]
/** The application's steps: each is a program of the tools, run by the cell's Node. */
const MAIN_JS = [['node', 'main.js']]
const run = (...flags) => [['node', ...flags, 'main.ts']]

/** What Node's own type stripping can't do, and what is said then. */
function cannotStrip(what, files, reason, says) {
  return {
    loader: `type stripping, ${what}`,
    format: 'esm',
    nodes: STRIPS,
    files: { ...withoutSelf(typescript('esm', { suffix: '.ts' })), ...files },
    steps: run(),
    known: Object.fromEntries(STRIPS.map((node) => [node, { reason, says }])),
  }
}

/**
 * `known`: why a cell can't work, by Node, and what the application says then. `remove`: what is
 * deleted before the last step.
 */
const LOADERS = [
  { loader: 'Node', format: 'cjs', files: javascript('cjs'), steps: MAIN_JS, quick: true },
  { loader: 'Node', format: 'esm', files: javascript('esm'), steps: MAIN_JS, quick: true },
  {
    loader: 'Node, routes in ESM (.mjs)',
    format: 'cjs',
    files: javascript('cjs', { extension: 'mjs', route: 'esm' }),
    steps: MAIN_JS,
    quick: true,
  },
  {
    loader: 'Node, routes in CommonJS (.cjs)',
    format: 'esm',
    files: javascript('esm', { extension: 'cjs', route: 'cjs' }),
    steps: MAIN_JS,
  },
  {
    loader: 'ts-node',
    format: 'cjs',
    files: typescript('cjs'),
    steps: run('-r', 'ts-node/register'),
  },
  {
    loader: 'ts-node, transpile-only',
    format: 'cjs',
    files: typescript('cjs'),
    steps: run('-r', 'ts-node/register/transpile-only'),
    quick: true,
  },
  {
    loader: 'ts-node/esm',
    format: 'esm',
    files: typescript('esm'),
    steps: run('--loader', 'ts-node/esm'),
  },
  {
    loader: 'ts-node --esm',
    format: 'esm',
    files: typescript('esm'),
    steps: [['ts-node', '--esm', 'main.ts']],
    known: Object.fromEntries(
      [20, 22, 24, 26].map((node) => [
        node,
        {
          reason:
            'not even the program itself is loaded, since Node runs loaders in a thread of their own; `node --loader ts-node/esm` does what it did',
          says: /ERR_UNKNOWN_FILE_EXTENSION|ERR_MODULE_NOT_FOUND/,
        },
      ]),
    ),
  },
  {
    loader: 'ts-node, tsconfig `paths` by tsconfig-paths',
    format: 'cjs',
    files: withPaths(typescript('cjs')),
    steps: run('-r', 'ts-node/register', '-r', 'tsconfig-paths/register'),
  },
  {
    loader: 'tsx, tsconfig `paths`',
    format: 'esm',
    files: withPaths(typescript('esm')),
    steps: run('--import', 'tsx'),
  },
  {
    loader: 'tsx',
    format: 'cjs',
    files: typescript('cjs'),
    steps: run('--import', 'tsx'),
    quick: true,
  },
  {
    loader: 'tsx',
    format: 'esm',
    files: typescript('esm'),
    steps: run('--import', 'tsx'),
    quick: true,
  },
  {
    loader: '@swc-node/register',
    format: 'cjs',
    files: typescript('cjs'),
    steps: run('-r', '@swc-node/register'),
  },
  {
    loader: '@swc-node/register',
    format: 'esm',
    files: typescript('esm'),
    steps: run('--import', '@swc-node/register/esm-register'),
  },
  {
    loader: 'type stripping',
    format: 'cjs',
    nodes: STRIPS,
    files: {
      'package.json': packageFile('commonjs'),
      'app.ts': appFile({ syntax: 'cjs', self: `./${ROUTE}.ts`, routes: HERE.cjs }),
      'main.ts': mainFile('cjs', './app.ts'),
      [`${ROUTE}.ts`]: routeFile('cjs', 'ts'),
    },
    steps: run(),
  },
  {
    loader: 'type stripping',
    format: 'esm',
    nodes: STRIPS,
    files: typescript('esm', { suffix: '.ts' }),
    steps: run(),
  },
  {
    loader: 'type stripping, package without "type"',
    format: 'esm',
    nodes: STRIPS,
    files: { ...typescript('esm', { suffix: '.ts' }), 'package.json': packageFile() },
    steps: run(),
  },
  {
    loader: 'type stripping, routes/package.json of {"type":"module"}',
    format: 'cjs',
    nodes: STRIPS,
    files: {
      ...javascript('cjs', { extension: 'ts' }),
      [`${ROUTE}.ts`]: routeFile('esm', 'ts'),
      'routes/package.json': packageFile('module'),
    },
    steps: MAIN_JS,
  },
  {
    loader: 'type stripping, routes with `import` in a package of "type": "commonjs"',
    format: 'cjs',
    nodes: STRIPS,
    files: {
      ...withoutSelf(javascript('cjs', { extension: 'ts' })),
      [`${ROUTE}.ts`]: routeFile('esm', 'ts'),
    },
    steps: MAIN_JS,
  },
  cannotStrip(
    'enums and parameter properties',
    { [`${ROUTE}.ts`]: `enum Answer { No }\n${routeFile('esm', 'ts')}` },
    'Node removes types and compiles nothing',
    /Node only removes types: start the app with tsx or ts-node/,
  ),
  cannotStrip(
    'imports without the extension of the file',
    {
      [`${ROUTE}.ts`]: `import { loads } from '../../../helper'\n${routeFile('esm', 'ts')}`,
      'helper.ts': 'export const loads = 0',
    },
    'Node completes no names in `import`',
    /Node wants whole file names in imports/,
  ),
  {
    loader: 'jest, ts-jest',
    format: 'cjs',
    files: jest('cjs', tsJest('cjs')),
    steps: [['jest']],
    quick: true,
  },
  {
    loader: 'jest, @swc/jest',
    format: 'cjs',
    files: jest('cjs', swcJest('cjs')),
    steps: [['jest']],
  },
  {
    loader: 'jest --experimental-vm-modules, ts-jest',
    format: 'esm',
    files: jest('esm', tsJest('esm')),
    steps: [JEST_VM],
  },
  {
    loader: 'jest --experimental-vm-modules, @swc/jest',
    format: 'esm',
    files: jest('esm', swcJest('esm')),
    steps: [JEST_VM],
  },
  {
    loader: 'vitest, with `load`',
    format: 'esm',
    files: vitest(', { load: (file) => import(file) }'),
    steps: [['vitest', 'run']],
    quick: true,
  },
  {
    loader: 'vitest, without `load`',
    format: 'esm',
    // Here Node loads the routes, and vitest what the test imports: once each.
    files: withoutSelf(vitest('')),
    steps: [['vitest', 'run']],
    known: {
      20: {
        reason:
          'without `load` it is Node that loads the routes: Node 20 takes no TypeScript, and files that the test imports, too, exist twice',
        says: /In vitest, pass the option `load: \(file\) => import\(file\)`/,
      },
    },
  },
  {
    loader: 'tsc, compiled to dist',
    format: 'cjs',
    files: typescript('cjs'),
    steps: [
      [...TSC_BIN, '--outDir', 'dist'],
      ['node', 'dist/main.js'],
    ],
    remove: ['routes', 'app.ts'],
  },
  {
    loader: 'tsc, compiled to dist',
    format: 'esm',
    files: typescript('esm'),
    steps: [
      [...TSC_BIN, '--outDir', 'dist'],
      ['node', 'dist/main.js'],
    ],
    remove: ['routes', 'app.ts'],
  },
  {
    loader: 'esbuild, manifest',
    format: 'cjs',
    files: bundled('cjs', ...MANIFEST),
    steps: [
      WRITE_MANIFEST,
      ['esbuild', 'main.ts', '--bundle', '--platform=node', '--outfile=out/main.cjs'],
      ['node', 'out/main.cjs'],
    ],
    remove: ['routes', 'app.ts'],
    quick: true,
  },
  {
    loader: 'esbuild, manifest',
    format: 'esm',
    files: bundled('esm', ...MANIFEST),
    steps: [
      WRITE_MANIFEST,
      [
        'esbuild',
        'main.ts',
        '--bundle',
        '--platform=node',
        '--format=esm',
        '--splitting',
        '--outdir=out',
        '--out-extension:.js=.mjs',
        CREATE_REQUIRE,
      ],
      ['node', 'out/main.mjs'],
    ],
    remove: ['routes', 'app.ts'],
  },
  {
    loader: 'Vite, manifest',
    format: 'esm',
    files: bundled('esm', ...MANIFEST),
    steps: [
      WRITE_MANIFEST,
      ['vite', 'build', '--ssr', 'main.ts', '--outDir', 'out'],
      ['node', 'out/main.js'],
    ],
    remove: ['routes', 'app.ts'],
  },
  {
    loader: 'Vite, import.meta.glob',
    format: 'esm',
    files: { ...bundled('esm', ...GLOB), ...VITE_TYPES },
    steps: [
      ['vite', 'build', '--ssr', 'main.ts', '--outDir', 'out'],
      ['node', 'out/main.js'],
    ],
    remove: ['routes', 'app.ts'],
  },
]

const FORMATS = { cjs: 'CommonJS', esm: 'ESM' }

export function loaderCells({ nodes, hosts, run }) {
  return LOADERS.flatMap((row, index) =>
    nodes
      .filter((node) => row.nodes?.includes(Number(node)) ?? true)
      .flatMap((node) =>
        hosts.map((host) => ({
          table: 'loader',
          row: [row.loader, FORMATS[row.format]],
          column: `Node ${node}`,
          title: `${row.loader} (${FORMATS[row.format]}), Node ${node}, ${host.name}`,
          quick: row.quick,
          run: () => runLoader(row, node, join(host.folder, `loader${index}-node${node}`), run),
        })),
      ),
  )
}

async function runLoader({ loader, files, steps, remove = [], known }, node, folder, run) {
  write(folder, files)
  let output = ''
  for (const step of steps) {
    if (step === steps.at(-1)) {
      for (const name of remove) rmSync(join(folder, name), { recursive: true })
    }
    const ended = await run(folder, step, { node })
    output += ended.output
    if (ended.code !== 0) break
  }
  const works = output.includes(EXPECTED)
  const impossible = known?.[node]
  if (impossible === undefined) return { red: !works, output }
  // A listed impossibility has to be one, and the application has to say what to do.
  return {
    red: works || !impossible.says.test(output),
    output,
    note: `${loader}: ${impossible.reason}.`,
  }
}
