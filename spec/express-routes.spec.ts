// What tools see of an Express application: its own routes, those of startApi(), and who is in front.
import express5 from 'express'
import express4 from 'express4'
import { startApi } from 'express-start-api'
import { findShadows } from '../lib/express/find-shadows'
import { recordMounts } from '../lib/express/layers'
import { listRoutes } from '../lib/express/list-routes'
import { apiRoutes } from './support/routes'

const answer = (_req: unknown, res: { end(text: string): void }) => res.end('legacy')
const guard = (_req: unknown, _res: unknown, next: () => void) => next()

async function startFiles(files: Readonly<Record<string, readonly string[]>>) {
  const api = startApi(
    apiRoutes(
      Object.fromEntries(
        Object.entries(files).map(([file, methods]) => [
          file,
          Object.fromEntries(methods.map((method) => [method, () => new Response('start')])),
        ]),
      ),
    ),
  )
  await api.ready
  return api
}

function legacyOf(app: unknown): string[] {
  return listRoutes(app).legacy.map(({ method, path }) => `${method} ${path}`)
}

/** `GET /a < api/a.ts`: the file is in front of the route, or the other way round. */
function shadowsOf(app: unknown): string[] {
  const { legacy, start } = findShadows(app)
  return [...legacy, ...start].flatMap(({ method, path, shadowedBy }) =>
    shadowedBy === undefined ? [] : [`${method} ${path} < ${shadowedBy}`],
  )
}

recordMounts(express4)
recordMounts(express5)

describe.each([
  ['Express 4', express4 as unknown as typeof express5],
  ['Express 5', express5],
])('listRoutes() [%s]', (name, express) => {
  const isExpress4 = name === 'Express 4'

  it('lists each method of each route, in the order of the stack', () => {
    const app = express()
    app.get('/a', answer).post('/a', guard, answer)
    app.route('/b').get(answer).put(answer)
    app.all('/c', answer)
    app.get(['/d', '/e/:id'], answer)
    app.get(/^\/f\d+$/, answer)
    app.use('/g', answer)
    expect(legacyOf(app)).toEqual([
      'GET /a',
      'POST /a',
      'GET /b',
      'PUT /b',
      'ALL /c',
      'GET /d',
      'GET /e/:id',
      'GET /^\\/f\\d+$/',
    ])
  })

  it('follows Routers in Routers and mounted applications, with their whole paths', () => {
    const app = express()
    const outer = express.Router()
    const inner = express.Router()
    const sub = express()
    inner.get('/', answer).get('/x', answer)
    outer.use('/inner.v1', guard, inner)
    outer.get('/y', answer)
    app.use('/t/:tenant', outer)
    app.use(express.Router().get('/root', answer))
    sub.delete('/z', answer)
    app.use('/sub', guard, sub)
    expect(legacyOf(app)).toEqual([
      'GET /t/:tenant/inner.v1',
      'GET /t/:tenant/inner.v1/x',
      'GET /t/:tenant/y',
      'GET /root',
      'DELETE /sub/z',
    ])
  })

  it('lists an application without routes, and a Router in itself', () => {
    expect(legacyOf(express())).toEqual([])
    const router = express.Router()
    router.get('/a', answer)
    router.use('/r', router)
    expect(legacyOf(router)).toEqual(['GET /a'])
  })

  it('takes `app.all()` for a guard where its handlers call `next()`', () => {
    const app = express()
    app.all(isExpress4 ? '/api/*' : '/api/*splat', guard)
    expect(legacyOf(app)).toEqual([])
  })

  it('finds the middlewares of startApi(), at any mount path', async () => {
    const app = express()
    const api = await startFiles({ 'api/a.ts': ['GET'] })
    app.use(api)
    app.use('/v1', express.Router().use('/w', guard, api))
    app.get(isExpress4 ? '/api/*' : '/api/*splat', guard, api)
    const sub = express()
    sub.use(api)
    app.use('/sub', sub)
    expect(listRoutes(app).start.map(({ mount }) => mount)).toEqual(['', '/v1/w', '', '/sub'])
  })

  describe('findShadows()', () => {
    it('names the file in front of a legacy route, by method', async () => {
      const app = express()
      app.use(await startFiles({ 'api/users.ts': ['GET'], 'api/users/$id.ts': ['GET', 'PUT'] }))
      app.get('/api/users', answer).post('/api/users', answer)
      app.get('/api/users/:id', answer).delete('/api/users/:id', answer)
      app.put('/api/users/me', answer)
      app.all('/api/users/:id', answer)
      expect(shadowsOf(app)).toEqual([
        'GET /api/users < api/users.ts',
        'GET /api/users/:id < api/users/$id.ts',
        'PUT /api/users/me < api/users/$id.ts',
      ])
    })

    it('leaves a legacy route that still answers some of its paths', async () => {
      const app = express()
      app.use(await startFiles({ 'api/users/me.ts': ['GET'], 'api/l.ts': ['GET'] }))
      app.get('/api/users/:id', answer)
      app.get(isExpress4 ? '/api/l/:lang?' : '/api/l{/:lang}', answer)
      app.get(/^\/api\/users\/me$/, answer)
      expect(shadowsOf(app)).toEqual([])
      app.get('/api/l', answer)
      expect(shadowsOf(app)).toEqual(['GET /api/l < api/l.ts'])
    })

    it('knows params with a pattern, splats, and paths below mounts', async () => {
      const app = express()
      app.use('/v1', await startFiles({ 'api/users/$id.ts': ['GET'], 'api/file/$.ts': ['GET'] }))
      const router = express.Router()
      if (isExpress4) router.get('/users/:id(\\d+)', answer).get('/file/*', answer)
      else router.get('/users/:id', answer).get('/file/*path', answer)
      app.use('/v1/api', router)
      expect(shadowsOf(app)).toEqual([
        `GET /v1/api/users/${isExpress4 ? ':id(\\d+)' : ':id'} < api/users/$id.ts`,
        `GET /v1/api/file/${isExpress4 ? '*' : '*path'} < api/file/$.ts`,
      ])
    })

    it('names the legacy route in front of a file, of an expression too, but no guard', async () => {
      const app = express()
      app.all(isExpress4 ? '/api/*' : '/api/*splat', guard)
      app.get('/api/users/:id', answer)
      app.use(express.Router().post(/^\/api\/log\/\w+$/, answer))
      app.use(
        await startFiles({
          'api/users/me.ts': ['GET', 'PUT'],
          'api/log/in.ts': ['GET', 'POST'],
        }),
      )
      expect(shadowsOf(app)).toEqual([
        'POST /api/log/in < POST /^\\/api\\/log\\/\\w+$/',
        'GET /api/users/me < GET /api/users/:id',
      ])
    })

    it('names the file of another directory in front', async () => {
      const app = express()
      app.use(await startFiles({ 'api/$.ts': ['GET'] }))
      app.use(await startFiles({ 'api/users.ts': ['GET'] }))
      expect(shadowsOf(app)).toEqual(['GET /api/users < api/$.ts'])
    })
  })
})

describe('listRoutes() of an application that was built before mounts were recorded', () => {
  it('still reads mount paths out of what Express 4 keeps', () => {
    jest.isolateModules(() => {
      const express = require('express4') as typeof express5
      const app = express()
      app.use('/t/:tenant/v1.0', express.Router().get('/x', answer))
      app.use(/^\/r\d/, express.Router().get('/y', answer))
      expect(legacyOf(app)).toEqual(['GET /t/:tenant/v1.0/x', 'GET /^\\/r\\d//y'])
    })
  })
})
