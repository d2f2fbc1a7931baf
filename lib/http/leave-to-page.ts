// Per request: `next()` of a handler, which leaves the request to the page of the same file. Pages are
// not served here: the request goes on in the application.
import { StartApiError } from '../errors'
import type { Handler } from '../routes/route-module'
import { deriveContext } from './handler-context'

/** Marks the Response that stands for the page's while middleware looks at it. */
const LEFT = Symbol('left to the page')

/** Gives the handler of a page a `next()`. */
export function toPageHandler(handler: Handler): Handler {
  return async (context) => {
    const result = await handler(deriveContext(context, { next: () => ({ isNext: true }) }))
    const { isNext } = (result ?? {}) as { isNext?: unknown }
    return isNext === true ? Object.assign(new Response(null), { [LEFT]: true }) : result
  }
}

/** @throws StartApiError of its own code if the answer is the page's, also after middleware saw it */
export function withoutPage(handler: Handler, place: string): Handler {
  return async (context) => {
    const result = await handler(context)
    if (typeof result !== 'object' || result === null || !(LEFT in result)) return result
    throw new StartApiError(
      'ERR_START_API_NO_PAGE',
      `${place} left the request to its page, which is not served here. Mount what serves it behind startApi().`,
      { status: 404 },
    )
  }
}

/** Whether a handler has left the request to what comes after. */
export function isLeft(error: unknown): boolean {
  return error instanceof StartApiError && error.code === 'ERR_START_API_NO_PAGE'
}
