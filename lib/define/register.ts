// What an application tells the package about its types. Types only: nothing is imported at run time.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddedContext, Assign } from './context'

/**
 * Tells the package your application's types, once for all route files, by declaration merging:
 *
 * ```ts
 * import type { Request, Response } from 'express' // without an import, all other types are replaced
 *
 * declare module 'express-start-api' {
 *   interface Register {
 *     req: Request
 *     res: Response
 *     context: typeof toContext // what the option `context` is given, or the type of its result
 *     middleware: typeof middleware // what the option `middleware` is given: a const array
 *     config: Awaited<ReturnType<typeof startInstance.getOptions>> // of start.ts, as in Start
 *   }
 * }
 * ```
 *
 * Each key may be left out. Then `req` and `res` are Node's own, and the others add nothing.
 */
// oxlint-disable-next-line no-empty-object-type -- filled in by users
export interface Register {}

/** Node's request as the host passes it: Express's own, once `Register` says so. */
export type HostReq = Register extends { req: infer Req } ? Req : IncomingMessage
/** Node's response as the host passes it: Express's own, once `Register` says so. */
export type HostRes = Register extends { res: infer Res } ? Res : ServerResponse

/** What the option `context` results in, once `Register` says so. */
export type RegisteredContext = Register extends { context: infer Context }
  ? Context extends (...args: never) => infer Result
    ? Awaited<Result>
    : Context
  : object

/** What middleware finds in `context`: Node's objects, and over them what the option `context` adds. */
export type HostData = Assign<{ req: HostReq; res: HostRes }, RegisteredContext>

/** What global middleware adds, once `Register` says so. */
type GlobalContext = Assign<
  AddedContext<Register extends { middleware: infer TList } ? TList : []>,
  AddedContext<Register extends { config: { requestMiddleware: infer TList } } ? TList : []>
>

/**
 * What every handler finds in `context`: Node's objects, and over them what the option `context` and
 * global middleware add.
 */
export type HandlerData = Assign<HostData, GlobalContext>
