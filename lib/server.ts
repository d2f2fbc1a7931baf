// Entry `/server`: Start's `@tanstack/react-start/server`, helpers of both generations.
export * from './event/answer-helpers'
export * from './event/body-helpers'
export * from './event/cookie-helpers'
export * from './event/response-helpers'
export * from './event/session-helpers'
export * from './event/unavailable'
export {
  assertMethod,
  getContext,
  getHeader,
  getHeaders,
  getQuery,
  getRequest,
  getRequestFingerprint,
  getRequestHeader,
  getRequestHeaders,
  getRequestHost,
  getRequestIP,
  getRequestProtocol,
  getRequestURL,
  getRequestUrl,
  getRouterParam,
  getRouterParams,
  getValidatedQuery,
  getWebRequest,
  isMethod,
  isPreflightRequest,
  setContext,
  toWebRequest,
  type ReadableHeaders,
} from './event/request-helpers'
export { getEvent, type EventLike } from './event/h3-event'
export {
  H3Error,
  H3Event,
  MIMES,
  createError,
  isError,
  isEvent,
  isStream,
  isWebResponse,
  sanitizeStatusCode,
  sanitizeStatusMessage,
  splitCookiesString,
} from 'h3'
