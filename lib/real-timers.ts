// All stages: Node's own timers, as they are when the package loads. What tests fake later (jest the
// globals, node:test and vitest also what `node:timers` exports) must not keep a request waiting.
import process from 'node:process'
import timers from 'node:timers'

export const { nextTick } = process
export const { clearTimeout, setImmediate, setTimeout } = timers
