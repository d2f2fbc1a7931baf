// Entry `.`
export { startApi, type RouteInfo, type StartApi } from './start-api'
export type { HostReq, HostRes, Register, StartApiOptions } from './options'
export type { RouteModules } from './routes/load-routes'
export { StartApiError, type StartApiErrorCode } from './errors'
export { json, type JsonResponse } from './define/json'
export * from './api'
