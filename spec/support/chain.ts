// Request middleware around one handler, with the least of what routes do to run it.
import type { Context, TestHandler } from './handlers'

export interface ChainContext extends Pick<Context, 'request' | 'params'> {
  // oxlint-disable-next-line typescript/no-explicit-any -- what middleware adds
  readonly context: Context['context'] & Record<string, any>
}

export interface ChainResult extends ChainContext {
  readonly response: Response
}

export type ServerFunction = (
  context: ChainContext & { next(options?: { context?: object }): Promise<ChainResult> },
) => unknown

/** What `createMiddleware().server(fn)` makes. */
export interface RequestMiddleware {
  readonly options: { readonly server: (context: never) => unknown }
}

export function middleware(server: ServerFunction): RequestMiddleware {
  return { options: { server } }
}

export function chain(
  list: readonly RequestMiddleware[],
  handler: (context: ChainContext) => unknown,
): TestHandler {
  return async (given) => {
    const context = { ...given.context }
    let response: unknown
    const own = {
      // Read through: a Request that nobody reads is not made.
      get request() {
        return given.request
      },
      params: given.params,
      context,
      get response() {
        return response
      },
    }
    const run = async (index: number): Promise<unknown> => {
      const server = list[index]?.options.server as ((context: object) => unknown) | undefined
      const next = (options?: { context?: object }) => {
        Object.assign(context, options?.context)
        return run(index + 1)
      }
      try {
        const result =
          server === undefined
            ? await handler(own)
            : await server(Object.create(own, { next: { value: next } }) as object)
        if (result !== own) response = result
      } catch (thrown) {
        if (!(thrown instanceof Response)) throw thrown
        response = thrown
      }
      return own
    }
    await run(0)
    return response
  }
}
