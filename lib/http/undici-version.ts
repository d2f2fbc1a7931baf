// At start-up: which undici `fetch()` and its classes are, where they are Node's own.
const [MAJOR = 0, MINOR = 0] = (process.versions['undici'] ?? '').split('.').map(Number)

/** Whether it is this version or a later one. */
export function isUndiciFrom(major: number, minor = 0): boolean {
  return MAJOR > major || (MAJOR === major && MINOR >= minor)
}
