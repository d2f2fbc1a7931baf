// All stages: what must be waited for, told from what need not. Each promise that is not made counts.

/** By shape, as `await` does it. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null | undefined)?.then === 'function'
}
