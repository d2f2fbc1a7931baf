// The `json` helper of Start.
import { toPlainResponse, toTextResponse } from './text-response'

/**
 * A Response that carries a value as JSON, as Start's `json()` makes it (v0 and v1).
 *
 * The content type is `application/json` unless `init.headers` names another. `json(undefined)` has
 * an empty body.
 *
 * @param payload any value that `JSON.stringify` takes
 * @param init status, status text and headers, as for `new Response`. Headers may be an object, an
 *   array of pairs, which keeps several `set-cookie`, or `Headers`
 * @throws TypeError for what has no JSON (a cycle, a bigint); RangeError for a status outside 200 to 599
 */
export function json<TData>(payload: TData, init?: ResponseInit): JsonResponse<TData> {
  // `undefined` for what JSON has no text for: `undefined`, a function, a symbol.
  const text = JSON.stringify(payload) as string | undefined
  return toJsonResponse(text, init) as JsonResponse<TData>
}

/** @param text `undefined`: an empty body */
export function toJsonResponse(text: string | undefined, init: ResponseInit | undefined): Response {
  const plain = text === undefined ? undefined : toPlainResponse(text, init, 'application/json')
  if (plain !== undefined) return plain
  // Read by name: another Response is an `init` as well, and spreads to nothing.
  const { status = 200, statusText = '', headers } = init ?? {}
  const own = new Headers(headers)
  if (!own.has('content-type')) own.set('content-type', 'application/json')
  const full = { status, statusText, headers: own }
  return text === undefined ? new Response(undefined, full) : toTextResponse(text, full)
}

/** A Response whose `json()` resolves to `TData`; the type parameter exists for the compiler only. */
export interface JsonResponse<TData> extends Response {
  json(): Promise<TData>
}
