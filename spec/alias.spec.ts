// Start's own route files, with their own imports, where the package is installed under Start's names.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { globSync } from 'glob'
import { root } from './support/built'
import { runNode } from './support/built-package'
import { installCopies } from './support/installed-copies'

const NAMES = ['@tanstack/react-start', '@tanstack/react-router', 'express-start-api']
const PAGE = join(root, 'spec/fixtures/api-routes-page')

/** The examples of Start's "API Routes" page (v0), with the imports that they have there. */
const examples = Object.fromEntries(
  globSync('**/*.ts', { cwd: PAGE, posix: true }).map((file) => [
    file,
    readFileSync(join(PAGE, file), 'utf8').replaceAll(
      /(?<=from ')express-start-api/g,
      '@tanstack/react-start',
    ),
  ]),
)

const MAIN = `
import { startApi } from 'express-start-api'
const asked: [string, string, RequestInit?][] = [
  ['methods', '/api/hello', { method: 'POST', body: '{}' }],
  ['params', '/api/users/1/posts/2'],
  ['params', '/api/file/a/b.txt'],
  ['body', '/api/hello', { method: 'POST', body: '{"name":"Tanner"}' }],
  ['json-helper', '/api/hello'],
  ['status-helper', '/api/users/9'],
  ['headers-helper', '/api/hello'],
]
async function main() {
  for (const [folder, path, init] of asked) {
    const response = await startApi(folder + '/routes').fetch(path, init)
    const type = response.headers.get('content-type')
    console.log(folder, response.status, type, await response.text())
  }
}
void main()
`

/** Every name of the v0 dialect that Start documents, used as its documentation does. */
const EVERY_NAME = `
import { json } from '@tanstack/react-start'
import { json as same } from '@tanstack/react-router'
import {
  type StartAPIHandlerCallback,
  type StartAPIMethodCallback,
  type HTTP_API_METHOD,
  createAPIFileRoute,
  createAPIRoute,
  createStartAPIHandler,
  defaultAPIFileRouteHandler,
  defaultAPIRoutesHandler,
} from '@tanstack/react-start/api'
import { setHeaders, setResponseStatus } from '@tanstack/react-start/server'

const GET: StartAPIMethodCallback<'/users/$id'> = ({ params }) => json({ id: params.id })
export const method: HTTP_API_METHOD = 'GET'
export const APIRoute = createAPIFileRoute('/users/$id')({ GET })
export const handler: StartAPIHandlerCallback = defaultAPIRoutesHandler({
  routes: { '/users': createAPIRoute('/users')({ GET: () => json([]) }) },
})
export default createStartAPIHandler(defaultAPIFileRouteHandler)
export const helpers = [same, setHeaders, setResponseStatus]
`

describe('"@tanstack/react-start": "npm:express-start-api"', () => {
  const packages = ['typescript', 'ts-node', '@types/node', 'undici-types']
  const tsconfig = (module: string, moduleResolution: string) =>
    JSON.stringify({
      compilerOptions: {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2023'],
        types: ['node'],
        esModuleInterop: true,
        strict: true,
        skipLibCheck: true,
        noEmit: true,
      },
      include: ['.'],
    })
  let app: string

  beforeAll(() => {
    const files = { ...examples, 'main.ts': MAIN, 'every-name.ts': EVERY_NAME }
    app = installCopies(
      NAMES,
      {
        ...files,
        'package.json': '{}',
        'tsconfig.json': tsconfig('commonjs', 'node10'),
        'tsconfig.bundler.json': tsconfig('esnext', 'bundler'),
        'tsconfig.node16.json': tsconfig('node16', 'node16'),
      },
      packages,
    )
  })

  it('runs the examples of the API Routes page unchanged', () => {
    expect(Object.values(examples).join('\n')).not.toContain('express-start-api')
    const { stdout, stderr } = runNode(app, ['-r', 'ts-node/register/transpile-only', 'main.ts'])
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual([
      'methods 200 application/json {}',
      'params 200 text/plain;charset=UTF-8 User ID: 1, Post ID: 2',
      'params 200 text/plain;charset=UTF-8 File: a/b.txt',
      'body 200 text/plain;charset=UTF-8 Hello, Tanner!',
      'json-helper 200 application/json {"message":"Hello, World!"}',
      'status-helper 404 text/plain;charset=UTF-8 User not found',
      'headers-helper 200 text/plain Hello, World!',
    ])
  })

  it.each(['tsconfig.json', 'tsconfig.bundler.json', 'tsconfig.node16.json'])(
    'type-checks them, and every documented name, under %s',
    (config) => {
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', config], {
        cwd: app,
        encoding: 'utf8',
      })
      expect(stdout).toBe('')
    },
  )
})
