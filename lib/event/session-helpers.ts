// Server helpers for sessions that live in a sealed cookie: h3's, in as many cookies as they need. The
// format is that of Start v0 and v1 (up to 1.168): each opens the other's with the same password.
import * as h3 from 'h3'
import { type EventLike, toHelper } from './helper'

// oxlint-disable-next-line typescript/no-explicit-any -- as h3 types session data
type Data = Record<string, any>

/**
 * How a session is kept. `password`: at least 32 characters. `maxAge`: in seconds, from when the session
 * began; by default it ends with the browser's. `name`: of the cookie, by default `start`, or `h3` for a
 * client that comes with a session of Start v0 and none of v1. `cookie`: its options, by default
 * `Path=/; Secure; HttpOnly`, or `false` for a session in the header `x-<name>-session` alone.
 */
export type SessionConfig = h3.SessionConfig

interface WithConfig<R> {
  (config: SessionConfig): R
  (event: EventLike, config: SessionConfig): R
}

/**
 * The session of this request with functions to change it (Start v0, and v1 up to 1.168). One that is
 * missing, expired or tampered with begins anew, empty.
 */
export const useSession = toHelper('useSession', (event, config: SessionConfig) =>
  h3.useSession(...toSession(event, config)),
) as {
  <T extends Data = Data>(config: SessionConfig): Promise<h3.SessionManager<Partial<T>>>
  <T extends Data = Data>(
    event: EventLike,
    config: SessionConfig,
  ): Promise<h3.SessionManager<Partial<T>>>
}

/**
 * The session of this request: its id, when it was created (ms since 1970) and its data (Start v0, and
 * v1 up to 1.168).
 */
export const getSession = toHelper('getSession', (event, config: SessionConfig) =>
  h3.getSession(...toSession(event, config)),
) as {
  <T extends Data = Data>(config: SessionConfig): Promise<h3.Session<Partial<T>>>
  <T extends Data = Data>(event: EventLike, config: SessionConfig): Promise<h3.Session<Partial<T>>>
}

/** What changes a session: fields to set, or a function that makes them of the present data. */
export type SessionUpdate<T extends Data = Data> =
  Partial<T> | ((data: Partial<T>) => Partial<T> | undefined)

/**
 * Changes the session and sets its cookie (Start v0, and v1 up to 1.168). Throws if it needs more than
 * 100 cookies.
 */
export const updateSession = toHelper(
  'updateSession',
  (event, config: SessionConfig, update?: SessionUpdate) =>
    h3.updateSession(...toSession(event, config), update),
) as {
  <T extends Data = Data>(
    config: SessionConfig,
    update?: SessionUpdate<T>,
  ): Promise<h3.Session<Partial<T>>>
  <T extends Data = Data>(
    event: EventLike,
    config: SessionConfig,
    update?: SessionUpdate<T>,
  ): Promise<h3.Session<Partial<T>>>
}

/** The session as sealed text, for a header or another store (Start v0, and v1 up to 1.168). */
export const sealSession = toHelper('sealSession', (event, config: SessionConfig) =>
  h3.sealSession(...toSession(event, config)),
) satisfies WithConfig<Promise<string>>

/** Opens sealed text (Start v0, and v1 up to 1.168). Rejects if it is expired or tampered with. */
export const unsealSession = toHelper(
  'unsealSession',
  (event, config: SessionConfig, sealed: string) => h3.unsealSession(event, config, sealed),
)

/**
 * Ends the session: its cookies are emptied, and what follows in this request begins anew (Start v0, and
 * v1 up to 1.168).
 */
export const clearSession = toHelper(
  'clearSession',
  (event, config: Partial<SessionConfig> = {}): Promise<void> =>
    // Clearing needs no password; nothing is sealed.
    h3.clearSession(...toSession(event, config as SessionConfig)),
)

/** Start v1's mark of a value that is spread over `name.1`, `name.2`, …, with their number. */
const CHUNKED = '__chunked__'
/** Browsers take 4096 characters with name and attributes. */
const CHUNK_LENGTH = 4000
/** A client could else have us join thousands (hazard 246). */
const MAX_CHUNKS = 100

type Cookies = Readonly<Partial<Record<string, string>>>

function toSession(event: h3.H3Event, config: SessionConfig): [h3.H3Event, SessionConfig] {
  const cookies: Cookies = h3.parseCookies(event)
  const name = config.name ?? defaultName(cookies)
  const node = { req: toRequest(event, name, cookies), res: toResponse(event, name, cookies) }
  return [Object.create(event, { node: { value: node } }) as h3.H3Event, { ...config, name }]
}

function defaultName(cookies: Cookies): string {
  return cookies['start'] === undefined && cookies['h3'] !== undefined ? 'h3' : 'start'
}

/** h3 knows a session in one cookie only, and would take a cleared one up again. */
function toRequest(event: h3.H3Event, name: string, cookies: Cookies): h3.NodeIncomingMessage {
  const { req, res } = event.node
  const joined = joinChunks(cookies, name)
  return Object.create(req, {
    headers: {
      get() {
        const cleared = [res.getHeader('set-cookie') ?? []]
          .flat()
          .some((cookie) => String(cookie).startsWith(`${name}=;`))
        if (cleared) return {}
        return joined === undefined ? req.headers : { ...req.headers, cookie: `${name}=${joined}` }
      },
    },
  }) as h3.NodeIncomingMessage
}

/** `undefined` if the session is in one cookie; `''` if a part is missing. */
function joinChunks(cookies: Cookies, name: string): string | undefined {
  const count = countChunks(cookies, name)
  if (count === undefined) return undefined
  const sent = sentChunks(cookies, name)
  if (sent.length < count) return ''
  return encodeURIComponent(sent.map((number) => cookies[`${name}.${number}`]).join(''))
}

/** The numbers of those that the client has, of all that it claims to have (hazard 246). */
function sentChunks(cookies: Cookies, name: string): number[] {
  return Array.from({ length: countChunks(cookies, name) ?? 0 }, (_, index) => index + 1).filter(
    (number) => cookies[`${name}.${number}`] !== undefined,
  )
}

function countChunks(cookies: Cookies, name: string): number | undefined {
  const value = cookies[name]
  if (value?.startsWith(CHUNKED) !== true) return undefined
  const count = Number(value.slice(CHUNKED.length))
  return Number.isInteger(count) && count > 0 && count <= MAX_CHUNKS ? count : 0
}

/** Spreads the session's cookie over several as it is written. */
function toResponse(event: h3.H3Event, name: string, cookies: Cookies): h3.NodeServerResponse {
  const { res } = event.node
  const write = (header: string, value: string | string[]): void => {
    if (typeof value !== 'string' || !value.startsWith(`${name}=`)) {
      res.appendHeader(header, value)
      return
    }
    const others = [res.getHeader(header) ?? []].flat().map(String)
    const kept = others.filter((cookie) => !isChunk(cookie, name))
    res.setHeader(header, [...kept, ...toChunks(value, name, sentChunks(cookies, name))])
  }
  // h3 removes the header before it sets the cookies that stay, one by one.
  return Object.create(res, {
    setHeader: { value: write },
    appendHeader: { value: write },
  }) as h3.NodeServerResponse
}

function isChunk(cookie: string, name: string): boolean {
  return cookie.startsWith(`${name}.`) && /^\d+=/.test(cookie.slice(name.length + 1))
}

/** @param sent the chunks that the client has: those that are left over must go */
function toChunks(cookie: string, name: string, sent: readonly number[]): string[] {
  const end = cookie.indexOf(';')
  const value = cookie.slice(name.length + 1, end === -1 ? undefined : end)
  const attributes = end === -1 ? '' : cookie.slice(end)
  const count = value.length > CHUNK_LENGTH ? Math.ceil(value.length / CHUNK_LENGTH) : 0
  if (count > MAX_CHUNKS) {
    throw new RangeError(
      `The session \`${name}\` needs ${count} cookies, and at most ${MAX_CHUNKS} are possible. Keep less in it.`,
    )
  }
  const chunks = Array.from({ length: count }, (_, index) => {
    const part = value.slice(index * CHUNK_LENGTH, (index + 1) * CHUNK_LENGTH)
    return `${name}.${index + 1}=${part}${attributes}`
  })
  const lasting = attributes.replace(/; (?:Expires|Max-Age)=[^;]*/gi, '')
  const stale = sent
    .filter((number) => number > count)
    .map((number) => `${name}.${number}=; Max-Age=0${lasting}`)
  return [count === 0 ? cookie : `${name}=${CHUNKED}${count}${attributes}`, ...chunks, ...stale]
}
