/**
 * Entry `/fast-response`, an opt-in by import: makes what handlers answer by the platform's own means,
 * `new Response(text)` and `Response.json(value)`, as cheap as `json()` of this package.
 *
 * ```ts
 * import 'express-start-api/fast-response'
 * ```
 *
 * It replaces `globalThis.Response`, for the whole process. One of a text is then made natively when
 * something is asked of it that only a native one can answer, such as its headers or its body; every
 * other is native from the start. They share the platform's prototype: `instanceof Response` holds for
 * all of them and for those of `fetch()`, and classes may extend it. What sees a difference: code of
 * the platform itself that takes a Response (`WebAssembly.compileStreaming()`), `Response.prototype`
 * methods that are called on one from outside, a `Proxy` around one, and `Object.getPrototypeOf()`.
 * Imported twice, or by two copies of the package, it replaces once.
 *
 * @packageDocumentation
 */
import { toJsonResponse } from './define/json'
import { NATIVE, NativeResponse, type ReplacedResponse } from './define/native-response'
import { toPlainResponse } from './define/text-response'

type Arguments = ConstructorParameters<typeof Response>

function FastResponse(body: Arguments[0], init: Arguments[1]): Response {
  if (new.target === FastResponse && typeof body === 'string') {
    const plain = toPlainResponse(body, init, 'text/plain;charset=UTF-8')
    if (plain !== undefined) return plain
  }
  // As the platform's, it can't be called; and a class that extends it gets objects of its own.
  if (new.target === undefined) return Reflect.apply(NativeResponse, undefined, [])
  const made = new.target === FastResponse ? NativeResponse : new.target
  return Reflect.construct(NativeResponse, [body, init], made) as Response
}

function json(data: unknown, ...[init]: [init?: ResponseInit]): Response {
  const text = JSON.stringify(data) as string | undefined
  const isUsual = text !== undefined && (init === undefined || Object(init) === init)
  if (isUsual) return toJsonResponse(text, init)
  return Reflect.apply(NativeResponse.json, NativeResponse, arguments)
}

/** With names, properties and their attributes as the platform's has them. */
function replaceResponse(): void {
  Object.setPrototypeOf(FastResponse, NativeResponse)
  const fixed = { writable: false, enumerable: false, configurable: false }
  Object.defineProperties(FastResponse, {
    name: { value: 'Response' },
    length: { value: 0 },
    prototype: { ...fixed, value: NativeResponse.prototype },
    json: { ...Object.getOwnPropertyDescriptor(NativeResponse, 'json'), value: json },
    [NATIVE]: { ...fixed, value: NativeResponse },
  })
  const { prototype } = NativeResponse
  Object.defineProperty(prototype, 'constructor', { value: FastResponse })
  // A function that is one by its properties.
  globalThis.Response = FastResponse as unknown as ReplacedResponse
}

if (!Object.hasOwn(globalThis.Response, NATIVE)) replaceResponse()

// oxlint-disable-next-line typescript/no-useless-empty-export -- without one, esbuild takes it for CommonJS
export {}
