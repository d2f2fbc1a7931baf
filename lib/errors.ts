// The package's own errors: one class, told apart by its code. Arguments that can't be used are a
// TypeError instead, where they are given. Imports nothing.

/** What went wrong, one code for each kind. Codes stay; messages may change. */
export type StartApiErrorCode =
  | 'ERR_START_API_DIRECTORY'
  | 'ERR_START_API_ROUTE_FILE'
  | 'ERR_START_API_CONFLICT'
  | 'ERR_START_API_BAD_PARAM'
  | 'ERR_START_API_BAD_HOST'
  | 'ERR_START_API_BAD_RESULT'
  | 'ERR_START_API_BAD_RESPONSE'
  | 'ERR_START_API_THROWN'
  | 'ERR_START_API_BODY_CONSUMED'
  | 'ERR_START_API_BODY_TOO_LARGE'
  | 'ERR_START_API_NO_REQUEST'
  | 'ERR_START_API_TIMEOUT'
  | 'ERR_START_API_NO_NODE_REQUEST'

export interface StartApiErrorDetails {
  /** HTTP status that Express's error handling reads. Absent: 500. */
  status?: number
  /** Route files concerned, relative to the routes directory. */
  files?: readonly string[]
  cause?: unknown
}

/**
 * An error raised by express-start-api. Tell it apart by `code`, not by `instanceof`: two copies of
 * the package may be loaded.
 */
export class StartApiError extends Error {
  /** What went wrong. */
  readonly code: StartApiErrorCode
  /** HTTP status for errors that belong to one request (400, 413, 504); read by Express. */
  declare readonly status?: number
  /** Route files concerned, relative to the routes directory. */
  declare readonly files?: readonly string[]

  constructor(code: StartApiErrorCode, message: string, details: StartApiErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    if (details.status !== undefined) this.status = details.status
    if (details.files !== undefined) this.files = details.files
  }
}

// Given here: bundlers may leave the class without a name, and the first line of a stack takes it from
// the prototype.
for (const owner of [StartApiError, StartApiError.prototype]) {
  Object.defineProperty(owner, 'name', { value: 'StartApiError', configurable: true })
}

/** By the code: another copy of the package may have raised it (hazard 225). */
export function isStartApiError(error: unknown): error is StartApiError {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('ERR_START_API_')
}

/**
 * What a handler threw, as an `Error`. Express reads meaning into bare values: `next()` continues
 * the chain, `next('route')` and `next('router')` leave it (hazards 158, 159).
 */
export function toError(thrown: unknown, where: string): Error {
  // Errors of another realm (jest's sandbox) fail `instanceof`.
  const tag = Object.prototype.toString.call(thrown)
  if (thrown instanceof Error || tag === '[object Error]' || tag === '[object DOMException]') {
    return thrown as Error
  }
  return new StartApiError(
    'ERR_START_API_THROWN',
    `${where} threw ${describe(thrown)}, which is not an Error. Throw an Error or a Response.`,
    { cause: thrown },
  )
}

/** Names a value's kind without its content, which may be secret. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}
