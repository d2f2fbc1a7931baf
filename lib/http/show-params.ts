// Per request: the route's params where Express middleware looks for them.
import type { IncomingMessage } from 'node:http'
import type { RequestEvent } from '../event/event-context'

/** What `req.params` was before, by the run of a route. */
const earlier = new WeakMap<RequestEvent, PropertyDescriptor | undefined>()

/**
 * Sets `req.params` to those of the route, beside those of mounts. Once: what middleware makes of them,
 * the next one finds.
 */
export function showParams(event: RequestEvent, req: IncomingMessage): void {
  if (earlier.has(event)) return
  earlier.set(event, Object.getOwnPropertyDescriptor(req, 'params'))
  const { params } = req as { params?: object }
  const value = { ...params, ...event.params }
  // Not assigned: a getter without a setter is in nobody's way.
  Object.defineProperty(req, 'params', {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

/** For a request that goes on after all. */
export function restoreParams(event: RequestEvent, req: IncomingMessage): void {
  if (!earlier.has(event)) return
  const own = earlier.get(event)
  earlier.delete(event)
  if (own === undefined) Reflect.deleteProperty(req, 'params')
  else Object.defineProperty(req, 'params', own)
}
