// Server helpers that read the request's body (Start v0). Each reads a copy: `request.json()` and
// several of these can be used for one request.
import * as h3 from 'h3'
import { currentEvent } from './event-context'
import { type Args, withoutEvent } from './helper'
import { h3EventOf } from './h3-event'

type Encoding = NonNullable<Parameters<typeof h3.readRawBody>[1]> | false

/**
 * The body as text, or as bytes with `false` for the encoding; `undefined` if there is none.
 * Throws a 405 for methods without a body.
 */
export async function readRawBody<E extends Encoding = 'utf8'>(
  ...args: Args<[encoding?: E]>
): Promise<(E extends false ? Buffer : string) | undefined> {
  const [encoding] = withoutEvent<[E?]>(args)
  const body = await h3.readRawBody(h3EventOf(currentEvent('readRawBody')), encoding)
  // The type of the result follows the encoding, which h3's own signature does not show here.
  return body?.length === 0 ? undefined : (body as E extends false ? Buffer : string)
}

/**
 * The parsed body: JSON, form fields (repeated ones in an array), or text, by its content type.
 * Malformed JSON is a 400; `undefined` if there is no body.
 */
export function readBody<T = unknown>(...args: Args<[options?: { strict?: boolean }]>): Promise<T> {
  const [options] = withoutEvent<[{ strict?: boolean }?]>(args)
  return h3.readBody(h3EventOf(currentEvent('readBody')), options) as Promise<T>
}

/**
 * The parsed body after a check; a failure is a 400.
 *
 * @param validate returns the value to use, `true` for the body as it is, or `false`
 */
export function readValidatedBody<T>(
  ...args: Args<[validate: h3.ValidateFunction<T>]>
): Promise<T> {
  const [validate] = withoutEvent<[h3.ValidateFunction<T>]>(args)
  const event = h3EventOf(currentEvent('readValidatedBody'))
  return h3.readValidatedBody<T>(event, validate as never) as Promise<T>
}

/** The body as FormData. */
export async function readFormData(..._event: Args<[]>): Promise<FormData> {
  return currentEvent('readFormData').request.clone().formData()
}

/** The parts of a multipart body, `undefined` for other bodies. */
export function readMultipartFormData(
  ..._event: Args<[]>
): Promise<h3.MultiPartData[] | undefined> {
  return h3.readMultipartFormData(h3EventOf(currentEvent('readMultipartFormData')))
}

/** The body as a stream, `undefined` if there is none. Not a copy: it can be read once. */
export function getRequestWebStream(..._event: Args<[]>): ReadableStream<Uint8Array> | undefined {
  return currentEvent('getRequestWebStream').request.body ?? undefined
}
