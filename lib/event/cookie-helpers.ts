// Server helpers for cookies.
import * as h3 from 'h3'
import { toHelper } from './helper'

/** Attributes of a cookie (RFC 6265). */
export interface CookieOptions {
  domain?: string
  /** Default: `/`. */
  path?: string
  /** Seconds. */
  maxAge?: number
  expires?: Date
  httpOnly?: boolean
  secure?: boolean
  sameSite?: boolean | 'lax' | 'strict' | 'none'
  priority?: 'low' | 'medium' | 'high'
  partitioned?: boolean
  /** Default: `encodeURIComponent`. */
  encode?: (value: string) => string
}

/** The request's cookies by name (Start v0). Without a prototype: names come from the client. */
export const parseCookies = toHelper<[], Record<string, string>>('parseCookies', (event) =>
  Object.assign(Object.create(null) as Record<string, string>, h3.parseCookies(event)),
)

/** The request's cookies by name (Start v1). One that is set now is not among them. */
export const getCookies = parseCookies

/** A cookie of the request; `undefined` if it was not sent. */
export const getCookie = toHelper<[name: string], string | undefined>(
  'getCookie',
  (event, name) => parseCookies(event)[name],
)

/**
 * Sets a cookie, in place of one of the same name, domain and path that helpers or the Response set.
 *
 * @param options `path` is `/` by default; `maxAge` in seconds
 */
export const setCookie = toHelper<[name: string, value: string, options?: CookieOptions], void>(
  'setCookie',
  h3.setCookie,
)

/** Makes the client forget a cookie. @param options the domain and path that it was set with */
export const deleteCookie = toHelper<[name: string, options?: CookieOptions], void>(
  'deleteCookie',
  h3.deleteCookie,
)
