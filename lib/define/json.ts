// The `json` helper of Start.
import { toPlainJsonResponse, toTextResponse } from './text-response'

/**
 * A Response that carries a value as JSON, as Start's `json()` makes it (v0 and v1).
 *
 * The content type is `application/json` unless `init.headers` names another. `json(undefined)` has
 * an empty body.
 *
 * @param payload any value that `JSON.stringify` takes
 * @param init status, status text and headers, as for `new Response`
 */
export function json<TData>(payload: TData, init?: ResponseInit): JsonResponse<TData> {
  // `undefined` for what JSON has no text for: `undefined`, a function, a symbol.
  const text = JSON.stringify(payload) as string | undefined
  return toResponse(text, init) as JsonResponse<TData>
}

function toResponse(text: string | undefined, init: ResponseInit | undefined): Response {
  if (text !== undefined && isPlain(init)) return toPlainJsonResponse(text, init?.status ?? 200)
  const headers = new Headers(init?.headers)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return text === undefined
    ? new Response(undefined, { ...init, headers })
    : toTextResponse(text, { ...init, headers })
}

/** Whether a native Response would take it and have nothing but its status from it. */
function isPlain(init: ResponseInit | undefined): boolean {
  if (init === undefined) return true
  const { status = 200, statusText, headers } = init
  return (
    statusText === undefined &&
    headers === undefined &&
    Number.isInteger(status) &&
    status >= 200 &&
    status < 600 &&
    status !== 204 &&
    status !== 205 &&
    status !== 304
  )
}

/** A Response whose `json()` resolves to `TData`; the type parameter exists for the compiler only. */
export interface JsonResponse<TData> extends Response {
  json(): Promise<TData>
}
