// `start-api check`: what it finds in a routes directory, and what it corrects.
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runCommand } from '../lib/cli/run-command'
import { routeText, routeTexts, routesDirectory } from './support/routes-directory'

interface Found {
  readonly exitCode: number
  readonly files: number
  readonly problems: readonly unknown[]
}

async function check(directory: string, ...args: readonly string[]): Promise<Found> {
  const { exitCode, stdout } = await runCommand(['check', directory, '--json', ...args])
  return { exitCode, ...(JSON.parse(stdout!) as Omit<Found, 'exitCode'>) }
}

const made = (path: string, handlers = "GET: () => new Response('x')") =>
  `const createAPIFileRoute = (path) => (methods) => ({ path, methods })\nexports.APIRoute = createAPIFileRoute('${path}')({ ${handlers} })\n`

describe('start-api check', () => {
  it('is content with files that are fine, and with pages beside them', async () => {
    const directory = routesDirectory({
      'api/users/$id.js': made('/api/users/$id'),
      'hello.js': made('/api/hello'),
      'page.js': `throw new Error('a page, never loaded')`,
    })
    expect(await runCommand(['check', directory])).toEqual({
      exitCode: 0,
      stdout: '2 route files, no problems\n',
    })
  })

  it('prints all that is wrong, by file', async () => {
    const directory = routesDirectory({
      ...routeTexts('api/same.js', 'api.same.js'),
      'api/boom.js': `throw 'boom'`,
      'api/typo.js': `exports.ApiRoute = {}`,
      'api/users.js': made('/api/user', 'GET: 1, post: () => 1'),
    })
    const { exitCode, stdout } = await runCommand(['check', directory])
    expect(exitCode).toBe(1)
    expect(stdout!.replaceAll(/\S*start-api-\w+/g, '…').replace(/FILE +/, 'FILE  ')).toBe(
      [
        'FILE  PROBLEM',
        '…/api.same.js     Several route files answer the same URLs. Keep one file of each line: /api/same: api.same.js, api/same.js',
        '…/api/boom.js     threw a string, which is not an Error',
        '…/api/typo.js     exports no `APIRoute`, `ServerRoute`, or `Route` with `server`, so /api/typo is not served. Export one by that name, or begin the file\'s name with "-" if it is no route.',
        "…/api/users.js:2  createAPIFileRoute('/api/user') disagrees with the file's name, which spells /api/users. --fix corrects it.",
        '…/api/users.js:2  has a `GET` that is a number; make it a function; and a handler named `post`; write `POST`.',
        '',
        '5 problems in 5 route files',
        '',
      ].join('\n'),
    )
  })

  it('tells programs file, line and kind', async () => {
    const directory = routesDirectory({
      'api/$id.js': made('/api/$name'),
      'api/$.$.js': routeText('x'),
      'api/none.js': `\nexports.APIRoute = { methods: {} }`,
    })
    expect(await check(directory)).toEqual({
      exitCode: 1,
      files: 3,
      problems: [
        {
          file: 'api/$.$.js',
          kind: 'export',
          message: 'api/$.$.js has a splat `$` before its end; move the `$` to the last position.',
        },
        {
          file: 'api/$id.js',
          line: 2,
          kind: 'literal',
          message:
            "createAPIFileRoute('/api/$name') disagrees with the file's name, which spells /api/$id. --fix corrects it.",
        },
        {
          file: 'api/none.js',
          line: 2,
          kind: 'export',
          message:
            "api/none.js exports an `APIRoute` without a handler; add one, e.g. `GET: () => new Response('ok')`.",
        },
      ],
    })
  })

  it('tells of a link that leads nowhere beside all else', async () => {
    const directory = routesDirectory({ 'api/b.js': 'exports.APIRoute = {}' })
    symlinkSync('nowhere.js', join(directory, 'api/a.js'))
    const { exitCode, problems } = await check(directory)
    expect(exitCode).toBe(1)
    expect(problems).toMatchObject([
      { file: 'api/a.js', kind: 'load', message: expect.stringContaining('api/a.js') as string },
      { file: 'api/b.js', kind: 'export' },
    ])
  })

  it('finds names that are params elsewhere, and no escapes', async () => {
    const server = `exports.Route = { options: { server: { handlers: { GET: () => new Response('x') } } } }`
    const directory = routesDirectory({
      ...routeTexts('api/:id.js', 'api.users.[id].posts.js', 'api/a[.]b.js', 'api/[index].js'),
      ...routeTexts('api/a:b.js', 'api/:.js', 'api/[a]b.js'),
      'api/v1/:id.js': server,
      'api/v1/[id].js': server,
      'api/v1/[[]id[]].js': server,
      'api/v1/[index].js': server,
      'api/v1/api[.]json.js': server,
    })
    const { problems } = await check(directory)
    expect(problems).toEqual(
      [
        ['api.users.[id].posts.js', '[id]'],
        ['api/:id.js', ':id'],
        ['api/v1/:id.js', ':id'],
      ].map(([file, literal]) => ({
        file,
        kind: 'export',
        message: `${file} names a literal \`${literal}\`; write \`$id\` for a param.`,
      })),
    )
  })

  it('finds routes that their names hide', async () => {
    const directory = routesDirectory({
      'api/load.test.js': routeText('x'),
      'api/.well-known/a.mjs': `export const APIRoute = {}`,
      'api/users.spec.js': `const { APIRoute } = require('./users')`,
      'api/-draft.js': routeText('x'),
      'api/users.js': routeText('x'),
    })
    const { problems } = await check(directory)
    expect(problems).toEqual(
      ['api/.well-known/a.mjs', 'api/load.test.js'].map((file) => ({
        file,
        line: 1,
        kind: 'unreachable',
        message: `${file} exports \`APIRoute\`, but files with such names are never served. Rename it, or begin its name with "-" if it is no route.`,
      })),
    )
    expect(await check(directory, '--ignore', '**/load.test.js')).toMatchObject({
      problems: [{ file: 'api/.well-known/a.mjs' }],
    })
  })

  it('takes a directory without a route file for a mistake', async () => {
    expect(await check(routesDirectory({}))).toMatchObject({
      exitCode: 1,
      problems: [
        { file: '.', message: expect.stringContaining('holds no API route file') as string },
      ],
    })
  })

  it('tells programs what is about no file from what is about one', async () => {
    const directory = routesDirectory({ 'api/a.js': made('/api/a') })
    const { problems } = await check(directory, '--ignore', 'none')
    expect(problems).toEqual([
      {
        file: '.',
        kind: 'directory',
        message: expect.stringContaining('no route file is named none') as string,
      },
    ])
    expect((await check(routesDirectory({}))).problems).toMatchObject([{ kind: 'directory' }])
  })

  it('prints what is wrong with the directory in whole sentences', async () => {
    const { stdout } = await runCommand(['check', routesDirectory({})])
    expect(stdout).toContain(' holds no API route file. Add one, e.g. ')
  })

  it('corrects path literals with --fix, and nothing else', async () => {
    const text = `// createAPIFileRoute('/api/old')\n${made('/api/old')}`
    const directory = routesDirectory({ 'api/new.js': text, 'api/typo.js': 'exports.x = 1' })
    expect((await check(directory, '--fix')).problems).toEqual([
      {
        file: 'api/new.js',
        line: 3,
        kind: 'literal',
        message:
          "createAPIFileRoute('/api/old') disagrees with the file's name, which spells /api/new. Corrected.",
        fixed: true,
      },
      expect.objectContaining({ file: 'api/typo.js', kind: 'export' }),
    ])
    expect(readFileSync(join(directory, 'api/new.js'), 'utf8')).toBe(
      `// createAPIFileRoute('/api/old')\n${made('/api/new')}`,
    )
  })

  it('goes on with --fix where a file can’t be written, and says which', async () => {
    const directory = routesDirectory({
      'api/a.js': made('/api/old'),
      'api/b.js': made('/api/old'),
    })
    // Its draft can't be written, not even by root.
    mkdirSync(join(directory, `api/.a.js.${process.pid}`))
    expect(await check(directory, '--fix')).toEqual({
      exitCode: 1,
      files: 2,
      problems: [
        {
          file: 'api/a.js',
          line: 2,
          kind: 'literal',
          message:
            "createAPIFileRoute('/api/old') disagrees with the file's name, which spells /api/a. The file can't be written (EISDIR): give the process write permission on its folder.",
        },
        expect.objectContaining({ file: 'api/b.js', fixed: true }),
      ],
    })
    expect(readFileSync(join(directory, 'api/a.js'), 'utf8')).toBe(made('/api/old'))
  })

  it('leaves permissions and owner as they are with --fix, whatever the umask', async () => {
    const file = join(routesDirectory({ 'api/new.js': made('/api/old') }), 'api/new.js')
    chmodSync(file, 0o666)
    // Nobody else may give files away.
    if (process.getuid?.() === 0) chownSync(file, 1234, 1235)
    const rights = () => {
      const { mode, uid, gid } = statSync(file)
      return { mode: mode & 0o7777, uid, gid }
    }
    const before = rights()
    expect((await check(dirname(dirname(file)), '--fix')).exitCode).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(made('/api/new'))
    expect(rights()).toEqual(before)
  })

  it('ends with 0 where --fix has corrected all', async () => {
    const directory = routesDirectory({ 'api/new.js': made('/api/old') })
    expect((await check(directory)).exitCode).toBe(1)
    expect((await check(directory, '--fix')).exitCode).toBe(0)
    expect(await check(directory)).toEqual({ exitCode: 0, files: 1, problems: [] })
  })
})
