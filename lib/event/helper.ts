// Makes helpers of h3's functions: the same, but for the event, which may be left out.
import { type H3Event, isEvent } from 'h3'
import { currentEvent } from './event-context'
import { type EventLike, h3EventOf } from './h3-event'

/** A helper's arguments, with Start v0's optional leading event. */
export type Args<A extends readonly unknown[]> =
  [...arguments: A] | [event: EventLike, ...arguments: A]

/** A helper as users call it. */
export type Helper<A extends readonly unknown[], R> = (...args: Args<A>) => R

/**
 * A helper out of a function of h3. Whatever event is passed, it works on the request being handled.
 *
 * @param name for the error outside a request
 */
export function toHelper<A extends readonly unknown[], R>(
  name: string,
  run: (event: H3Event, ...args: A) => R,
): Helper<A, R> {
  return (...args) => run(h3EventOf(currentEvent(name)), ...withoutEvent<A>(args))
}

export function withoutEvent<A extends readonly unknown[]>(args: Args<A>): A {
  // The types of the two forms differ by the event alone, which is told by its brand.
  return (isEventLike(args[0]) ? args.slice(1) : args) as unknown as A
}

function isEventLike(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return (
    isEvent(value) ||
    Object.getOwnPropertySymbols(value).some((key) =>
      isEvent((value as Record<symbol, unknown>)[key]),
    )
  )
}
