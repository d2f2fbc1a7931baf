// Who is compared. Each makes a listener for node:http; `only` names the scenarios it takes part in.
import { fetchHandler } from './handlers.mjs'

const BODY = '{"hello":"world"}'

const inExpress = async (middleware) => {
  const { default: express } = await import('express')
  const app = express()
  app.use(middleware)
  return app
}

export const contenders = {
  'node:http': {
    only: ['json'],
    create: () => (req, res) => {
      res.setHeader('content-type', 'application/json')
      res.setHeader('content-length', BODY.length)
      res.end(BODY)
    },
  },
  // What Express itself costs: a middleware that answers at once.
  floor: {
    only: ['json', 'native', 'params', 'post', 'form', 'routes1000', 'nested1000', 'legacy'],
    create: ({ answer }) =>
      inExpress((req, res) => {
        res.setHeader('content-type', 'application/json')
        res.setHeader('content-length', answer.length)
        res.end(answer)
      }),
  },
  'Express 5': {
    create: async ({ routes, folder, isGrown }) => {
      if (isGrown) return (await import('./apps/grown.mjs')).grownApp()
      const { expressApp } = await import('./apps/express.mjs')
      return expressApp((await import('express')).default, routes, folder)
    },
  },
  'Express 4': {
    only: [
      ...['json', 'native', 'params', 'post', 'form', 'download', 'upload'],
      ...['routes1', 'routes1000', 'nested1000', 'routes10000', 'legacy'],
    ],
    create: async ({ routes, folder }) => {
      const { expressApp } = await import('./apps/express.mjs')
      return expressApp((await import('express4')).default, routes, folder)
    },
  },
  'startApi in Express 5': {
    create: async ({ routes, folder, path, isGrown }) => {
      const { startApi } = await import('express-start-api')
      const { startRoutes } = await import('./start-routes.mjs')
      const api = startApi(startRoutes(routes, folder))
      if (isGrown) return (await import('./apps/grown.mjs')).grownApp(api)
      const app = await inExpress(api)
      if (path === '/legacy') app.get('/legacy', (req, res) => res.json({ legacy: true }))
      return app
    },
  },
  'startApi in Express 4': {
    only: ['json', 'post'],
    create: async () => {
      const { startApi } = await import('express-start-api')
      const { startRoutes } = await import('./start-routes.mjs')
      const { default: express } = await import('express4')
      return express().use(startApi(startRoutes()))
    },
  },
  // The opt-in, beside the peer that does so by default: @hono/node-server.
  'startApi + fast-response': {
    only: ['native'],
    create: async () => {
      await import('express-start-api/fast-response')
      return contenders['startApi in Express 5'].create({})
    },
  },
  'startApi before Express 5': {
    only: ['json', 'native', 'params', 'post', 'form'],
    create: async () => {
      const { startApi } = await import('express-start-api')
      const { startRoutes } = await import('./start-routes.mjs')
      const { expressApp } = await import('./apps/express.mjs')
      const app = expressApp((await import('express')).default)
      const api = startApi(startRoutes())
      return (req, res) => api(req, res, () => app(req, res))
    },
  },
  'without startApi': {
    only: ['legacy'],
    create: async () => {
      const app = await inExpress((req, res, next) => next())
      app.get('/legacy', (req, res) => res.json({ legacy: true }))
      return app
    },
  },
  '@whatwg-node/server': {
    only: ['json', 'native', 'params', 'post', 'form', 'download', 'upload'],
    create: async () => {
      const { createServerAdapter } = await import('@whatwg-node/server')
      return inExpress(createServerAdapter(fetchHandler))
    },
  },
  '@hono/node-server': {
    // Not 1 MiB: it replaces the global Request and Response, for all that share its process there.
    only: ['json', 'native', 'params', 'post', 'form'],
    create: async () => {
      const { getRequestListener } = await import('@hono/node-server')
      return inExpress(getRequestListener(fetchHandler))
    },
  },
  '@hono/node-server, globals kept': {
    only: ['json', 'native', 'params', 'post', 'form', 'download', 'upload'],
    create: async () => {
      const { getRequestListener } = await import('@hono/node-server')
      return inExpress(getRequestListener(fetchHandler, { overrideGlobalObjects: false }))
    },
  },
  srvx: {
    only: ['json', 'native', 'params', 'post', 'form', 'download', 'upload'],
    create: async () => {
      const { toNodeHandler } = await import('srvx/node')
      return inExpress(toNodeHandler(fetchHandler))
    },
  },
  '@remix-run/node-fetch-server': {
    only: ['json', 'native', 'params', 'post', 'form', 'download', 'upload'],
    create: async () => {
      const { createRequestListener } = await import('@remix-run/node-fetch-server')
      return inExpress(createRequestListener(fetchHandler))
    },
  },
  '@universal-middleware/express': {
    only: ['json', 'native', 'params', 'post', 'form', 'download', 'upload'],
    create: async () => {
      const { createHandler } = await import('@universal-middleware/express')
      return inExpress(createHandler(() => fetchHandler)())
    },
  },
}
