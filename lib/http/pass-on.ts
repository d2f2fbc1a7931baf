// Per request: answers that are no answers, where the request belongs to what is mounted behind us.

const PASSED_ON = Symbol('passed on')

/**
 * Leaves the request to what the host has mounted behind us, unless another Response than this one
 * comes out in the end. Without `next`, and in `api.fetch()`, it is the answer.
 */
export function passOn(response: Response): Response {
  return Object.assign(response, { [PASSED_ON]: true })
}

export function isPassedOn(response: Response): boolean {
  return PASSED_ON in response
}
