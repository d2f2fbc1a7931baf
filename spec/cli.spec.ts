// The command `start-api`: its arguments, what it prints, how it ends.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Output } from '../lib/cli/command'
import { runCommand } from '../lib/cli/run-command'
import { toTerminal } from '../lib/cli/terminal'
import { version } from '../package.json'
import { buildPackage, createApp, runNode } from './support/built-package'
import { routeText, routeTexts, routesDirectory } from './support/routes-directory'

async function rejection(args: readonly string[]): Promise<string> {
  return runCommand(args).then(
    () => 'no rejection',
    (error: unknown) => (error as Error).message,
  )
}

describe('start-api routes', () => {
  it('lists each method of each route as a table with aligned columns', async () => {
    const directory = routesDirectory({
      'api/users/$id.js': routeText('user', ['GET', 'DELETE']),
      'hello.js': routeText('hello'),
      'page.js': 'throw new Error("a page, never loaded")',
    })
    expect(await runCommand(['routes', directory])).toEqual({
      exitCode: 0,
      stdout: [
        'METHOD  PATH            FILE              DIALECT',
        'GET     /api/users/$id  api/users/$id.js  APIRoute',
        'DELETE  /api/users/$id  api/users/$id.js  APIRoute',
        'GET     /api/hello      hello.js          APIRoute',
        '',
      ].join('\n'),
    } satisfies Output)
  })

  it('takes the base and the globs that the application uses', async () => {
    const directory = routesDirectory(routeTexts('users.js', 'internal/x.js', 'old/y.js'))
    const args = [
      'routes',
      directory,
      '--base',
      '/v2',
      '--ignore',
      'internal/**',
      '--ignore=old/**',
    ]
    expect((await runCommand(args)).stdout).toBe(
      'METHOD  PATH       FILE      DIALECT\nGET     /v2/users  users.js  APIRoute\n',
    )
  })

  it('gives programs the same as JSON', async () => {
    const directory = routesDirectory({ 'api/a.js': routeText('a', ['GET', 'PUT']) })
    expect(JSON.parse((await runCommand(['routes', directory, '--json'])).stdout!)).toEqual([
      { path: '/api/a', methods: ['GET', 'PUT'], file: 'api/a.js', dialect: 'APIRoute' },
    ])
  })

  it('fails on files that can’t be used, with the sentences that the application would show', async () => {
    const directory = routesDirectory({ 'api/a.js': `throw new TypeError('boom')` })
    expect(await rejection(['routes', directory])).toBe(
      "A route file can't be used:\n  api/a.js: TypeError: boom",
    )
  })
})

describe('start-api manifest', () => {
  it('says what it wrote, and leaves a file alone that is up to date', async () => {
    const directory = routesDirectory({ ...routeTexts('routes/api/b.js', 'routes/api/a.js') })
    const output = join(directory, 'generated/routes.manifest.mjs')
    const args = ['manifest', join(directory, 'routes'), '-o', output]
    expect((await runCommand(args)).stdout).toMatch(
      /routes\.manifest\.mjs written: 2 route files\n$/,
    )
    const text = readFileSync(output, 'utf8')
    utimesSync(output, 1, 1)
    expect((await runCommand(args)).stdout).toMatch(/ is up to date: 2 route files\n$/)
    expect(statSync(output).mtimeMs).toBe(1000)
    writeFileSync(output, 'old')
    await runCommand(args)
    expect(readFileSync(output, 'utf8')).toBe(text)
  })

  it('leaves itself out where it lies below the routes directory', async () => {
    const directory = routesDirectory(routeTexts('routes/api/a.js'))
    const output = join(directory, 'routes/api/manifest.mjs')
    const args = ['manifest', join(directory, 'routes'), '-o', output]
    expect((await runCommand(args)).stdout).toMatch(/ written: 1 route file\n$/)
    expect((await runCommand(args)).stdout).toMatch(/ is up to date: 1 route file\n$/)
  })

  it('prints the manifest where no output is named', async () => {
    const directory = routesDirectory(routeTexts('api/a.js'))
    expect((await runCommand(['manifest', directory])).stdout).toMatch(/^export default \{$/m)
  })

  it('fails on files that answer the same URLs', async () => {
    const directory = routesDirectory(routeTexts('api/a.js', 'api.a.js'))
    const output = join(directory, 'x.ts')
    expect(await rejection(['manifest', directory, '-o', output])).toMatch(
      /\/api\/a: api\.a\.js, api\/a\.js/,
    )
    expect(existsSync(output)).toBe(false)
  })
})

const HELP = `Usage: start-api <command> [options]

  routes    lists methods, paths and files of a routes directory
  check     finds what is wrong with the route files, and corrects some
  new       creates the file of a path, e.g. '/api/users/$id'
  manifest  writes a module that imports the route files, for bundlers
  status    shows how far an Express application has moved to route files

\`start-api <command> --help\` lists its options, \`start-api --version\` tells the version. With
TypeScript on Node 20 or 22.17 and older, put NODE_OPTIONS='-r ts-node/register' or
NODE_OPTIONS='--import tsx' in front.
`

const ROUTES_HELP = `Usage: start-api routes [dir] [options]

Lists what the route files of a directory (default: routes) serve.

  --base <path>     the apiBaseURL of the application (default: /api)
  --ignore <glob>   files that are no routes; may be repeated
  --json            for programs
`

describe('start-api', () => {
  it('explains itself, and each command', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      expect(await runCommand(args)).toEqual({ stdout: HELP, exitCode: 0 })
    }
    expect(await runCommand(['routes', '-h'])).toEqual({ stdout: ROUTES_HELP, exitCode: 0 })
  })

  it('tells its version', async () => {
    for (const option of ['--version', '-v']) {
      expect(await runCommand([option])).toEqual({ stdout: `${version}\n`, exitCode: 0 })
    }
  })

  it.each(['routes', 'check', 'new', 'manifest', 'status'])(
    'takes each option that the help of `%s` names',
    async (name) => {
      const { stdout = '' } = await runCommand([name, '--help'])
      const named = [...stdout.matchAll(/^ +(?:-\w, )?(--[\w-]+)( <)?/gm)]
      const options = named.map(
        ([, option, value]) => `${option}${value === undefined ? '' : '=x'}`,
      )
      expect(options.length).toBeGreaterThan(0)
      expect(await rejection([name, ...options, '--nope'])).toMatch(/^Unknown option '--nope'/)
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(101)
    },
  )

  it.each([
    [[], 'which command? There are routes, check, new, manifest, status; `start-api --help`'],
    [['nope'], 'there is no command `nope`. There are routes,'],
    [['routes', '--nope'], /^Unknown option '--nope'[^]*\n\nUsage: start-api routes \[dir\]/],
    [['routes', 'a', 'b'], 'takes one directory, not 2.'],
    [['routes', '-o', 'x.ts'], /^Unknown option '-o'/],
    [['routes', '--base', 'a?b'], /option `apiBaseURL` is "a\?b"/],
    [['manifest'], 'directory is missing.'],
    [['manifest', __dirname, '-o', 'x.json'], /^--output must be a \.ts, .* file, not x\.json\.$/m],
    [['manifest', __dirname, '-o', 'x.d.ts'], /^--output must be a \.ts/],
    [['new'], 'path is missing.'],
    [['status'], 'app module is missing.'],
    [['routes', ''], 'directory is empty. Is a variable of the shell unset?'],
    [['check', ''], 'directory is empty.'],
    [['manifest', ''], 'directory is empty.'],
    [['status', ''], 'app module is empty.'],
    [['new', ''], 'path is empty.'],
    [['new', '/api/x', '--dir', ''], '--dir is empty. Is a variable of the shell unset?'],
    [['routes', __dirname, '--base', ''], '--base is empty.'],
    [['check', __dirname, '--ignore', 'a', '--ignore', ''], '--ignore is empty.'],
  ])('turns down %j', async (args, message) => {
    expect(await rejection(args)).toMatch(message)
  })

  it('paints on a terminal only, and as NO_COLOR and FORCE_COLOR say', () => {
    const painted = (isTTY: boolean, env: Record<string, string>) =>
      toTerminal({ isTTY }, env).paint('red', 'x') !== 'x'
    expect([
      painted(true, {}),
      painted(false, {}),
      painted(true, { TERM: 'dumb' }),
      painted(true, { NO_COLOR: '1' }),
      painted(true, { NO_COLOR: '' }),
      painted(false, { FORCE_COLOR: '1' }),
      painted(true, { FORCE_COLOR: '0' }),
    ]).toEqual([true, false, false, false, true, true, false])
  })

  describe('as a program', () => {
    beforeAll(buildPackage)

    const CLI = 'node_modules/express-start-api/dist/cli.js'

    function run(files: Readonly<Record<string, string>>, args: readonly string[]) {
      const app = createApp(files, ['express'])
      mkdirSync(join(app, 'elsewhere'))
      const { status, stdout, stderr } = runNode(app, [CLI, ...args])
      return { status, stdout, stderr }
    }

    it('tells its version', () => {
      expect(run({}, ['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
    })

    it('prints to stdout, and ends though a route file prints, and keeps the process busy', () => {
      const text = `console.log('noise')\nsetInterval(() => {}, 1000)\n${routeText('a')}`
      expect(run({ 'routes/api/a.js': text }, ['routes', '--json'])).toEqual({
        status: 0,
        stdout: `${JSON.stringify([{ path: '/api/a', methods: ['GET'], file: 'api/a.js', dialect: 'APIRoute' }], null, 2)}\n`,
        stderr: 'noise\n',
      })
    })

    it.each([
      ['ends the process', { 'routes/api/a.js': 'process.exit(0)' }],
      ['never finishes loading', { 'routes/api/a.mjs': 'await new Promise(() => {})' }],
    ])('ends with 1, and says why, where a route file %s', (_, files) => {
      const app = `module.exports = require('express')()
      module.exports.use(require('express-start-api').startApi('routes'))`
      for (const args of [['routes'], ['check'], ['status', 'app.js']]) {
        const { status, stdout, stderr } = run({ ...files, 'app.js': app }, args)
        expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
        expect(stderr).toMatch(
          /^start-api: a module ended the process before the command was done, or never finishes/m,
        )
      }
    })

    it('ends with 1, and says why, where its output can not be written', () => {
      const app = createApp(routeTexts('routes/api/a.js'))
      // As a full disk does, a file that is open for reading takes nothing.
      const stdout = openSync(join(app, 'routes/api/a.js'), 'r')
      const { status, stderr } = spawnSync(process.execPath, [CLI, 'routes'], {
        cwd: app,
        stdio: ['ignore', stdout, 'pipe'],
        encoding: 'utf8',
      })
      expect(stderr).toMatch(
        /^start-api: stdout can't be written \(EBADF: .*\): what it has is not the whole output\. Make room, or send it elsewhere\.\n$/,
      )
      expect(status).toBe(1)
    })

    it('ends as it would where nobody reads its output', async () => {
      const app = createApp(routeTexts('routes/api/a.js'))
      const child = spawn(process.execPath, [CLI, 'routes'], { cwd: app })
      child.stdout.destroy()
      let stderr = ''
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
      const [status] = (await once(child, 'close')) as [number]
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    })

    it('ends with 1 for routes that can’t be used and with 2 for arguments that can’t', () => {
      expect(run({}, ['routes'])).toEqual({
        status: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^start-api: The routes directory .* does not exist/,
        ) as unknown,
      })
      expect(run({}, ['routes', 'a', 'b'])).toEqual({
        status: 2,
        stdout: '',
        stderr: `start-api: takes one directory, not 2.\n\n${ROUTES_HELP}`,
      })
    })
  })
})
