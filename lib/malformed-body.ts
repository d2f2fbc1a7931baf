// Bodies that are not what they should be: errors with status 400. The platform's own have none, so that
// they would count as failures of the application.

/** @throws TypeError with status 400 where the body is no form; the platform's where it was read before */
export async function readForm(
  source: Pick<Request, 'bodyUsed' | 'body'>,
  read: () => Promise<FormData>,
): Promise<FormData> {
  const usable = !source.bodyUsed && source.body?.locked !== true
  try {
    return await read()
  } catch (error) {
    // By name: in jest, the platform's errors are of another realm.
    if (!usable || (error as Error).name !== 'TypeError') throw error
    throw withStatus400(new TypeError('The request body is not a valid form.'))
  }
}

/**
 * The platform's error quotes the body, which may hold secrets, into logs and error pages (hazard 89).
 *
 * @throws SyntaxError with status 400 for a text that is no JSON
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw withStatus400(new SyntaxError('The request body is not valid JSON.'))
  }
}

function withStatus400(error: Error): Error {
  return Object.assign(error, { status: 400 })
}
