// The `notFound` helper of TanStack Router. Imports nothing.

/** Options of `notFound()`. */
export interface NotFoundOptions {
  /** Becomes the answer's body, as JSON. Without it the body is the text `Not found`. */
  data?: unknown
  /** Headers of the answer. */
  headers?: ResponseInit['headers']
  /** Throws the answer instead of returning it. Default: `false`. */
  throw?: boolean
  /** For the router of Start's pages; means nothing here. */
  routeId?: string
  /** For the router of Start's pages; means nothing here. */
  global?: boolean
}

/** What `notFound()` makes: a Response with status 404, which Start's router knows by its mark. */
export interface NotFound extends Response {
  /** The mark by which Start's router and `isNotFound()` know it. */
  readonly isNotFound: true
  /** What its body is made of, if it was given. */
  readonly data?: unknown
}

/**
 * A 404 to return or to throw, as TanStack Router's `notFound()`. In Start's API routes no version
 * answers it with a 404: v0 and the newest make a 500 of it, v1 before that a 200.
 *
 * @example
 * ```ts
 * const user = (await findUser(params.id)) ?? notFound({ throw: true })
 * ```
 */
export function notFound(options: NotFoundOptions & { throw: true }): never
export function notFound(options?: NotFoundOptions): NotFound
export function notFound(options: NotFoundOptions = {}): NotFound {
  const response = Object.assign(toNotFoundResponse(options), {
    isNotFound: true as const,
    ...('data' in options ? { data: options.data } : {}),
  })
  if (options.throw) throw response
  return response
}

/** Whether a value was made by `notFound()`, ours or TanStack Router's. */
export function isNotFound(value: unknown): value is NotFoundOptions & { isNotFound: true } {
  return (value as { isNotFound?: unknown } | null | undefined)?.isNotFound === true
}

/** The answer that a `notFound()` stands for: TanStack Router's own is a plain object. */
export function toNotFoundResponse({ data, headers }: NotFoundOptions = {}): Response {
  const own = new Headers(headers)
  const type = data === undefined ? 'text/plain;charset=UTF-8' : 'application/json'
  if (!own.has('content-type')) own.set('content-type', type)
  const body = data === undefined ? 'Not found' : JSON.stringify(data)
  return new Response(body, { status: 404, headers: own })
}
