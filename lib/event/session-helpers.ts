// Server helpers for sessions: sealed cookies, as Start had them until 1.168. The sealing is h3's, so
// either side opens the other's, given the same password and name.
import * as h3 from 'h3'
import { currentEvent } from './event-context'
import { type Args, toHelper, withoutEvent } from './helper'
import { h3EventOf } from './h3-event'

/**
 * Session settings: `password` (at least 32 characters), `name` of the cookie (`'h3'` by default, as
 * in Start v0; Start v1's default is `'start'`), `maxAge` in seconds, `cookie` options, `sessionHeader`.
 */
export type SessionConfig = h3.SessionConfig
type Data = Record<string, unknown>

/**
 * The session of this request: `data`, `id`, `update(values)` and `clear()`. Opened from the cookie;
 * one that is expired, tampered with or missing begins anew.
 */
export async function useSession<T extends Data = Data>(
  ...args: Args<[config: SessionConfig]>
): ReturnType<typeof h3.useSession<T>> {
  const [config] = withoutEvent<[SessionConfig]>(args)
  return h3.useSession<T>(h3EventOf(currentEvent('useSession')), config)
}

/** The session's `id`, `createdAt` (ms since 1970) and `data`. */
export async function getSession<T extends Data = Data>(
  ...args: Args<[config: SessionConfig]>
): Promise<h3.Session<T>> {
  const [config] = withoutEvent<[SessionConfig]>(args)
  return h3.getSession<T>(h3EventOf(currentEvent('getSession')), config)
}

/** Adds values to the session, or the result of a function of its data, and sets its cookie. */
export async function updateSession<T extends Data = Data>(
  ...args: Args<
    [config: SessionConfig, update?: Partial<T> | ((data: T) => Partial<T> | undefined)]
  >
): Promise<h3.Session<T>> {
  const [config, update] =
    withoutEvent<[SessionConfig, (Partial<T> | ((data: T) => Partial<T> | undefined))?]>(args)
  return h3.updateSession<T>(
    h3EventOf(currentEvent('updateSession')),
    config,
    update as Parameters<typeof h3.updateSession<T>>[2],
  )
}

/** Forgets the session and makes the client forget its cookie. */
export const clearSession = toHelper<[config: Partial<SessionConfig>], Promise<void>>(
  'clearSession',
  h3.clearSession,
)

/** The session as sealed text. */
export const sealSession = toHelper<[config: SessionConfig], Promise<string>>(
  'sealSession',
  h3.sealSession,
)

/** Opens sealed text. Rejects if it is expired or was tampered with. */
export const unsealSession = toHelper<
  [config: SessionConfig, sealed: string],
  Promise<Partial<h3.Session>>
>('unsealSession', h3.unsealSession)
