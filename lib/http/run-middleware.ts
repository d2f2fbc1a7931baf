// Start-up and per request: puts middleware around the handlers of a route, and runs it in its turn.
import { StartApiError, describe } from '../errors'
import { type RequestEvent, findEvent, runWithEvent } from '../event/event-context'
import type { Middleware } from '../routes/middleware'
import type { Handler, HandlerContext, Route } from '../routes/route-module'
import { deriveContext } from './handler-context'
import { discard } from './response-body'
import { applyHelpers, withOpenHeaders } from './response-head'
import { findResponse, toReturnedAnswer } from './run-route'
import { toPageHandler } from './leave-to-page'

/**
 * A route whose handlers run behind its middleware. A handler without any stays what it is, so that
 * its requests cost nothing more.
 *
 * @param global runs first; what a route lists again does not run twice. (As in Start, which does not
 *   compare the lists of routes with each other.)
 */
export function withMiddleware(route: Route, global: readonly Middleware[]): Route {
  const { middleware, methodMiddleware, isPage } = route
  // Most of thousands of routes: nothing is around their handlers.
  if (global.length + middleware.length === 0 && !methodMiddleware && !isPage) return route
  const sources = new Set(global.map(({ source }) => source))
  const outer = [...global, ...middleware.filter(({ source }) => !sources.has(source))]
  const handlers = [...route.handlers].map(([method, handler]): [string, Handler] => {
    const chain = [...outer, ...(methodMiddleware?.get(method) ?? [])]
    const place = `${method} ${route.file}`
    const own = isPage === true ? toPageHandler(handler) : handler
    return [method, toChain(chain, own, place)]
  })
  return { ...route, handlers: new Map(handlers) }
}

function toChain(chain: readonly Middleware[], handler: Handler, place: string): Handler {
  if (chain.length === 0) return handler
  return (context) =>
    enter(
      {
        chain,
        handler,
        place,
        result: deriveContext(context, {}),
        handed: {},
        event: findEvent(),
        outermostOver: Infinity,
      },
      0,
    )
}

/** One request on its way through a chain. */
interface Run {
  readonly chain: readonly Middleware[]
  readonly handler: Handler
  /** Method and file, for errors. */
  readonly place: string
  readonly result: Result
  /** What middleware has handed on beside `context`. */
  readonly handed: Record<string, unknown>
  /** What helpers work on; `undefined` where nothing has imported any. */
  readonly event: RequestEvent | undefined
  /**
   * Index of the outermost middleware that has ended. What has begun further in and ends later answers
   * nothing: a guard's answer stays, though it called `next()` and did not wait.
   */
  outermostOver: number
}

/** What `next()` resolves to: one object for the whole request, which middleware may change. */
interface Result extends HandlerContext {
  context: object
  response?: unknown
}

/** What a middleware may pass to `next()`, or return. */
interface Changes {
  readonly context?: object | null
  readonly [member: string]: unknown
}

/** A middleware's turn in a run. */
interface Turn {
  readonly middleware: Middleware
  readonly index: number
  isOver: boolean
  downstream?: Promise<Result>
  misuse?: StartApiError
}

async function enter(run: Run, index: number): Promise<Response> {
  const middleware = run.chain[index]
  return middleware === undefined
    ? runHandler(run)
    : runMiddleware(run, { middleware, index, isOver: false })
}

/** What is thrown and is no Response stays what it is: a middleware may know it. */
async function runHandler({ handler, place, result, handed, event }: Run): Promise<Response> {
  let returned: unknown
  try {
    returned = await handler(deriveContext(result, handed))
  } catch (thrown) {
    returned = findResponse(thrown)
    if (returned === undefined) throw thrown
  }
  return toReturnedAnswer(returned, () => place, event)
}

async function runMiddleware(run: Run, turn: Turn): Promise<Response> {
  const { result, handed } = run
  const next = (changes?: Changes | null) => runNext(run, turn, changes)
  let returned: unknown
  try {
    const own = deriveContext(result, { ...handed, handlerType: 'router', next })
    returned = await turn.middleware.run(own)
    // Nothing returned: the answer of the rest stays, and what it throws is not lost.
    if (isNothing(returned)) await turn.downstream
  } catch (thrown) {
    if (run.event !== undefined) run.event.answer = undefined
    returned = findResponse(thrown)
    if (returned === undefined && turn.misuse === undefined) throw thrown
  } finally {
    turn.isOver = true
    run.outermostOver = Math.min(run.outermostOver, turn.index)
  }
  if (turn.misuse !== undefined) throw turn.misuse
  return settle(run, turn, returned)
}

/** `next()`. The one `misuse` that it can't be held to is a call after the turn. */
function runNext(run: Run, turn: Turn, changes: Changes | null = {}): Promise<Result> {
  if (turn.downstream !== undefined || turn.isOver) {
    const what = turn.isOver
      ? 'called next() after it had ended; await next(), or return it'
      : 'called next() twice; call it once, and keep what it resolves to'
    turn.misuse = bad(run, turn, what)
    return silence(Promise.reject(turn.misuse))
  }
  const isLate = (): boolean => run.outermostOver <= turn.index
  apply(run, isLate() ? { ...changes, response: undefined } : (changes ?? {}))
  const downstream = within(run, () => enter(run, turn.index + 1)).then((response) => {
    if (!isLate()) run.result.response = toShown(run, response)
    else if (response !== run.result.response) discard(response)
    return run.result
  })
  return (turn.downstream = silence(downstream))
}

/** A queue may call `next()` where another request is being handled, whose helpers must not apply here. */
function within<T>({ event }: Run, start: () => T): T {
  return event === undefined || findEvent() === event ? start() : runWithEvent(event, start)
}

/** As it will be sent: what helpers have said is in it, and its headers can be changed. */
function toShown({ event }: Run, response: Response): Response {
  const shown = withOpenHeaders(applyHelpers(response, event?.said))
  if (event !== undefined) event.answer = shown
  return shown
}

/** A rejection that a middleware does not wait for must not end the process. */
function silence<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** The answer after a middleware's turn: its own, or that of the rest. */
function settle(run: Run, turn: Turn, returned: unknown): Response {
  const own = run.event?.said?.takeAnswer() ?? findResponse(returned)
  if (run.outermostOver < turn.index) return own ?? new Response()
  if (own !== undefined) run.result.response = own
  else if (isChanges(returned)) apply(run, returned)
  else if (!isNothing(returned)) {
    throw bad(run, turn, `returned ${describe(returned)}; return a Response, or what next() gives`)
  }
  const response = findResponse(run.result.response)
  if (response !== undefined) return response
  throw bad(
    run,
    turn,
    turn.downstream === undefined
      ? 'neither called next() nor returned a Response; do one of the two'
      : `made \`response\` ${describe(run.result.response)}; it must be a Response`,
  )
}

function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

function isChanges(value: unknown): value is Changes {
  return typeof value === 'object' && value !== null && ('response' in value || 'context' in value)
}

/** Adds to `context`; all else is there for what follows, and in the result. */
function apply({ result, handed }: Run, changes: Changes): void {
  if ((changes as object) === result) return
  const { context, response, ...others } = changes
  if (response !== undefined) result.response = response
  if (context !== undefined && context !== null && context !== result.context) {
    result.context = assign(assign(Object.create(null) as object, result.context), context)
  }
  assign(handed, others)
  assign(result, others)
}

/** Without names that lead to a prototype, as in Start. */
function assign<T extends object>(target: T, source: object): T {
  for (const [name, value] of Object.entries(source)) {
    if (!UNSAFE.has(name)) (target as Record<string, unknown>)[name] = value
  }
  return target
}

const UNSAFE = new Set(['__proto__', 'constructor', 'prototype'])

function bad({ place }: Run, { middleware }: Turn, what: string): StartApiError {
  return new StartApiError('ERR_START_API_BAD_RESULT', `${middleware.place} (${place}) ${what}.`)
}
