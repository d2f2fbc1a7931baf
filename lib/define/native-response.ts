// The platform's Response, also after `express-start-api/fast-response`. Imports nothing.

/** Registered: another copy of the package may have replaced it (hazard 225). */
export const NATIVE = Symbol.for('express-start-api.native-response')

/** What replaces the global Response, and knows the one that was there before. */
export type ReplacedResponse = typeof Response & { readonly [NATIVE]?: typeof Response }

/** The class of all Responses of the platform, `fetch()`'s among them. */
export const NativeResponse = (Response as ReplacedResponse)[NATIVE] ?? Response
