// What Start exports beside helpers: definitions that are passed through, and parts of its own server,
// which say what takes their place here.
import type * as h3 from 'h3'

/** Hooks around requests, as Start v0's middleware files define them. */
export interface MiddlewareHooks {
  /** In Start v0 runs before the handler; never here. */
  onRequest?: h3._RequestMiddleware | h3._RequestMiddleware[]
  /** In Start v0 runs before the answer is sent; never here. */
  onBeforeResponse?: h3._ResponseMiddleware | h3._ResponseMiddleware[]
}

/** Returns its argument (Start v0): files that define middleware load. Express's middleware runs instead. */
export function defineMiddleware(hooks: MiddlewareHooks): MiddlewareHooks {
  return hooks
}

const ROUTES = 'Mount `app.use(startApi(directory))` from `express-start-api` instead.'
const PAGES = 'This package serves API routes; pages are rendered by Start itself.'

function notOffered(name: string, instead: string): (...args: readonly unknown[]) => never {
  return () => {
    throw new Error(`${name}() of Start's server is not offered by express-start-api. ${instead}`)
  }
}

/** Throws (Start v0 and v1): use `startApi()`. */
export const createStartHandler = notOffered('createStartHandler', ROUTES)

/** Throws (Start v0 and v1): use `startApi()`. */
export const createRequestHandler = notOffered('createRequestHandler', ROUTES)

/** Throws (Start v0): use `startApi()`. */
export const handleHTTPEvent = notOffered('handleHTTPEvent', ROUTES)

/** Throws (Start v1): use `api.fetch(request)` of the middleware that `startApi()` returns. */
export const requestHandler = notOffered(
  'requestHandler',
  'Call `api.fetch(request)` of the middleware that `startApi()` returns instead.',
)

/** Throws (Start v0 and v1): pages are Start's. */
export const defaultStreamHandler = notOffered('defaultStreamHandler', PAGES)

/** Throws (Start v0 and v1): pages are Start's. */
export const defaultRenderHandler = notOffered('defaultRenderHandler', PAGES)

/** Throws (Start v0 and v1): pages are Start's. */
export const defineHandlerCallback = notOffered('defineHandlerCallback', PAGES)

/** Throws (Start v0 and v1): pages are Start's. */
export const StartServer = notOffered('StartServer', PAGES)

/** Throws (Start v0): pages are Start's. */
export const transformReadableStreamWithRouter = notOffered(
  'transformReadableStreamWithRouter',
  PAGES,
)

/** Throws (Start v0): pages are Start's. */
export const transformPipeableStreamWithRouter = notOffered(
  'transformPipeableStreamWithRouter',
  PAGES,
)
