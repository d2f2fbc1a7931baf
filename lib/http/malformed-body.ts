// Per request: tells a client's malformed body from a failure of the application.

/**
 * A Request whose `json()` and `formData()`, where the body is not what they read, reject with status
 * 400. The platform's own errors have none, so that they would count as failures of the application,
 * and quote the body, which may hold secrets, into logs and error pages (hazard 89).
 */
export function flagMalformedBody(request: Request): Request {
  return Object.defineProperties(request, READERS)
}

const { json, formData, clone } = Request.prototype

/** Shared by all Requests: one property descriptor each, no closures. */
const READERS: PropertyDescriptorMap = {
  json: method(async function (this: Request) {
    try {
      return (await json.call(this)) as unknown
    } catch (error) {
      // By name: in jest, the platform's errors are of another realm.
      if ((error as Error).name !== 'SyntaxError') throw error
      throw withStatus400(new SyntaxError('The request body is not valid JSON.'))
    }
  }),
  formData: method(async function (this: Request) {
    const usable = !this.bodyUsed && this.body?.locked !== true
    try {
      return await formData.call(this)
    } catch (error) {
      if (!usable || (error as Error).name !== 'TypeError') throw error
      throw withStatus400(new TypeError('The request body is not a valid form.'))
    }
  }),
  clone: method(function (this: Request) {
    return flagMalformedBody(clone.call(this))
  }),
}

function method(value: (this: Request) => unknown): PropertyDescriptor {
  return { value, writable: true, configurable: true }
}

function withStatus400(error: Error): Error {
  return Object.assign(error, { status: 400 })
}
