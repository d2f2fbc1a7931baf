// The `json` helper of Start. Imports nothing.

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
  const headers = new Headers(init?.headers)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return new Response(JSON.stringify(payload), { ...init, headers }) as JsonResponse<TData>
}

/** A Response whose `json()` resolves to `TData`; the type parameter exists for the compiler only. */
export interface JsonResponse<TData> extends Response {
  json(): Promise<TData>
}
