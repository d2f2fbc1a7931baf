// Start's `notFound()`, for route files that throw or return one.

/** What Start's own `notFound()` looks like as well. */
export interface NotFound {
  readonly isNotFound: true
  readonly data?: unknown
  readonly headers?: NonNullable<ResponseInit['headers']>
}

/**
 * Says that there is nothing here: returned or thrown, a 404 (Start v0 and v1, where it is a 500).
 *
 * @param options.data sent as JSON; without it the answer is the text `Not found`
 * @param options.headers of the answer
 * @param options.throw throws it in place of returning it
 */
export function notFound(
  options: { data?: unknown; headers?: NonNullable<ResponseInit['headers']>; throw?: boolean } = {},
): NotFound {
  const { throw: thrown, ...rest } = options
  const marker: NotFound = { ...rest, isNotFound: true }
  // oxlint-disable-next-line no-throw-literal -- Start's way out of a nested call
  if (thrown === true) throw marker
  return marker
}

/** By shape: the real `@tanstack/react-router` has its own. */
export function isNotFound(value: unknown): value is NotFound {
  return typeof value === 'object' && value !== null && (value as NotFound).isNotFound === true
}
