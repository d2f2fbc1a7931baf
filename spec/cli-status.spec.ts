// `start-api status`: how far applications have moved, as the command prints it in a process of its own.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertBuilt, root } from './support/built'
import { buildPackage, createApp, runNode } from './support/built-package'
import { routeText } from './support/routes-directory'

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function toEnded({ status, stdout, stderr }: Ended): Ended {
  return { status, stdout, stderr }
}

/** In the repository, as it is; TypeScript by ts-node. */
function statusOf(module: string, ...args: readonly string[]): Ended {
  return toEnded(
    spawnSync(process.execPath, [join(root, 'dist/cli.js'), 'status', module, ...args], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '-r ts-node/register/transpile-only' },
    }),
  )
}

const FULL = '█'.repeat(30)

/** Without the line of the module. */
const STAGES = [
  `░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0 %  0 of 23 endpoints moved to route files

LEGACY  PATH                    MOUNTED AT
POST    /api/webhooks/payments
POST    /api/auth/sign-up       /api/auth
POST    /api/auth/sign-in       /api/auth
POST    /api/auth/sign-out      /api/auth
GET     /api/auth/me            /api/auth
GET     /api/notes              /api/notes
POST    /api/notes              /api/notes
GET     /api/notes/search       /api/notes
GET     /api/notes/events       /api/notes
GET     /api/notes/export       /api/notes
GET     /api/notes/:id          /api/notes
PUT     /api/notes/:id          /api/notes
PATCH   /api/notes/:id          /api/notes
DELETE  /api/notes/:id          /api/notes
GET     /api/notes/:id/files    /api/notes/:id/files
POST    /api/notes/:id/files    /api/notes/:id/files
GET     /api/files/:id          /api/files
DELETE  /api/files/:id          /api/files
GET     /api/health
GET     /api/go/:code
GET     /api/preferences
PUT     /api/preferences
GET     /api/reports/:year
`,
  `██████████████████░░░░░░░░░░░░  60 %  14 of 23 endpoints moved to route files

START   PATH                  FILE
GET     /api/auth/me          api/auth/me.js
POST    /api/auth/sign-out    api/auth/sign-out.js
DELETE  /api/files/$id        api/files/$id.js
GET     /api/go/$code         api/go/$code.js
GET     /api/health           api/health.js
GET     /api/notes            api/notes.js
GET     /api/notes/$id        api/notes/$id.js
DELETE  /api/notes/$id        api/notes/$id.js
GET     /api/notes/$id/files  api/notes/$id/files.js
GET     /api/notes/events     api/notes/events.js
GET     /api/notes/export     api/notes/export.js
GET     /api/notes/search     api/notes/search.js
GET     /api/preferences      api/preferences.js
GET     /api/reports/$year    api/reports/$year.js

LEGACY  PATH                    MOUNTED AT
POST    /api/webhooks/payments
POST    /api/auth/sign-up
POST    /api/auth/sign-in
POST    /api/notes              /api/notes
PUT     /api/notes/:id          /api/notes
PATCH   /api/notes/:id          /api/notes
POST    /api/notes/:id/files    /api/notes
GET     /api/files/:id
PUT     /api/preferences
`,
  `██████████████████████████████  100 %  23 of 23 endpoints moved to route files

START   PATH                    FILE
GET     /api/auth/me            api/auth/me.ts
POST    /api/auth/sign-in       api/auth/sign-in.ts
POST    /api/auth/sign-out      api/auth/sign-out.ts
POST    /api/auth/sign-up       api/auth/sign-up.ts
GET     /api/files/$id          api/files/$id.ts
DELETE  /api/files/$id          api/files/$id.ts
GET     /api/go/$code           api/go/$code.ts
GET     /api/health             api/health.ts
GET     /api/notes              api/notes.ts
POST    /api/notes              api/notes.ts
GET     /api/notes/$id          api/notes/$id.ts
PUT     /api/notes/$id          api/notes/$id.ts
PATCH   /api/notes/$id          api/notes/$id.ts
DELETE  /api/notes/$id          api/notes/$id.ts
GET     /api/notes/$id/files    api/notes/$id/files.ts
POST    /api/notes/$id/files    api/notes/$id/files.ts
GET     /api/notes/events       api/notes/events.ts
GET     /api/notes/export       api/notes/export.ts
GET     /api/notes/search       api/notes/search.ts
GET     /api/preferences        api/preferences.ts
PUT     /api/preferences        api/preferences.ts
GET     /api/reports/$year      api/reports/$year.ts
POST    /api/webhooks/payments  api/webhooks/payments.ts
`,
]

describe('start-api status of an example', () => {
  beforeAll(assertBuilt)

  it('lists what is moved, and what is left', () => {
    expect(statusOf('examples/legacy-app/app.ts')).toEqual({
      status: 0,
      stderr: '',
      stdout: `examples/legacy-app/app.ts
█████████████████████████░░░░░  83 %  10 of 12 endpoints moved to route files

START  PATH                          FILE
GET    /api/users/$id/posts/$postId  api.users.$id.posts.$postId.ts
GET    /api/_pathlessLayout/users    api/_pathlessLayout/users.ts
GET    /api/admin/stats              api/admin/stats.ts
GET    /api/file/$                   api/file/$.ts
GET    /api/hello                    api/hello.ts
POST   /api/hello                    api/hello.ts
GET    /api/report                   api/report.ts
GET    /api/users                    api/users.ts
GET    /api/users/$id                api/users/$id.ts
GET    /api/users/$id/posts          api/users/$id/posts.ts

LEGACY  PATH
POST    /api/users
GET     /
`,
    })
  })

  it('prints what the README shows', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const [, shown = ''] = /^```text\n([^]*?)^```/m.exec(readme) ?? []
    const [before = '', after = ''] = shown.split('…\n')
    const { stdout } = statusOf('examples/legacy-app/app.ts')
    expect(before).not.toBe('')
    expect(stdout.startsWith(before)).toBe(true)
    expect(stdout.endsWith(after)).toBe(true)
  })

  it.each(STAGES.map((text, stage) => [stage, text] as const))(
    'tells how far stage %i of the migrated application is',
    (stage, text) => {
      const module = `examples/legacy-migration/stage-${stage}/app.js`
      const stdout = `${module}\n${text}`
      expect(statusOf(module, '--fail-on-shadowed')).toEqual({ status: 0, stdout, stderr: '' })
    },
  )

  it('loads ES modules', () => {
    expect(statusOf('examples/esm/app.mjs')).toEqual({
      status: 0,
      stderr: '',
      stdout: `examples/esm/app.mjs
${FULL}  100 %  1 of 1 endpoint moved to route files

START  PATH        FILE
GET    /api/hello  api/hello.mjs
`,
    })
  })
})

const ROUTES = {
  'routes/api/users.js': routeText('users', ['GET', 'PUT']),
  'routes/api/users/$id.js': routeText('user'),
}

/** A nested Router, a sub-app, a second directory, and routes in front of and behind route files. */
const APP = `
const express = require('express')
const { startApi } = require('express-start-api')
const answer = (req, res) => res.send('legacy')
exports.createApp = async () => {
  const app = express()
  app.put('/api/users', answer)
  app.use(startApi('./routes'))
  app.get('/api/users', answer).post('/api/users', answer, answer)
  const notes = express.Router()
  notes.get('/', answer).get('/:id', answer)
  app.use('/api', (req, res, next) => next(), express.Router().use('/notes', notes))
  const sub = express()
  sub.use(startApi('./routes'))
  sub.all('/legacy', answer)
  app.use('/v1', sub)
  return app
}
`

const EXPRESS_4 = { 'node_modules/express/index.js': "module.exports = require('express4')" }

describe('start-api status', () => {
  beforeAll(buildPackage)

  function run(app: string, ...args: readonly string[]): Ended {
    const command = 'node_modules/express-start-api/dist/cli.js'
    return toEnded(runNode(app, [command, 'status', ...args]))
  }

  it.each([
    ['Express 5', {}, ['express']],
    ['Express 4', EXPRESS_4, ['express4']],
  ])('tells where routes are mounted, and which never answer (%s)', (_name, express, packages) => {
    const app = createApp({ ...ROUTES, ...express, 'app.js': APP }, packages)
    expect(run(app, 'app.js', '--fail-on-shadowed')).toEqual({
      status: 1,
      stderr: '',
      stdout: `app.js
███████████████░░░░░░░░░░░░░░░  50 %  5 of 10 endpoints moved to route files

START  PATH               FILE              MOUNTED AT  NOTE
GET    /api/users         api/users.js
PUT    /api/users         api/users.js                  never answers, behind PUT /api/users
GET    /api/users/$id     api/users/$id.js
GET    /v1/api/users      api/users.js      /v1
PUT    /v1/api/users      api/users.js      /v1
GET    /v1/api/users/$id  api/users/$id.js  /v1

LEGACY  PATH            MOUNTED AT  NOTE
PUT     /api/users
GET     /api/users                  never answers, behind api/users.js
POST    /api/users
GET     /api/notes      /api/notes
GET     /api/notes/:id  /api/notes
ALL     /v1/legacy      /v1

2 routes never answered: remove what is not needed, or mount it in front.
`,
    })
  })

  it('gives programs all of it as JSON, whatever the application prints', () => {
    const files = {
      ...ROUTES,
      'app.js': `
console.log('noise')
const express = require('express')
const app = express()
app.use(require('express-start-api').startApi('./routes'))
app.get('/api/users', (req, res) => res.end()).get('/old', (req, res) => res.end())
app.listen(1)
`,
    }
    const { status, stdout, stderr } = run(createApp(files, ['express']), 'app.js', '--json')
    expect([status, stderr]).toEqual([0, 'noise\n'])
    const route = { mount: '', dialect: 'APIRoute' }
    expect(JSON.parse(stdout)).toEqual({
      total: 4,
      moved: 3,
      shadowed: 1,
      start: [
        { ...route, method: 'GET', path: '/api/users', file: 'api/users.js' },
        { ...route, method: 'PUT', path: '/api/users', file: 'api/users.js' },
        { ...route, method: 'GET', path: '/api/users/$id', file: 'api/users/$id.js' },
      ],
      legacy: [
        { method: 'GET', path: '/api/users', mount: '', shadowedBy: 'api/users.js' },
        { method: 'GET', path: '/old', mount: '' },
      ],
    })
  })

  it('loads the export that is asked for, and an application that only listens', () => {
    const app = createApp(
      {
        'two.js': `
const express = require('express')
exports.app = express().get('/public', () => {})
exports.admin = express().get('/admin', () => {})
`,
        'listens.mjs': `
import { createServer } from 'node:http'
import express from 'express'
const app = express().get('/only', () => {})
await new Promise((resolve) => createServer(app).listen(0, resolve))
`,
      },
      ['express'],
    )
    expect(run(app, 'two.js', '--export', 'admin').stdout).toMatch(/^GET +\/admin$/m)
    expect(run(app, 'listens.mjs').stdout).toMatch(/^GET +\/only$/m)
  })

  it('finds an application that listens, whatever its module exports besides', () => {
    const listening = `const app = require('express')().get('/a', () => {})\napp.listen(0)\n`
    const app = createApp(
      {
        'class.js': `${listening}module.exports = class App {}`,
        'throws.js': `${listening}module.exports = () => { throw new Error('no') }`,
        'rejects.mjs': `
import express from 'express'
export default async () => { throw new Error('no') }
setTimeout(() => express().get('/a', () => {}).listen(0), 50)`,
        'nothing.js': `exports.createApp = () => { throw new Error('no database') }`,
      },
      ['express'],
    )
    for (const module of ['class.js', 'throws.js', 'rejects.mjs']) {
      const { status, stdout, stderr } = run(app, module)
      expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/^GET +\/a$/m), ''])
    }
    expect(run(app, 'nothing.js')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'start-api: no database\n',
    })
  })

  it('lists the routes of an application whose database is out of reach', () => {
    const files = {
      'app.js': `
exports.createApp = async () => {
  void Promise.reject(new Error('no database'))
  await new Promise(setImmediate)
  return require('express')().get('/a', () => {})
}
`,
    }
    const { status, stdout, stderr } = run(createApp(files, ['express']), 'app.js')
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^GET +\/a$/m)])
    expect(stderr).toMatch(/^\[start-api\] app\.js failed beside its routes: Error: no database$/m)
  })

  it('calls the working directory by its usual name', () => {
    const files = { 'routes/api/a.js': routeText('a') }
    const app = `module.exports = require('express')().use(require('express-start-api').startApi('./routes'))`
    const shown = [
      run(createApp({ ...files, 'index.js': app }, ['express']), '.').stdout,
      run(createApp({ ...files, 'index.js': '' }), '.').stderr,
      run(createApp(files), '.').stderr,
    ]
    expect(shown).toEqual([
      expect.stringMatching(/^\.\n/),
      expect.stringMatching(/^start-api: \. has no Express application\./),
      expect.stringMatching(/^start-api: \. can't be loaded: Cannot find module '/),
    ])
  })

  it('says what is missing', () => {
    const app = createApp(
      {
        'routes/api/a.js': `throw new TypeError('boom')`,
        'none.js': 'exports.a = 1',
        'broken.js': 'const a = 1\na.b.c()\n',
        'app.js': `exports.app = require('express')().use(require('express-start-api').startApi('./routes'))`,
      },
      ['express'],
    )
    expect([
      run(app, 'nothing.js'),
      run(app, 'none.js', '--export', 'a'),
      run(app, 'broken.js'),
      run(app, 'app.js'),
    ]).toEqual(
      [
        'There is no nothing.js. Name the module that makes the Express application.',
        'none.js has no Express application. Export it (as default, as `app`, or as a function that returns it), or name the export with --export.',
        "broken.js can't be loaded: TypeError: Cannot read properties of undefined (reading 'c') (at broken.js:2)",
        "A route file can't be used:\n  api/a.js: TypeError: boom",
      ].map((message) => ({ status: 1, stdout: '', stderr: `start-api: ${message}\n` })),
    )
  })
})
