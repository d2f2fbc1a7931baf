// One route of Start v1 with middleware around its handler.
import type { ServerResponse } from 'node:http'
import {
  type AnyMiddleware,
  type StartApiOptions,
  createFileRoute,
  createMiddleware,
  startApi,
} from 'express-start-api'
import type { Context } from './handlers'

export interface ChainContext extends Pick<Context, 'request' | 'params'> {
  // oxlint-disable-next-line typescript/no-explicit-any -- what middleware adds
  readonly context: { readonly req: any; readonly res: ServerResponse } & Record<string, any>
  readonly pathname: string
}

/** May give anything: what a handler must not give is under test as well. */
export type ChainHandler = (context: ChainContext) => unknown

export interface ChainResult extends ChainContext {
  response: Response
}

export type ServerFunction = (
  options: ChainContext & { next(options?: object): Promise<ChainResult> },
) => unknown

/** Its function may do anything. */
export function middleware(run: ServerFunction): AnyMiddleware {
  return createMiddleware().server(run as never)
}

/** `/api/x`, file `api/x.ts`, with the middleware around one handler for three methods. */
export function chainX(
  list: readonly AnyMiddleware[],
  handler: ChainHandler,
  options?: StartApiOptions,
) {
  const method = handler as unknown as () => Response
  const server = { middleware: list, handlers: { GET: method, POST: method, OPTIONS: method } }
  return startApi({ 'api/x.ts': { Route: createFileRoute('/api/x')({ server }) } }, options)
}
