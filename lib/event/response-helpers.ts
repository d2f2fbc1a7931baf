// Server helpers that speak about the response. What they say wins over the Response that the handler
// returns or throws.
import * as h3 from 'h3'
import { currentEvent } from './event-context'
import { type Args, toHelper, withoutEvent } from './helper'
import { headersOf, toHeaderValue } from './h3-event'
import { type ReadableHeaders, toReadableHeaders } from './request-helpers'

/**
 * Sets the status of the answer, whatever Response the handler returns or throws.
 *
 * @param code 100 to 999; other values are ignored
 * @param text reason phrase; by default the code's standard one
 */
export const setResponseStatus = toHelper<[code?: number, text?: string], void>(
  'setResponseStatus',
  h3.setResponseStatus,
)

/** The status that a helper has set, 200 if none has. */
export const getResponseStatus = toHelper<[], number>('getResponseStatus', h3.getResponseStatus)

/** The reason phrase that a helper has set, `''` if none has (Start v0). */
export const getResponseStatusText = toHelper<[], string>(
  'getResponseStatusText',
  h3.getResponseStatusText,
)

/** Sets a header of the answer in place of the Response's own; an array sets it several times. */
export function setResponseHeader(
  ...args: Args<[name: string, value: string | number | readonly string[]]>
): void {
  const [name, value] = withoutEvent<[string, unknown]>(args)
  currentEvent('setResponseHeader').response.setHeader(name, toHeaderValue(value))
}

/** Sets a header of the answer in place of the Response's own (Start v0). */
export const setHeader = setResponseHeader

/** Headers by name, or a `Headers`, which Start ignores. */
export type HeaderValues =
  Headers | Readonly<Record<string, string | number | readonly string[] | undefined>>

/** Sets several headers of the answer in place of the Response's own. */
export function setResponseHeaders(...args: Args<[headers: HeaderValues]>): void {
  const [headers] = withoutEvent<[HeaderValues]>(args)
  const { response } = currentEvent('setResponseHeaders')
  const cookies: string[] = []
  for (const [name, value] of entriesOf(headers)) {
    // A `Headers` gives each cookie on its own.
    if (name.toLowerCase() === 'set-cookie') cookies.push(...[toHeaderValue(value)].flat())
    else response.setHeader(name, toHeaderValue(value))
  }
  if (cookies.length > 0) response.setHeader('set-cookie', cookies)
}

/** Sets several headers of the answer in place of the Response's own (Start v0). */
export const setHeaders = setResponseHeaders

/** Adds a value to a header that helpers set. */
export function appendResponseHeader(
  ...args: Args<[name: string, value: string | readonly string[]]>
): void {
  const [name, value] = withoutEvent<[string, string | readonly string[]]>(args)
  currentEvent('appendResponseHeader').response.appendHeader(name, toHeaderValue(value))
}

/** Adds a value to a header that helpers set (Start v0). */
export const appendHeader = appendResponseHeader

/** Adds values to several headers that helpers set (Start v0). */
export function appendResponseHeaders(...args: Args<[headers: HeaderValues]>): void {
  const [headers] = withoutEvent<[HeaderValues]>(args)
  const { response } = currentEvent('appendResponseHeaders')
  for (const [name, value] of entriesOf(headers)) response.appendHeader(name, toHeaderValue(value))
}

/** Adds values to several headers that helpers set (Start v0). */
export const appendHeaders = appendResponseHeaders

/** A header that a helper has set; `undefined` if none has. Several values are joined by `, `. */
export function getResponseHeader(...args: Args<[name: string]>): string | undefined {
  const [name] = withoutEvent<[string]>(args)
  const value = currentEvent('getResponseHeader').response.getHeader(name)
  return value === undefined ? undefined : [value].flat().join(', ')
}

/** The headers that helpers have set: a `Headers` (v1) that reads like a plain object (v0), a copy. */
export function getResponseHeaders(..._event: Args<[]>): ReadableHeaders {
  const headers = new Headers()
  for (const [name, value] of Object.entries(
    headersOf(currentEvent('getResponseHeaders').response),
  )) {
    for (const item of [value].flat()) headers.append(name, item)
  }
  return toReadableHeaders(headers)
}

/** Removes a header: what helpers set, the Response's own, and what middleware set on `res`. */
export function removeResponseHeader(...args: Args<[name: string]>): void {
  const [name] = withoutEvent<[string]>(args)
  currentEvent('removeResponseHeader').response.removeHeader(name)
}

/** Removes the headers named, or all that helpers have set. */
export function clearResponseHeaders(...args: Args<[names?: readonly string[]]>): void {
  const [names] = withoutEvent<[(readonly string[])?]>(args)
  const { response } = currentEvent('clearResponseHeaders')
  for (const name of names ?? Object.keys(headersOf(response))) response.removeHeader(name)
}

/** Status, reason phrase and headers that helpers have set (Start v1). */
export function getResponse(): { status: number; statusText: string; headers: Headers } {
  return {
    status: getResponseStatus(),
    statusText: getResponseStatusText(),
    headers: getResponseHeaders(),
  }
}

/** Sets the content type unless a helper has set one, or the status is 304 (Start v0). */
export const defaultContentType = toHelper<[type?: string], void>(
  'defaultContentType',
  h3.defaultContentType,
)

/** Sends `103 Early Hints` at once, over HTTP/1.1 (Start v0). */
export const writeEarlyHints = toHelper<
  [hints: string | string[] | Record<string, string | string[]>, callback?: () => void],
  void
>('writeEarlyHints', h3.writeEarlyHints)

function entriesOf(headers: HeaderValues): Iterable<[string, unknown]> {
  const entries: [string, unknown][] =
    headers instanceof Headers ? [...headers] : Object.entries(headers)
  return entries.filter(([, value]) => value !== undefined)
}
