// Dev mode, on the built package: a real application whose files change while it runs. Each request
// follows its change at once: nothing waits for a watcher, but for what comes without a request.
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createStart, startApi } from 'express-start-api'
import { buildPackage, createApp, runNode } from './support/built-package'
import { type DevApp, startDevApp, until } from './support/dev-app'
import { apiRoutes } from './support/routes'
import { routesDirectory } from './support/routes-directory'

beforeAll(buildPackage)

const APP = `
const app = express()
const api = startApi('./routes', { dev: true })
app.post('/api/legacy', (req, res) => res.send('legacy post'))
app.use(api)
app.get('/api/late', (req, res) => res.send('late'))
app.get('/end', (req, res) => {
  res.end()
  server.close()
  void api.close()
})
app.use((req, res) => res.status(404).send('legacy ' + req.method + ' ' + req.path))
const server = app.listen(0, () => console.log('listening at http://127.0.0.1:' + server.address().port))
`
const CJS_HEAD = `const express = require('express')\nconst { startApi } = require('express-start-api')\n`
const ESM_HEAD = `import express from 'express'\nimport { startApi } from 'express-start-api'\n`

interface Language {
  readonly args: readonly string[]
  readonly main: string
  readonly packages?: readonly string[]
  readonly type?: 'module'
  readonly extension: string
  /** A route file that answers GET with the value of an expression. */
  route(answer: string, head?: string): string
}

const commonJs = (answer: string, head = '') => `${head}
const { createAPIFileRoute } = require('express-start-api/api')
exports.APIRoute = createAPIFileRoute('/x')({
  GET: async () => new Response(String(${answer})),
})`

const esModule = (answer: string, head = '') => `${head}
import { createAPIFileRoute } from 'express-start-api/api'
export const APIRoute = createAPIFileRoute('/x')({
  GET: async () => new Response(String(${answer})),
})`

const typeScript = (answer: string, head = '') =>
  esModule(answer, `${head}\nconst typed: number = 1\nvoid typed\n`)

const LANGUAGES: Record<string, Language> = {
  CommonJS: {
    args: ['main.js'],
    main: CJS_HEAD + APP,
    extension: 'js',
    route: commonJs,
  },
  'ES modules': {
    args: ['main.js'],
    main: ESM_HEAD + APP,
    type: 'module',
    extension: 'js',
    route: esModule,
  },
  'ES modules in a CommonJS application': {
    args: ['main.js'],
    main: CJS_HEAD + APP,
    extension: 'mjs',
    route: esModule,
  },
  'TypeScript, ts-node': {
    args: ['-r', 'ts-node/register/transpile-only', 'main.ts'],
    main: ESM_HEAD + APP,
    packages: ['ts-node', 'typescript'],
    extension: 'ts',
    route: typeScript,
  },
  'TypeScript, tsx, CommonJS': {
    args: ['--import', 'tsx', 'main.ts'],
    main: ESM_HEAD + APP,
    packages: ['tsx'],
    extension: 'ts',
    route: typeScript,
  },
  'TypeScript, tsx, ES modules': {
    args: ['--import', 'tsx', 'main.ts'],
    main: ESM_HEAD + APP,
    packages: ['tsx'],
    type: 'module',
    extension: 'ts',
    route: typeScript,
  },
}

/** Where Node removes types by itself. */
if ('typescript' in process.features && process.features.typescript !== false) {
  LANGUAGES['TypeScript, type stripping, ES modules'] = {
    args: ['--no-warnings', 'main.ts'],
    main: ESM_HEAD + APP,
    type: 'module',
    extension: 'ts',
    route: typeScript,
  }
  LANGUAGES['TypeScript, type stripping, `import` in a CommonJS package'] = {
    args: ['--no-warnings', 'main.js'],
    main: CJS_HEAD + APP,
    extension: 'ts',
    route: typeScript,
  }
}

function start(
  language: Language,
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<DevApp> {
  const { args, main, packages = [], type = 'commonjs' } = language
  return startDevApp({
    args,
    packages,
    env,
    files: {
      'package.json': JSON.stringify({ type }),
      'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "esModuleInterop": true } }',
      [args.at(-1)!]: main,
      ...files,
    },
  })
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1
}

describe.each(Object.entries(LANGUAGES))('in %s', (_, language) => {
  const { extension, route } = language
  const file = (name: string) => `routes/api/${name}.${extension}`

  it('files that are added, edited, broken, mended, renamed or deleted are live with the next request', async () => {
    const app = await start(language, { [file('a')]: route(`'one'`) })
    expect(await app.ask('/api/a')).toBe('200 one')

    app.write(file('a'), route(`'two'`))
    expect(await app.ask('/api/a')).toBe('200 two')

    app.write(file('b/$id'), route(`'new'`))
    expect(await app.ask('/api/b/1')).toBe('200 new')

    app.write(file('a'), route(`'three'`, '\n\n)oops'))
    const answer = await app.ask('/api/a')
    expect(answer).toMatch(/^500 api\/a\.\w+: /)
    expect(answer).toMatch(new RegExp(`a\\.${extension}[:(]\\d`))
    expect(await app.ask('/api/a')).toBe(answer)
    expect(await app.ask('/api/b/1')).toBe('200 new')
    const [reason] = answer.slice('500 '.length).split('\n')
    await until(() => app.output().includes(reason!), app.output)
    expect(countOf(app.output(), reason!)).toBe(1)

    app.write(file('a'), route(`'four'`))
    expect(await app.ask('/api/a')).toBe('200 four')

    app.write(file('a'), route(`'five'`, `throw new Error('no database')`))
    expect(await app.ask('/api/a')).toMatch(
      /^500 api\/a\.\w+: no database \(at routes\/api\/a\.\w+:\d+\)/,
    )
    expect(await app.ask('/api/b/1')).toBe('200 new')
    app.write(file('a'), route(`'six'`))
    expect(await app.ask('/api/a')).toBe('200 six')

    app.rename(file('b/$id'), file('c/$name'))
    expect(await app.ask('/api/c/1')).toBe('200 new')
    expect(await app.ask('/api/b/1')).toBe('404 legacy GET /api/b/1')
    expect(app.read(file('c/$name'))).toContain(`createAPIFileRoute('/api/c/$name')`)

    app.remove(file('a'))
    expect(await app.ask('/api/a')).toBe('404 legacy GET /api/a')
    expect(await app.ask('/api/c/1')).toBe('200 new')
    expect(await app.end()).toBe(0)
  })
})

it('sees each of many quick edits that leave size and, on some file systems, time as they were', async () => {
  const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/a.js': commonJs(`'00'`) })
  const answers: string[] = []
  const expected = Array.from({ length: 40 }, (_, index) => String(index + 10))
  for (const text of expected) {
    app.write('routes/api/a.js', commonJs(`'${text}'`))
    utimesSync(join(app.folder, 'routes/api/a.js'), new Date(), new Date(1e12 + 1e3))
    answers.push(await app.ask('/api/a'))
  }
  expect(answers).toEqual(expected.map((text) => `200 ${text}`))
})

describe('modules that route files load', () => {
  it('are loaded again in CommonJS, with those that require them; the others keep their state', async () => {
    const counter = `let count = 0; exports.next = () => ++count`
    const app = await start(LANGUAGES['CommonJS']!, {
      'lib/counter.js': counter,
      'lib/text.js': `exports.text = 'one'`,
      'lib/between.js': `const { text } = require('./text'); exports.text = () => text`,
      'routes/api/a.js': commonJs(
        `counter.next() + between.text()`,
        `const counter = require('../../lib/counter'), between = require('../../lib/between')`,
      ),
      'routes/api/b.js': commonJs(`counter.next()`, `const counter = require('../../lib/counter')`),
    })
    expect(await app.ask('/api/a')).toBe('200 1one')
    app.write('lib/text.js', `exports.text = 'two'`)
    expect(await app.ask('/api/a')).toBe('200 2two')

    app.write('lib/text.js', `)oops`)
    expect(await app.ask('/api/a')).toMatch(/^500 api\/a\.js: SyntaxError: .*lib\/text\.js:1\)/)
    expect(await app.ask('/api/b')).toBe('200 3')
    app.remove('lib/text.js')
    expect(await app.ask('/api/a')).toMatch(/^500 api\/a\.js: .*Cannot find module '.\/text'/)
    app.write('lib/text/index.js', `exports.text = 'three'`)
    expect(await app.ask('/api/a')).toBe('200 4three')
    expect(await app.ask('/api/b')).toBe('200 5')

    app.write('lib/counter.js', counter.replace('0', '10'))
    expect(await app.ask('/api/b')).toBe('200 11')
    expect(await app.ask('/api/a')).toBe('200 12three')
    expect(app.output()).not.toContain('Restart')
  })

  describe('since a moment ago, and are replaced then', () => {
    const { main, ...language } = LANGUAGES['CommonJS']!
    // Nothing but requests looks at the files.
    const unwatched = { ...language, main: main.replace('app.use(api)', '$&\nvoid api.close()') }
    const dependency = (text: string) => `exports.text = '${text}'`
    const atOnce = commonJs(`text`, `const { text } = require('../../lib/text')`)
    const byHandler = commonJs(`require('../../lib/text').text`)

    it.each([
      ['route file', atOnce],
      ['handler', byHandler],
    ])('by an older file, are loaded again: what a %s requires', async (_, route) => {
      const app = await start(unwatched, {
        'lib/text.js': dependency('one'),
        'lib/older.js': dependency('two'),
        'routes/api/a.js': commonJs(`'a'`),
      })
      expect(await app.ask('/api/a')).toBe('200 a')
      app.write('routes/api/a.js', route)
      expect(await app.ask('/api/a')).toBe('200 one')
      app.rename('lib/older.js', 'lib/text.js')
      expect(await app.ask('/api/a')).toBe('200 two')
    })

    it('are loaded again where the clock of the file system is behind', async () => {
      const early = `const { now } = Date\nDate.now = () => now() + 60_000\n`
      const app = await start(
        { ...unwatched, main: early + unwatched.main },
        { 'lib/text.js': dependency('one'), 'routes/api/a.js': commonJs(`'a'`) },
      )
      expect(await app.ask('/api/a')).toBe('200 a')
      app.write('routes/api/a.js', atOnce)
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write('lib/text.js', dependency('two'))
      expect(await app.ask('/api/a')).toBe('200 two')
    })

    it('are loaded again however soon that is', async () => {
      const app = await start(unwatched, { 'routes/api/a.js': commonJs(`'a'`) })
      const names = Array.from({ length: 40 }, (_, index) => `text${index}`)
      const answers: string[] = []
      for (const name of names) {
        app.write(`lib/${name}.js`, dependency('old'))
        app.write('routes/api/a.js', byHandler.replace('lib/text', `lib/${name}`))
        await app.ask('/api/a')
        app.write(`lib/${name}.js`, dependency('new'))
        answers.push(await app.ask('/api/a'))
      }
      expect(answers).toEqual(names.map(() => '200 new'))
    })
  })

  it('and the first time broken are live when they are mended, whichever it was', async () => {
    const app = await start(LANGUAGES['CommonJS']!, {
      'lib/base.js': `exports.base = undefined`,
      'lib/middle.js': `exports.name = require('./base').base.name`,
      'routes/api/a.js': commonJs(`name`, `const { name } = require('../../lib/middle')`),
    })
    expect(await app.ask('/api/a')).toMatch(/^500 api\/a\.js: TypeError: .*lib\/middle\.js:1\)/)
    app.write('lib/base.js', `exports.base = { name: 'base' }`)
    expect(await app.ask('/api/a')).toBe('200 base')
  })

  it('stay where the application itself has them, and the console says so once', async () => {
    const language = LANGUAGES['CommonJS']!
    const main = `const pool = require('./lib/pool')\n${language.main}`
    const pool = (name: string) =>
      `exports.id = '${name} ' + (globalThis.pools = (globalThis.pools ?? 0) + 1)`
    const app = await start(
      { ...language, main },
      {
        'lib/pool.js': pool('first'),
        'lib/helper.js': `exports.id = () => require('./pool').id`,
        'lib/late.js': `exports.text = 'late'`,
        'routes/api/a.js': commonJs(`helper.id()`, `const helper = require('../../lib/helper')`),
        'routes/api/b.js': commonJs(`require('../../lib/late').text`),
      },
    )
    expect(await app.ask('/api/b')).toBe('200 late')
    app.write('lib/late.js', `exports.text = 'later'`)
    expect(await app.ask('/api/b')).toBe('200 later')
    expect(await app.ask('/api/a')).toBe('200 first 1')
    app.write('lib/helper.js', `exports.id = () => 'helped ' + require('./pool').id`)
    expect(await app.ask('/api/a')).toBe('200 helped first 1')
    app.write('lib/pool.js', pool('second'))
    expect(await app.ask('/api/a')).toBe('200 helped first 1')
    app.write('lib/pool.js', pool('third'))
    expect(await app.ask('/api/a')).toBe('200 helped first 1')
    await until(() => app.output().includes('lib/pool.js has changed'), app.output)
    expect(app.output()).toMatch(
      /lib\/pool\.js has changed, but .* Restart .*node --watch.*tsx watch/,
    )
    expect(countOf(app.output(), 'has changed')).toBe(1)
  })

  it('that ES modules import stay, and the console says so once, and what to do', async () => {
    const app = await start(LANGUAGES['ES modules']!, {
      'lib/text.js': `export const text = 'one'`,
      'lib/between.js': `export * from './text.js'`,
      'routes/api/a.js': esModule(`text`, `import { text } from '../../lib/between.js'`),
    })
    expect(await app.ask('/api/a')).toBe('200 one')
    app.write('lib/text.js', `export const text = 'two'`)
    expect(await app.ask('/api/a')).toBe('200 one')
    await until(() => app.output().includes('lib/text.js has changed'), app.output)
    app.write('lib/text.js', `export const text = 'three'`)
    app.write(
      'routes/api/a.js',
      esModule(`'now ' + text`, `import { text } from '../../lib/text.js'`),
    )
    expect(await app.ask('/api/a')).toBe('200 now one')
    expect(countOf(app.output(), 'Restart the application; `node --watch` or `tsx watch`')).toBe(1)
  })

  it('of ES modules that are broken the first time are named, and are live once mended, or the console says that they are not', async () => {
    const app = await start(LANGUAGES['ES modules']!, {
      'lib/text.js': `export const text = (`,
      'lib/between.js': `export * from './text.js'`,
      'lib/other.js': `export const other = 'other'`,
      'routes/api/a.js': esModule(`text`, `import { text } from '../../lib/between.js'`),
      'routes/api/b.js': esModule(`)oops`, `import { other } from '../../lib/other.js'`),
    })
    expect(await app.ask('/api/a')).toMatch(
      /^500 api\/a\.js: SyntaxError: .* \(at lib\/text\.js:1\)/,
    )
    expect(await app.ask('/api/b')).toMatch(
      /^500 api\/b\.js: SyntaxError: .* \(at routes\/api\/b\.js:\d\)/,
    )
    app.write('lib/text.js', `export const text = 'mended'`)
    app.write('lib/other.js', `export const other = 'edited'`)
    // Node 20 keeps what it could not read.
    const isKept = (await app.ask('/api/a')) !== '200 mended'
    await until(() => !isKept || app.output().includes('lib/text.js has changed'), app.output)
    expect(countOf(app.output(), 'lib/text.js has changed')).toBe(isKept ? 1 : 0)
    expect(app.output()).not.toContain('lib/other.js has changed')
    app.write('routes/api/b.js', esModule(`other`, `import { other } from '../../lib/other.js'`))
    expect(await app.ask('/api/b')).toBe('200 edited')
  })

  it('of ES modules that threw the first time stay, and the console says so', async () => {
    const app = await start(LANGUAGES['ES modules']!, {
      'lib/text.js': `throw new Error('no database')`,
      'routes/api/a.js': esModule(`text`, `import * as text from '../../lib/text.js'`),
    })
    const answer = await app.ask('/api/a')
    expect(answer).toMatch(/^500 api\/a\.js: no database \(at lib\/text\.js:1\)/)
    app.write('lib/text.js', `export const text = 'mended'`)
    expect(await app.ask('/api/a')).toBe(answer)
    await until(() => app.output().includes('lib/text.js has changed'), app.output)
  })

  it('by links are what these lead to by now', async () => {
    const app = await start(LANGUAGES['ES modules']!, {
      'shared/one.js': esModule(`'one'`),
      'shared/two.js': esModule(`'two'`),
      'routes/api/b.js': esModule(`'b'`),
    })
    const link = join(app.folder, 'routes/api/a.js')
    symlinkSync(join(app.folder, 'shared/one.js'), link)
    expect(await app.ask('/api/a')).toBe('200 one')
    rmSync(link)
    symlinkSync(join(app.folder, 'shared/two.js'), link)
    expect(await app.ask('/api/a')).toBe('200 two')
  })

  it('as ES modules by `require` are read again, after a failure, too', async () => {
    // No "type": Node tells the syntax by itself.
    const route = (answer: string, head = '') =>
      `${head}\nimport 'express-start-api/api'\nexport const APIRoute = { methods: { GET: () => new Response(${answer}) } }`
    const app = await start(LANGUAGES['CommonJS']!, {
      'package.json': '{}',
      'routes/api/a.js': route(`'one'`),
      'routes/api/b.js': route(`'one'`, `throw new Error('not yet')`),
    })
    expect(await app.ask('/api/b')).toMatch(/^500 api\/b\.js: not yet/)
    app.write('routes/api/a.js', route(`'two'`))
    expect(await app.ask('/api/a')).toBe('200 two')
    app.write('routes/api/a.js', route(`'three'`))
    expect(await app.ask('/api/a')).toBe('200 three')
    app.write('routes/api/b.js', route(`'two'`))
    expect(await app.ask('/api/b')).toBe('200 two')
  })
})

it('a route file that only `require` takes, and keeps as an ES module, is live once edited, or the console says that it is not', async () => {
  const language = LANGUAGES['TypeScript, ts-node']!
  const app = await start(
    { ...language, args: [...language.args.slice(0, -1), 'main.js'], main: CJS_HEAD + APP },
    {
      'package.json': '{}',
      'tsconfig.json':
        '{ "compilerOptions": { "module": "esnext", "moduleResolution": "node", "target": "es2022" } }',
      'routes/api/a.ts': typeScript(`'one'`),
      'routes/api/b.ts': typeScript(`'one'`, `throw new Error('no database')`),
    },
  )
  expect(await app.ask('/api/a')).toBe('200 one')
  expect(await app.ask('/api/b')).toMatch(/^500 api\/b\.ts: no database/)
  for (const name of ['a', 'b']) {
    app.write(`routes/api/${name}.ts`, typeScript(`'two'`))
    const answer = await app.ask(`/api/${name}`)
    // Node that removes types by itself imports it, and so reads it again.
    if (answer === '200 two') continue
    expect(answer).toMatch(name === 'a' ? /^200 one$/ : /^500 api\/b\.ts: no database/)
    await until(() => app.output().includes(`api/${name}.ts has changed`), app.output)
    expect(await app.ask(`/api/${name}`)).toBe(answer)
    expect(countOf(app.output(), `api/${name}.ts has changed`)).toBe(1)
  }
})

it('says nothing of old versions when files of a linked directory go, or get another name', async () => {
  const language = LANGUAGES['CommonJS']!
  const app = await start(
    { ...language, main: `require('node:fs').symlinkSync('real', 'routes')\n${language.main}` },
    {
      'real/api/a.js': commonJs(`'a'`),
      'real/api/b.js': commonJs(`'b'`),
      'real/api/c.js': commonJs(`'c'`),
    },
  )
  expect(await app.ask('/api/a')).toBe('200 a')
  app.remove('real/api/a.js')
  expect(await app.ask('/api/a')).toBe('404 legacy GET /api/a')
  app.rename('real/api/b.js', 'real/api/new.js')
  expect(await app.ask('/api/new')).toBe('200 b')
  app.remove('real/api/c.js')
  symlinkSync(join(app.folder, 'real/api/new.js'), join(app.folder, 'real/api/d.js'))
  expect(await app.ask('/api/d')).toBe('200 b')
  app.remove('real/api/d.js')
  expect(await app.ask('/api/d')).toBe('404 legacy GET /api/d')
  app.write('real/api/new.js', commonJs(`'edited'`))
  expect(await app.ask('/api/new')).toBe('200 edited')
  expect(app.output()).not.toContain('has changed')
})

it('has route files of an installed package live, with what they require of that directory', async () => {
  const language = LANGUAGES['CommonJS']!
  const main = language.main.replace(`'./routes'`, `'./node_modules/pkg/routes'`)
  const routes = 'node_modules/pkg/routes/api'
  const app = await start(
    { ...language, main },
    {
      [`${routes}/-text.js`]: `exports.text = 'one'`,
      [`${routes}/a.js`]: commonJs(`text`, `const { text } = require('./-text')`),
    },
  )
  expect(await app.ask('/api/a')).toBe('200 one')
  app.write(`${routes}/-text.js`, `exports.text = 'two'`)
  expect(await app.ask('/api/a')).toBe('200 two')
  app.write(`${routes}/a.js`, commonJs(`'three'`))
  expect(await app.ask('/api/a')).toBe('200 three')
  expect(app.output()).not.toContain('has changed')
})

describe('a broken file', () => {
  it('is tried again with each request for it: what it lacked may be there', async () => {
    const app = await start(LANGUAGES['CommonJS']!, {
      'routes/api/a.js': commonJs(`'here'`, `if (!globalThis.there) throw new Error('not there')`),
      'routes/api/b.js': commonJs(`(globalThis.there = true)`),
    })
    expect(await app.ask('/api/a')).toMatch(/^500 api\/a\.js: not there/)
    expect(await app.ask('/api/b')).toBe('200 true')
    expect(await app.ask('/api/a')).toBe('200 here')
    await until(() => app.output().includes('api/a.js: no problem any more'), app.output)
  })

  it('leaves the methods that it does not name to the application', async () => {
    const app = await start(LANGUAGES['CommonJS']!, {
      'routes/api/legacy.js': commonJs(`'start'`, `)oops`),
    })
    expect(await app.ask('/api/legacy')).toMatch(/^500 api\/legacy\.js: SyntaxError/)
    expect(await app.ask('/api/legacy', 'POST')).toBe('200 legacy post')
    expect(await app.ask('/api/legacy', 'DELETE')).toBe('404 legacy DELETE /api/legacy')
  })

  it.each([
    ['has no handlers', `exports.APIRoute = {}`, 'exports an `APIRoute` that has no `methods`'],
    [
      'has a handler that is none',
      `exports.APIRoute = { methods: { GET: 1 } }`,
      'has a `GET` that is a number',
    ],
  ])('that %s says so', async (_, text, reason) => {
    const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/a.js': text })
    expect(await app.ask('/api/a')).toContain(`500 api/a.js ${reason}`)
    app.write('routes/api/a.js', commonJs(`'mended'`))
    expect(await app.ask('/api/a')).toBe('200 mended')
  })

  it('whose name can not be served is told to the console, and the others are served', async () => {
    const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/a.js': commonJs(`'a'`) })
    app.write('routes/api/$/b.js', commonJs(`'b'`))
    expect(await app.ask('/api/a')).toBe('200 a')
    await until(() => app.output().includes('api/$/b.js has a splat'), app.output)
    app.write('routes/api/c.js', `exports.nothing = 1`)
    app.write('routes/api/a.js', commonJs(`'a2'`))
    expect(await app.ask('/api/a')).toBe('200 a2')
    await until(() => app.output().includes('api/c.js exports no'), app.output)
    expect(countOf(app.output(), 'has a splat')).toBe(1)
  })
})

describe('files that answer the same URLs', () => {
  it('say so at these, until one is gone; the others are served', async () => {
    const app = await start(LANGUAGES['CommonJS']!, {
      'routes/api/a/$id.js': commonJs(`'id'`),
      'routes/api/b.js': commonJs(`'b'`),
    })
    expect(await app.ask('/api/a/1')).toBe('200 id')
    app.write('routes/api/a.$name.js', commonJs(`'name'`))
    const answer = await app.ask('/api/a/1')
    expect(answer).toMatch(/^500 Several route files answer the same URLs/)
    expect(answer).toContain('api/a.$name.js (/api/a/$name), api/a/$id.js (/api/a/$id)')
    expect(await app.ask('/api/b')).toBe('200 b')
    await until(() => app.output().includes('Several route files'), app.output)
    expect(countOf(app.output(), 'Several route files')).toBe(1)
    app.remove('routes/api/a/$id.js')
    expect(await app.ask('/api/a/1')).toBe('200 name')
  })

  it('do not keep the application from starting', async () => {
    const app = await start(LANGUAGES['CommonJS']!, {
      'routes/api/a.js': commonJs(`'one'`),
      'routes/api.a.js': commonJs(`'two'`),
    })
    expect(await app.ask('/api/a')).toContain('/api/a: api.a.js, api/a.js')
  })
})

describe('an empty new file', () => {
  it('gets one GET, without a request and without a restart', async () => {
    const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/a.js': commonJs(`'a'`) })
    app.write('routes/api/users/$id.js', '')
    await until(() => app.read('routes/api/users/$id.js') !== '', app.output)
    expect(app.read('routes/api/users/$id.js')).toContain(`createAPIFileRoute('/api/users/$id')`)
    expect(await app.ask('/api/users/1')).toContain('200 {"message":"Hello /api/users/$id!"}')
  })

  it.each([
    [
      'CommonJS',
      'routes/api/new.js',
      `const { createAPIFileRoute } = require('express-start-api/api')`,
    ],
    [
      'ES modules',
      'routes/api/new.js',
      `import { createAPIFileRoute } from 'express-start-api/api'`,
    ],
    [
      'TypeScript, ts-node',
      'routes/api/new.ts',
      `import { createAPIFileRoute } from 'express-start-api/api'`,
    ],
    ['CommonJS', 'routes/new.js', `createAPIFileRoute('/api/new')`],
  ])(
    'in %s is written in that language, and answers the next request: %s',
    async (name, file, text) => {
      const language = LANGUAGES[name]!
      const app = await start(language, {
        [`routes/api/a.${language.extension}`]: language.route(`'a'`),
      })
      app.write(file, '')
      expect(await app.ask('/api/new')).toBe('200 {"message":"Hello /api/new!"}')
      expect(app.read(file)).toContain(text)
    },
  )

  it('imports what the files beside it import', async () => {
    const app = await start(LANGUAGES['ES modules']!, {
      'routes/api/a.js': esModule(`'a'`).replace('express-start-api/api', './-maker.js'),
      'routes/api/-maker.js': `export * from 'express-start-api/api'`,
      'routes/api/v1/b.js': `import { createFileRoute } from '@tanstack/react-router'`,
    })
    expect(await app.ask('/api/a')).toBe('200 a')
    app.write('routes/api/v1/new.js', '')
    app.write('routes/api/c.js', '')
    await app.ask('/api/c')
    expect(app.read('routes/api/v1/new.js')).toMatch(
      /^import \{ createFileRoute \} from '@tanstack\/react-router'\n[^]*createFileRoute\('\/api\/v1\/new'\)\(\{\n {2}server: /,
    )
    expect(app.read('routes/api/c.js')).toContain(`import { createAPIFileRoute } from './-maker.js`)
  })

  it('is left alone among pages, and so is one that was emptied', async () => {
    const app = await start(LANGUAGES['CommonJS']!, {
      'routes/index.js': `exports.Route = 'a page'`,
      'routes/api/a.js': commonJs(`'a'`),
    })
    expect(await app.ask('/api/a')).toBe('200 a')
    app.write('routes/about.js', '')
    app.write('routes/api/a.js', '')
    app.write('routes/api/b.js', commonJs(`'b'`))
    expect(await app.ask('/api/b')).toBe('200 b')
    expect([app.read('routes/about.js'), app.read('routes/api/a.js')]).toEqual(['', ''])
  })
})

describe('the path literal of a file with a new name', () => {
  it('is corrected, in its quotes and nothing else; the permissions stay', async () => {
    const text = `const { createAPIFileRoute } = require('express-start-api/api')
// createAPIFileRoute('/api/old')
exports.APIRoute = createAPIFileRoute("/api/old")({ GET: () => new Response('/api/old') })\n`
    const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/old.js': text })
    expect(await app.ask('/api/old')).toBe('200 /api/old')
    chmodSync(join(app.folder, 'routes/api/old.js'), 0o640)
    app.rename('routes/api/old.js', 'routes/api/new.$id.js')
    await until(() => app.output().includes('path literal corrected'), app.output)
    expect(app.read('routes/api/new.$id.js')).toBe(text.replace('("/api/old")', '("/api/new/$id")'))
    expect(statSync(join(app.folder, 'routes/api/new.$id.js')).mode & 0o777).toBe(0o640)
    expect(await app.ask('/api/new/1')).toBe('200 /api/old')
  })
})

describe('a new file that can not be written', () => {
  it('is loaded as it is, which the console says once', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    const text = `const { createAPIFileRoute } = require('express-start-api/api')
exports.APIRoute = createAPIFileRoute('/api/old')({ GET: () => new Response('a') })`
    const directory = routesDirectory({ 'api/empty.js': '' })
    const api = startApi(directory, { dev: true, load: (file) => require(file) as unknown })
    // Not even root can write a file where a folder is.
    for (const name of ['empty', 'a']) mkdirSync(join(directory, `api/.${name}.js.${process.pid}`))
    await api.ready
    writeFileSync(join(directory, 'api/a.js'), text)
    const ask = async (path: string) => (await api.fetch(path)).text()
    expect([await ask('/api/a'), await ask('/api/a')]).toEqual(['a', 'a'])
    expect(readFileSync(join(directory, 'api/a.js'), 'utf8')).toBe(text)
    await api.close()
    const told = warn.mock.calls.flat().filter((line) => /can't be written/.test(String(line)))
    expect(told).toEqual([
      "[start-api] api/empty.js can't be written (EISDIR), and stays as it is. Give the process write permission on its folder, or correct it as `start-api check` says.",
      "[start-api] api/a.js can't be written (EISDIR), and stays as it is. Give the process write permission on its folder, or correct it as `start-api check` says.",
    ])
    warn.mockRestore()
  })

  it('may be a link that leads to itself', async () => {
    const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/a.js': commonJs(`'a'`) })
    symlinkSync('b.js', join(app.folder, 'routes/api/b.js'))
    expect(await app.ask('/api/a')).toBe('200 a')
    expect(await app.ask('/api/b')).toMatch(/^500 api\/b\.js: /)
    expect(app.output()).not.toMatch(/^\[start-api\] ELOOP/m)
  })
})

describe('the console', () => {
  it('shows the route files once, and what is never reached because of others', async () => {
    const language = LANGUAGES['CommonJS']!
    const app = await start(language, {
      'routes/api/legacy.js': commonJs(`'start'`).replace('GET:', 'POST:'),
      'routes/api/late.js': commonJs(`'start'`),
    })
    expect(await app.ask('/api/late')).toBe('200 start')
    expect(await app.ask('/api/legacy', 'POST')).toBe('200 legacy post')
    await until(() => app.output().includes('never reached'), app.output)
    app.write('routes/api/late.js', commonJs(`'again'`))
    expect(await app.ask('/api/late')).toBe('200 again')
    expect(app.output().replace(/^listening.*\n/m, ''))
      .toBe(`[start-api] dev mode: 2 route files in routes
  GET   /api/late    api/late.js
  POST  /api/legacy  api/legacy.js
[start-api] never reached, because of what is in front:
  GET   /api/late                    behind api/late.js
  POST  /api/legacy (api/legacy.js)  behind POST /api/legacy
`)
  })

  it('hears of a broken file without a request, by polling, too', async () => {
    const app = await start(
      LANGUAGES['CommonJS']!,
      { 'routes/api/a.js': commonJs(`'a'`) },
      { CHOKIDAR_USEPOLLING: '1', CHOKIDAR_INTERVAL: '50' },
    )
    expect(await app.ask('/api/a')).toBe('200 a')
    app.write('routes/api/a.js', `)oops`)
    await until(() => app.output().includes('api/a.js: SyntaxError'), app.output)
  })
})

it('lets requests that are under way finish on the old table (hazard 249)', async () => {
  const app = await start(LANGUAGES['CommonJS']!, {
    'routes/api/slow.js': commonJs(
      `(await new Promise((resolve) => { globalThis.finish = resolve; console.log('slow began') }), 'old')`,
    ),
    'routes/api/finish.js': commonJs(`globalThis.finish?.() ?? 'finished'`),
  })
  const slow = app.ask('/api/slow')
  await until(() => app.output().includes('slow began'), app.output)
  app.write('routes/api/slow.js', commonJs(`'new'`))
  expect(await app.ask('/api/slow')).toBe('200 new')
  await app.ask('/api/finish')
  expect(await slow).toBe('200 old')
})

describe('a file that never finishes loading', () => {
  const forEsm = esModule(`'never'`, `console.log('it hangs'); await new Promise(() => {})`)
  const forCommonJs = `console.log('it hangs'); module.exports = new Promise(() => {})`
  const link = `require('node:fs').symlinkSync('linked', 'routes')\n`

  it.each([
    ['ES modules', 'routes', '', forEsm],
    ['CommonJS', 'routes', '', forCommonJs],
    ['CommonJS', 'linked', link, forCommonJs],
  ])(
    'keeps nothing waiting once it is mended, or gone: %s, %s',
    async (name, folder, head, hanging) => {
      const language = LANGUAGES[name]!
      const { route } = language
      const hangs = (times: number) =>
        until(() => countOf(app.output(), 'it hangs') === times, app.output)
      const app = await start(
        { ...language, main: head + language.main },
        {
          [`${folder}/api/a.js`]: route(`'a'`),
          [`${folder}/api/b.js`]: hanging,
        },
      )
      const first = [app.ask('/api/a'), app.ask('/api/b')]
      await hangs(1)
      app.write(`${folder}/api/b.js`, route(`'mended'`))
      expect(await Promise.all(first)).toEqual(['200 a', '200 mended'])
      app.write(`${folder}/api/b.js`, hanging)
      const second = [app.ask('/api/a'), app.ask('/api/b')]
      await hangs(2)
      app.write(`${folder}/api/b.js`, route(`'mended again'`))
      expect(await app.ask('/api/b')).toBe('200 mended again')
      expect(await Promise.all(second)).toEqual(['200 a', '200 mended again'])
      app.write(`${folder}/api/b.js`, hanging)
      const third = app.ask('/api/a')
      await hangs(3)
      app.remove(`${folder}/api/b.js`)
      expect(await third).toBe('200 a')
      expect(await app.ask('/api/b')).toBe('404 legacy GET /api/b')
    },
  )

  it('is what another file that requires it gets once it is mended', async () => {
    const app = await start(LANGUAGES['CommonJS']!, {
      'routes/api/a.js': commonJs(`name`, `const { name } = require('./b')`),
      'routes/api/b.js': forCommonJs,
    })
    const first = app.ask('/api/b')
    await until(() => app.output().includes('it hangs'), app.output)
    app.write('routes/api/b.js', `${commonJs(`'b'`)}\nexports.name = 'mended'`)
    expect(await first).toBe('200 b')
    expect(await app.ask('/api/a')).toBe('200 mended')
  })
})

it('keeps the last table while the directory is away', async () => {
  const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/a.js': commonJs(`'a'`) })
  expect(await app.ask('/api/a')).toBe('200 a')
  app.rename('routes', 'elsewhere')
  expect(await app.ask('/api/a')).toBe('200 a')
  expect(await app.ask('/api/a')).toBe('200 a')
  await until(() => app.output().includes('does not exist'), app.output)
  expect(countOf(app.output(), 'does not exist')).toBe(1)
  app.write('elsewhere/api/a.js', commonJs(`'back'`))
  app.rename('elsewhere', 'routes')
  expect(await app.ask('/api/a')).toBe('200 back')
})

it('loads the watcher in dev mode alone, and ends with the server in any case', async () => {
  const language = LANGUAGES['CommonJS']!
  const main = language.main
    .replace('void api.close()', '')
    .replace(
      `res.send('late')`,
      `res.send(Object.keys(require.cache).some((name) => name.includes('chokidar')))`,
    )
  const files = { 'routes/api/a.js': commonJs(`'a'`) }
  const dev = await start({ ...language, main }, files)
  expect(await dev.ask('/api/a')).toBe('200 a')
  expect(await dev.end()).toBe(0)
  const app = await start({ ...language, main: main.replace(', { dev: true }', '') }, files)
  expect(await app.ask('/api/late')).toBe('200 false')
})

it('needs a directory, and a boolean', () => {
  expect(() =>
    startApi(apiRoutes({ 'a.ts': { GET: () => new Response() } }), { dev: true }),
  ).toThrow(
    new TypeError(
      'startApi(): option `dev` needs a routes directory: modules of a bundler are reloaded by the bundler, or not at all.',
    ),
  )
  expect(() => startApi('./routes', { dev: 'yes' as unknown as boolean })).toThrow(
    'startApi(): option `dev` must be a boolean.',
  )
  expect(() => startApi('./missing', { dev: true })).toThrow(
    expect.objectContaining({ code: 'ERR_START_API_DIRECTORY' }),
  )
})

it('serves what an importer of the application gives, and new files, without sockets', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
  const directory = routesDirectory({ 'api/a.js': commonJs(`'a'`) })
  const load = (file: string) => ({
    APIRoute: { methods: { GET: () => new Response(readFileSync(file, 'utf8')) } },
  })
  const api = startApi(directory, { dev: true, load })
  await api.ready
  writeFileSync(join(directory, 'api/b.js'), '// b')
  expect(await (await api.fetch('/api/b')).text()).toBe('// b')
  expect(api.routes.map(({ file }) => file)).toEqual(['api/a.js', 'api/b.js'])
  writeFileSync(join(directory, 'api/b.js'), '// changed')
  expect(await (await api.fetch('/api/b')).text()).toBe('// changed')
  await api.close()
  // jest has no `import()`.
  expect(warn.mock.calls.flat().join('\n')).toMatch(/can't watch the route files/)
  warn.mockRestore()
})

it('tells again that the directory is away, if it was back in between as it was', async () => {
  const app = await start(LANGUAGES['CommonJS']!, { 'routes/api/a.js': commonJs(`'a'`) })
  expect(await app.ask('/api/a')).toBe('200 a')
  for (const count of [1, 2]) {
    app.rename('routes', 'elsewhere')
    expect(await app.ask('/api/a')).toBe('200 a')
    await until(() => countOf(app.output(), 'does not exist') === count, app.output)
    app.rename('elsewhere', 'routes')
    expect(await app.ask('/api/a')).toBe('200 a')
  }
})

it('starts any number of times in one file of tests', () => {
  const folder = createApp(
    {
      'package.json': '{ "jest": { "testEnvironment": "node" } }',
      'routes/api/a.js': commonJs(`'a'`),
      'a.test.js': `
        const { startApi } = require('express-start-api')
        it.each([1, 2, 3])('start %i', async () => {
          const api = startApi(__dirname + '/routes', { dev: true })
          expect(await (await api.fetch('/api/a')).text()).toBe('a')
          await api.close()
        })`,
    },
    ['express', 'jest'],
  )
  // In a process of its own: a loop that never ends would take this one along.
  const { status, stderr } = runNode(folder, ['node_modules/jest/bin/jest.js', '--runInBand'])
  expect(stderr).toContain('3 passed, 3 total')
  expect(status).toBe(0)
})

it('says nothing of an old version of a `start.ts` that never worked, with an importer of the application', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
  const directory = routesDirectory({
    'routes/api/a.js': commonJs(`'a'`),
    'start.js': '/* createStart */ broken',
  })
  const load = (file: string) => {
    if (readFileSync(file, 'utf8').includes('broken')) throw new Error('broken')
    const startInstance = createStart(() => ({}))
    return { startInstance, APIRoute: { methods: { GET: () => new Response('a') } } }
  }
  const api = startApi(join(directory, 'routes'), { dev: true, load })
  await expect(api.ready).rejects.toThrow('../start.js: broken')
  writeFileSync(join(directory, 'start.js'), '/* createStart */ mended')
  expect(await (await api.fetch('/api/a')).text()).toBe('a')
  await api.close()
  expect(warn.mock.calls.flat().join('\n')).not.toContain('stays in use')
  warn.mockRestore()
})

it('calls the function of `createStart` once each time that files are loaded; `routes` has no broken ones', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
  const error = jest.spyOn(console, 'error').mockImplementation(() => {})
  const directory = routesDirectory({ 'api/a.js': commonJs(`'a'`) })
  const load = (file: string) => {
    if (file.endsWith('b.js')) throw new Error('no database')
    return { APIRoute: { methods: { GET: () => new Response('a') } } }
  }
  const getOptions = jest.fn(() => ({}))
  const api = startApi(directory, { dev: true, load, start: createStart(getOptions) })
  await api.ready
  expect(getOptions).toHaveBeenCalledTimes(1)
  writeFileSync(join(directory, 'api/b.js'), commonJs(`'b'`))
  expect(await (await api.fetch('/api/b')).text()).toContain('api/b.js: no database')
  expect(getOptions).toHaveBeenCalledTimes(2)
  expect(api.routes.map(({ file }) => file)).toEqual(['api/a.js'])
  await api.close()
  warn.mockRestore()
  error.mockRestore()
})

describe('a layout of v1 that is broken', () => {
  it('takes the files below it with it, whose guard it may be', async () => {
    const head = `const { createFileRoute, createMiddleware } = require('express-start-api')`
    const route = (server: string) =>
      `${head}\nexports.Route = createFileRoute('/')({ server: ${server} })`
    const answer = (text: string) => route(`{ handlers: { GET: () => new Response('${text}') } }`)
    const guard = route(
      `{ middleware: [createMiddleware().server(() => new Response('no', { status: 401 }))] }`,
    )
    const app = await start(LANGUAGES['CommonJS']!, {
      'routes/api/_auth.js': guard,
      'routes/api/_auth/secret.js': answer('secret'),
      'routes/api/open.js': answer('open'),
    })
    expect(await app.ask('/api/secret')).toBe('401 no')
    app.write('routes/api/_auth.js', `throw new Error('half written')`)
    expect(await app.ask('/api/secret')).toMatch(
      /^500 api\/_auth\/secret\.js is not served without the middleware of api\/_auth\.js/,
    )
    expect(await app.ask('/api/open')).toBe('200 open')
    app.write('routes/api/_auth.js', guard)
    expect(await app.ask('/api/secret')).toBe('401 no')
  })

  it.each(['routes/api/_auth.js', 'routes/_auth.js'])(
    'is one that was, and is empty or exports nothing now: %s',
    async (layout) => {
      const head = `const { createFileRoute, createMiddleware } = require('express-start-api')`
      const route = (server: string) =>
        `${head}\nexports.Route = createFileRoute('/')({ server: ${server} })`
      const guard = route(
        `{ middleware: [createMiddleware().server(() => new Response('no', { status: 401 }))] }`,
      )
      const page = `${head}\nexports.Route = createFileRoute('/')({ component: () => null })`
      const below = layout.replace('.js', layout.includes('api') ? '/secret.js' : '/api.secret.js')
      const app = await start(LANGUAGES['CommonJS']!, {
        [layout]: guard,
        [below]: route(`{ handlers: { GET: () => new Response('secret') } }`),
      })
      expect(await app.ask('/api/secret')).toBe('401 no')
      for (const text of ['', `module.exports = { misspelt: 1 }`]) {
        app.write(layout, text)
        expect(await app.ask('/api/secret')).toMatch(/^500 .* is not served without the middleware/)
        const place = layout.replace('routes/', '')
        await until(() => app.output().includes(`${place} no longer exports a route`), app.output)
        app.write(layout, guard)
        expect(await app.ask('/api/secret')).toBe('401 no')
      }
      // Says on purpose that there is no middleware any more.
      app.write(layout, page)
      expect(await app.ask('/api/secret')).toBe('200 secret')
      app.write(layout, guard)
      expect(await app.ask('/api/secret')).toBe('401 no')
      app.remove(layout)
      expect(await app.ask('/api/secret')).toBe('200 secret')
    },
  )
})

describe.each(['CommonJS', 'ES modules', 'TypeScript, tsx, ES modules'])(
  'start.ts beside the routes directory, in %s',
  (name) => {
    const language = LANGUAGES[name]!
    const { extension } = language
    const file = `start.${extension}`
    const names = '{ createFileRoute, createMiddleware, createStart }'
    const head =
      name === 'CommonJS'
        ? `const ${names} = require('express-start-api')\nexports.`
        : `import ${names} from 'express-start-api'\nexport const `
    const startFile = (text: string) => `${head}startInstance = createStart(() => ({
      requestMiddleware: [createMiddleware().server(({ next }) => next({ context: { text: '${text}' } }))],
    }))`
    const routeFile = `${head}Route = createFileRoute('/api/a')({
      server: { handlers: { GET: ({ context }) => new Response(String(context.text)) } },
    })`

    it('is live with the next request; while it is broken, the last one that worked is', async () => {
      const app = await start(language, {
        [file]: startFile('one'),
        [`routes/api/a.${extension}`]: routeFile,
      })
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(file, startFile('two'))
      expect(await app.ask('/api/a')).toBe('200 two')
      app.write(file, '/* createStart */ )oops')
      expect(await app.ask('/api/a')).toBe('200 two')
      await until(() => app.output().includes(`../${file}: `), app.output)
      app.write(file, startFile('three'))
      expect(await app.ask('/api/a')).toBe('200 three')
    })

    it('stays in force while it is empty, as in the middle of being written, until it is gone', async () => {
      const app = await start(language, {
        [file]: startFile('one'),
        [`routes/api/a.${extension}`]: routeFile,
      })
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(file, '')
      expect(await app.ask('/api/a')).toBe('200 one')
      await until(() => app.output().includes(`../${file} no longer names createStart`), app.output)
      app.write(file, startFile('two'))
      expect(await app.ask('/api/a')).toBe('200 two')
      app.remove(file)
      expect(await app.ask('/api/a')).toBe('200 undefined')
      app.write(file, startFile('three'))
      expect(await app.ask('/api/a')).toBe('200 three')
    })

    const misspelt = startFile('two').replace('startInstance', 'startInstances')
    const mistake = 'exports no `startInstance`'

    it('is as before once a mistake in it is undone: routes stay live, and the mistake made again is told again', async () => {
      const app = await start(language, {
        [file]: startFile('one'),
        [`routes/api/a.${extension}`]: routeFile,
      })
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(file, misspelt)
      expect(await app.ask('/api/a')).toBe('200 one')
      expect(await app.ask('/api/a')).toBe('200 one')
      await until(() => app.output().includes(mistake), app.output)
      app.write(file, startFile('one'))
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(`routes/api/a.${extension}`, routeFile.replace('String(', `'edited ' + String(`))
      expect(await app.ask('/api/a')).toBe('200 edited one')
      expect(countOf(app.output(), mistake)).toBe(1)
      app.write(file, misspelt)
      expect(await app.ask('/api/a')).toBe('200 edited one')
      await until(() => countOf(app.output(), mistake) === 2, app.output)
    })

    it('takes nothing of another branch along that could not be used, once that is left', async () => {
      const other = (text: string) => routeFile.replace('context.text', `'${text}'`)
      const app = await start(language, {
        [file]: startFile('one'),
        [`routes/api/a.${extension}`]: routeFile,
      })
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(file, '/* createStart */ )oops')
      app.write(`routes/api/a.${extension}`, other('branch'))
      app.write(`routes/api/c.${extension}`, other('branch'))
      expect(await app.ask('/api/a')).toBe('200 one')
      await until(() => app.output().includes(`../${file}: `), app.output)
      app.write(file, startFile('one'))
      app.write(`routes/api/a.${extension}`, routeFile)
      app.remove(`routes/api/c.${extension}`)
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(`routes/api/b.${extension}`, other('b'))
      expect(await app.ask('/api/b')).toBe('200 b')
      expect(await app.ask('/api/a')).toBe('200 one')
      expect(await app.ask('/api/c')).toBe('404 legacy GET /api/c')
    })

    it('and broken from the start is live once it is mended, where the application handles `ready`', async () => {
      const main = language.main.replace(
        `app.post('/api/legacy'`,
        `api.ready.catch((error) => console.log('not ready: ' + error.message))\n$&`,
      )
      const app = await start(
        { ...language, main },
        { [file]: misspelt, [`routes/api/a.${extension}`]: routeFile },
      )
      expect(await app.ask('/api/a')).toMatch(/^500 /)
      expect(await app.ask('/api/a')).toMatch(/^500 /)
      await until(() => app.output().includes('not ready: '), app.output)
      app.write(file, startFile('one'))
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(`routes/api/a.${extension}`, routeFile.replace('String(', `'edited ' + String(`))
      expect(await app.ask('/api/a')).toBe('200 edited one')
      expect(countOf(app.output(), 'dev mode: 1 route file in')).toBe(1)
    })

    it('and broken is tried again with each request: what it lacked may be there', async () => {
      const app = await start(language, {
        [file]: startFile('one'),
        [`routes/api/a.${extension}`]: routeFile,
        [`routes/api/b.${extension}`]: routeFile.replace(
          'context.text',
          '(globalThis.there = context.text)',
        ),
      })
      expect(await app.ask('/api/a')).toBe('200 one')
      app.write(file, startFile('two').replace('createStart(', 'globalThis.there && createStart('))
      expect(await app.ask('/api/a')).toBe('200 one')
      expect(await app.ask('/api/b')).toBe('200 one')
      expect(await app.ask('/api/a')).toBe('200 two')
    })
  },
)
