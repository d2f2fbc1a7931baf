// Per request: what a body that was read whole is given as, without a native Request and its stream.

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

/**
 * The platform's own class, which `globalThis.FormData` is not where a package has replaced it. Known from
 * the first form that the platform has read.
 */
let NativeFormData: typeof FormData | undefined

export function rememberForm(form: FormData): FormData {
  NativeFormData ??= form.constructor as typeof FormData
  return form
}

/** Whether `toForm()` reads a body of that content type as the platform would. */
export function isFormOfTexts(type: string | null): boolean {
  return NativeFormData !== undefined && type !== null && FORM_OF_TEXTS.test(type)
}

/** One type, and not a list of them, of which another would count. */
const FORM_OF_TEXTS = /^application\/x-www-form-urlencoded *(?:;[^,]*)?$/i

/** A form of texts alone, as the platform takes it apart. */
export function toForm(bytes: Uint8Array): FormData {
  const form = new NativeFormData!()
  for (const [name, value] of new URLSearchParams(decode(bytes))) form.append(name, value)
  return form
}
