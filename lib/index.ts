// Entry `.`
export { startApi, type StartApi } from './start-api'
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
export type { RouteInfo } from './routes/route-module'
export { StartApiError, type StartApiErrorCode } from './errors'
export type { RequestMessage } from './http/observe'
export { fromExpress, type ExpressMiddleware } from './define/from-express'
export type { AnyMiddleware, ContextOf } from './define/context'
export {
  createFileRoute,
  createRootRoute,
  type CreatedHandlers,
  type FileRoute,
  type FileRouteOptions,
  type ServerRouteHandlers,
} from './define/file-route'
export {
  createMiddleware,
  type CreateMiddleware,
  type FunctionMiddlewareBuilder,
  type MiddlewareBuilder,
  type MiddlewareFunction,
  type MiddlewareNext,
  type MiddlewareOptions,
  type MiddlewareResult,
  type RequestMiddleware,
} from './define/middleware'
export type { ServerRouteParams } from './define/route-params'
export type {
  FileRoutesByPath,
  NextResult,
  RouteMethod,
  ServerRouteContext,
  ServerRouteHandler,
} from './define/server-route'
export {
  createStart,
  type AnyStartInstance,
  type StartInstance,
  type StartOptions,
} from './define/start'
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
