// Entry `.`
export { startApi, type RouteInfo, type StartApi } from './start-api'
export {
  startHandler,
  type FetchEntry,
  type FetchHandler,
  type FetchModule,
  type Mountable,
  type StartHandler,
} from './start-handler'
export type { StartApiOptions, StartHandlerOptions } from './options'
export type { RouteModules } from './routes/load-routes'
export { StartApiError, type StartApiErrorCode } from './errors'
export {
  fromExpress,
  type ExpressMiddleware,
  type ExpressRequestMiddleware,
} from './define/from-express'
export { json, type JsonResponse } from './define/json'
export { isNotFound, notFound, type NotFound, type NotFoundOptions } from './define/not-found'
export {
  isRedirect,
  redirect,
  type Redirect,
  type RedirectOptions,
  type RedirectStatus,
} from './define/redirect'
export type { HandlerData, HostReq, HostRes, Register, RegisteredContext } from './define/register'
export * from './api'
