// Per request: what a body that was read whole is given as, without a native Request or a stream.
import { NativeResponse } from '../define/native-response'

/** UTF-8, without a byte order mark, as `text()` reads bodies. */
export function toText(bytes: Uint8Array): string {
  const text = decode(bytes)
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}

const BYTE_ORDER_MARK = 0xfeff

function decode(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength)).toString()
}

/** Others may have the same bytes: a logger, or legacy code that reads `req.body`. */
export function toCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** @param type the content type, if there is one */
export function toBlob(bytes: Uint8Array, type: string | null): Promise<Blob> {
  return toResponse(bytes, type).blob()
}

/**
 * The platform's own class, which others have replaced where `globalThis.FormData` is that of a package.
 * Known from the first form on.
 */
let NativeFormData: typeof FormData | undefined

/**
 * Fields of a form without files are put together as the platform does it: a Response in between takes a
 * quarter of such a request (0.75 and 0.72 of the time without, on Node 24 and 20).
 *
 * @param type the content type, if there is one
 * @throws TypeError for bytes that are no such form
 */
export async function toForm(bytes: Uint8Array, type: string | null): Promise<FormData> {
  if (NativeFormData !== undefined && type !== null && IS_FORM_OF_TEXTS.test(type)) {
    const form = new NativeFormData()
    for (const [name, value] of new URLSearchParams(decode(bytes))) form.append(name, value)
    return form
  }
  const form = await toResponse(bytes, type).formData()
  NativeFormData ??= form.constructor as typeof FormData
  return form
}

/** One type, and not a list of them, of which another would count. */
const IS_FORM_OF_TEXTS = /^application\/x-www-form-urlencoded *(?:;[^,]*)?$/i

function toResponse(bytes: Uint8Array, type: string | null): Response {
  const headers: Record<string, string> = type === null ? {} : { 'content-type': type }
  // Of a SharedArrayBuffer's bytes, which no body can be, too: the platform takes a copy.
  return new NativeResponse(bytes as Uint8Array<ArrayBuffer>, { headers })
}
