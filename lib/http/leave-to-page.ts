// Per request: `next()` of a handler, which leaves the request to the page of the same file. Pages are
// not served here: the request goes on in the application.
import { toNotFoundResponse } from '../define/not-found'
import type { Handler } from '../routes/route-module'
import { deriveContext } from './handler-context'
import { passOn } from './pass-on'

/** Gives the handler of a page a `next()`. */
export function toPageHandler(handler: Handler): Handler {
  return async (context) => {
    const result = await handler(deriveContext(context, { next: () => ({ isNext: true }) }))
    const { isNext } = (result ?? {}) as { isNext?: unknown }
    return isNext === true ? passOn(toNotFoundResponse()) : result
  }
}
