// Statuses of answers without content. Imports nothing.

/** Whether a fetch Response of this status refuses a body, as HTTP has none for it (RFC 9110, 6.4.1 and 15.3.6). */
export function isNullBodyStatus(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}
