// What an application tells the package about its types. Imports types only.
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Tells the package your application's types, by declaration merging:
 *
 * ```ts
 * declare module 'express-start-api' {
 *   interface Register {
 *     req: import('express').Request
 *     res: import('express').Response
 *     context: { user: User } // what the option `context` adds
 *   }
 * }
 * ```
 */
// oxlint-disable-next-line no-empty-object-type -- filled in by users
export interface Register {}

/** Node's request as the host passes it: Express's own, once `Register` says so. */
export type HostReq = Register extends { req: infer Req } ? Req : IncomingMessage
/** Node's response as the host passes it: Express's own, once `Register` says so. */
export type HostRes = Register extends { res: infer Res } ? Res : ServerResponse
/** What the option `context` adds, once `Register` says so. */
export type AddedContext = Register extends { context: infer Context } ? Context : unknown

/** The `context` of a handler: Node's objects, and what the option `context` adds. */
export type RouteContext = {
  /** Express's own request: `session`, `user` and whatever middleware left on it. */
  readonly req: HostReq
  /** Express's own response. A handler that answers through it needs to return nothing. */
  readonly res: HostRes
} & AddedContext
