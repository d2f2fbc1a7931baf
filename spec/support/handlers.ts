// One route with the handler under test, and Node's objects as such a handler sees them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { startApi, type StartApiOptions } from 'express-start-api'
import { apiRoutes } from './routes'

export interface Context {
  readonly request: Request
  readonly params: Record<string, string>
  readonly context: { readonly req: IncomingMessage; readonly res: ServerResponse }
}

/** May give anything: what a handler must not give is under test as well. */
export type TestHandler = (context: Context) => unknown

/** `/api/x`, file `api/x.ts`, with one handler for GET and POST. */
export function routeX(handler: TestHandler, options?: StartApiOptions) {
  const method = handler as unknown as () => Response
  return startApi(apiRoutes({ 'api/x.ts': { GET: method, POST: method } }), options)
}
