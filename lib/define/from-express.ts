// Express middleware for single routes: as a request middleware of Start.
import { StartApiError, describe } from '../errors'
import { currentEvent, enableEvents } from '../event/event-context'
import { type ExpressLayer, type ExpressNext, runExpress } from '../http/run-express'
import { type RequestMiddleware, createMiddleware } from './middleware'
import type { HostReq, HostRes } from './register'

/** Middleware as Express and Connect call it, a Router, or an application. */
export type ExpressMiddleware<TReq = HostReq, TRes = HostRes> =
  // A method: middleware may ask for more than Node's own `req`, and the host has it.
  { call(req: TReq, res: TRes, next: ExpressNext): unknown }['call']

/**
 * An Express middleware as a request middleware of Start, for the routes that name it.
 *
 * It gets the host's own `req` and `res`, with the route's params on `req.params`. What it leaves on them stays: `req.user`, `req.session` and
 * `req.file` are in the handler's `context.req`, headers and cookies set on `res` are sent beside the
 * Response's, and after a body parser or multer the Request's body can still be read. `next(error)`,
 * what it throws and what it rejects with is an error of the route; after `next()` it is one only by
 * `next(error)`, while the handler has given no Response, and is logged otherwise. An answer of its own is the answer.
 * `next('route')` and `next('router')` leave the route: whatever is mounted behind `startApi()` answers,
 * or 404 where there is nothing.
 *
 * It needs Node's objects: in `api.fetch()`, and where an entry handler runs without them, it rejects.
 *
 * @param middleware a middleware, an Express Router or application, or an array of them, in order
 * @param toContext adds to the handlers' `context`, once the middleware has called `next()`
 * @throws TypeError for what is no middleware
 *
 * @example
 * ```ts
 * const upload = fromExpress(multer().single('photo'), (req) => ({ photo: req.file }))
 * ```
 */
export function fromExpress<TReq = HostReq, TRes = HostRes, TContext extends object = object>(
  middleware: ExpressMiddleware<TReq, TRes> | readonly ExpressMiddleware<TReq, TRes>[],
  toContext?: (req: TReq, res: TRes) => TContext | Promise<TContext>,
): RequestMiddleware<TContext> {
  const layers = toLayers(middleware)
  enableEvents()
  const own = createMiddleware().server<TContext>(({ next }) => {
    const event = currentEvent('fromExpress')
    const { node } = event
    if (node === undefined) throw noNode()
    return runExpress(layers, event, node, async () => {
      const added = await toContext?.(node.req as TReq, node.res as TRes)
      return next({ context: added ?? ({} as TContext) })
    })
  })
  // The compiler can't tell that nothing and `TContext` are `TContext`.
  return own as unknown as RequestMiddleware<TContext>
}

function toLayers(middleware: unknown): readonly ExpressLayer[] {
  const layers: readonly unknown[] = [middleware].flat(Infinity)
  if (layers.length === 0) throw new TypeError('fromExpress(): the array of middleware is empty.')
  for (const layer of layers) {
    if (typeof layer !== 'function') {
      throw new TypeError(
        `fromExpress(): a middleware is ${describe(layer)}. Give it a function of (req, res, next), such as cors() returns.`,
      )
    }
    if (layer.length === 4) {
      throw new TypeError(
        'fromExpress(): error middleware, a function of four parameters, can not run in a route. Mount it behind startApi(): it gets the errors of routes there.',
      )
    }
  }
  return layers as readonly ExpressLayer[]
}

function noNode(): StartApiError {
  return new StartApiError(
    'ERR_START_API_NO_NODE_REQUEST',
    'fromExpress(): the middleware needs `req` and `res`, which api.fetch() does not have. Ask this route over HTTP, e.g. with supertest.',
  )
}
