// Entry `/api`: Start v0's `@tanstack/react-start/api`.
export {
  createAPIFileRoute,
  createAPIRoute,
  type APIRoute,
  type APIRouteMethods,
  type HTTP_API_METHOD,
  type ResolveParams,
  type StartAPIMethodCallback,
  type StartAPIMethodContext,
} from './define/api-route'
export {
  createStartAPIHandler,
  defaultAPIFileRouteHandler,
  defaultAPIRoutesHandler,
  type StartAPIHandlerCallback,
} from './define/api-handler'
