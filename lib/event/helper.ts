// Makes helpers of h3's functions: the same, but that the event may be left out.
import type { H3Event } from 'h3'
import { enableEvents } from './event-context'
import { workingEvent } from './h3-event'

enableEvents()

/** Under this key an object may carry an event, as in Start v0. */
export const HTTPEventSymbol: unique symbol = Symbol.for('express-start-api.http-event')

/** What helpers accept as their optional first argument. */
export type EventLike = H3Event | { readonly [HTTPEventSymbol]: H3Event }

/** The arguments after the event. */
export type Rest<F> = F extends (event: never, ...args: infer A) => unknown ? A : never

/** A function of h3 with the event optional. */
export type Helper<A extends readonly unknown[], R> = {
  (...args: A): R
  (event: EventLike, ...args: A): R
}

/** Whether a value is an event of h3, or carries one (Start v0). */
export function isEvent(value: unknown): value is EventLike {
  return toEvent(value) !== undefined
}

function toEvent(value: unknown): H3Event | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { __is_event__: isH3Event, [HTTPEventSymbol]: carried } = value as {
    __is_event__?: unknown
    [HTTPEventSymbol]?: H3Event
  }
  return isH3Event === true ? (value as H3Event) : carried
}

/**
 * @param name the helper's, for the error outside a request
 * @param run works on the event that was given, or on the current request's
 */
export function toHelper<A extends readonly unknown[], R>(
  name: string,
  run: (event: H3Event, ...args: A) => R,
): Helper<A, R> {
  return (...args: readonly unknown[]) => {
    const given = toEvent(args[0])
    const rest = given === undefined ? args : args.slice(1)
    // The two signatures of a helper differ by the event alone.
    return run(workingEvent(name, given), ...(rest as unknown as A))
  }
}
