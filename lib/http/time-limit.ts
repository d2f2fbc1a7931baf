// Per request: the end of the option `timeout`, for handlers that don't come to theirs.
import { StartApiError } from '../errors'
import { clearTimeout, setTimeout } from '../real-timers'
import { discard, ignore } from './response-body'

/**
 * The answer, or after `ms` a rejection with status 504. By then `deadline` has been aborted, which
 * aborts the signal of the Request.
 *
 * @param toPlace names what is late in the error
 */
export async function withinTime(
  answer: Promise<Response>,
  ms: number,
  deadline: AbortController,
  toPlace: () => string,
): Promise<Response> {
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      deadline.abort(new DOMException(`The handler had ${ms} ms.`, 'TimeoutError'))
      // A producer must not wait for a reader. A failure now is the time limit's, as a rule, and that
      // has been reported.
      answer.then(discard).catch(ignore)
      reject(timedOut(toPlace(), ms))
    }, ms).unref()
  })
  try {
    return await Promise.race([answer, expiry])
  } finally {
    clearTimeout(timer)
  }
}

function timedOut(place: string, ms: number): StartApiError {
  return new StartApiError(
    'ERR_START_API_TIMEOUT',
    `${place} gave no Response within ${ms} ms (option \`timeout\`). Hand \`request.signal\` to what it waits for, or allow more time.`,
    { status: 504 },
  )
}
