// Server helpers that speak about the response.
import { currentEvent, enableEvents } from './event-context'

enableEvents()

/**
 * Sets the status of the answer, whatever Response the handler returns or throws.
 *
 * @param code 100 to 999, as Start v0 takes it; other values are ignored
 * @param text reason phrase; by default the code's standard one
 */
export function setResponseStatus(code?: number, text?: string): void {
  const { response } = currentEvent('setResponseStatus')
  if (code !== undefined && Number.isInteger(code) && code >= 100 && code <= 999) {
    response.status = code
  }
  if (text !== undefined) response.statusText = text
}

/** Sets a header of the answer in place of the Response's own. */
export function setHeader(name: string, value: string | readonly string[]): void {
  currentEvent('setHeader').response.setHeader(name, value)
}

/** Sets several headers of the answer in place of the Response's own. */
export function setHeaders(headers: Readonly<Record<string, string>> | Headers): void {
  const { response } = currentEvent('setHeaders')
  const entries = headers instanceof Headers ? headers : Object.entries(headers)
  for (const [name, value] of entries) response.setHeader(name, value)
}
