// The command `start-api`: its arguments, what it prints, how it ends.
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Output, USAGE, runCommand } from '../lib/cli/run-command'
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

describe('start-api', () => {
  it('explains itself', async () => {
    expect(await runCommand(['--help'])).toEqual({ stdout: USAGE, exitCode: 0 })
    expect(await runCommand(['routes', '-h'])).toEqual({ stdout: USAGE, exitCode: 0 })
  })

  it.each([
    [[], 'which command?'],
    [['nope'], 'there is no command `nope`.'],
    [['routes', '--nope'], /^Unknown option '--nope'/],
    [['routes', 'a', 'b'], 'takes one directory, not 2.'],
    [['routes', '-o', 'x.ts'], '`routes` takes no --output.'],
    [['routes', '--base', 'a?b'], /option `apiBaseURL` is "a\?b"/],
    [['manifest'], '`manifest` needs the directory.'],
    [['manifest', __dirname, '-o', 'x.json'], /^--output must be a \.ts, .* file, not x\.json\.$/],
    [['manifest', __dirname, '-o', 'x.d.ts'], /^--output must be a \.ts/],
  ])('turns down %j', async (args, message) => {
    expect(await rejection(args)).toMatch(message)
  })

  describe('as a program', () => {
    beforeAll(buildPackage)

    function run(files: Readonly<Record<string, string>>, args: readonly string[]) {
      const app = createApp(files)
      mkdirSync(join(app, 'elsewhere'))
      const { status, stdout, stderr } = runNode(app, [
        'node_modules/express-start-api/dist/cli.js',
        ...args,
      ])
      return { status, stdout, stderr }
    }

    it('prints to stdout, and ends though a route file keeps the process busy', () => {
      const text = `setInterval(() => {}, 1000)\n${routeText('a')}`
      expect(run({ 'routes/api/a.js': text }, ['routes'])).toEqual({
        status: 0,
        stdout: 'METHOD  PATH    FILE      DIALECT\nGET     /api/a  api/a.js  APIRoute\n',
        stderr: '',
      })
    })

    it('ends with 1 for routes that can’t be used and with 2 for arguments that can’t', () => {
      expect(run({}, ['routes'])).toEqual({
        status: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^start-api: The routes directory .* does not exist/,
        ) as unknown,
      })
      expect(run({}, ['nope'])).toEqual({
        status: 2,
        stdout: '',
        stderr: `start-api: there is no command \`nope\`.\n\n${USAGE}`,
      })
    })
  })
})
