// Dev mode: what files hold, told without reading again those that nobody has touched.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** The digest of an empty file. */
export const EMPTY = ''

/** Some file systems count in steps of two seconds: a second change within one leaves the time as it is. */
const TIME_STEP_MS = 2000

interface Known {
  readonly stamp: string
  readonly digest: string
  /** Read so soon after a change that the next one may leave no trace in the stamp. */
  readonly isFresh: boolean
}

/** A function that tells the content of a file, or why there is none, by a short text. */
export function createDigests(): (path: string) => string {
  const known = new Map<string, Known>()

  function read(path: string): string {
    const { mtimeNs, ctimeNs, mtimeMs, size, ino } = statSync(path, { bigint: true })
    const stamp = [mtimeNs, ctimeNs, size, ino].join()
    const before = known.get(path)
    if (before?.stamp === stamp && !before.isFresh) return before.digest
    const isFresh = Math.abs(Date.now() - Number(mtimeMs)) < TIME_STEP_MS
    const content = readFileSync(path)
    const digest =
      content.length === 0 ? EMPTY : createHash('sha1').update(content).digest('base64')
    known.set(path, { stamp, digest, isFresh })
    return digest
  }

  return (path) => {
    try {
      return read(path)
    } catch (error) {
      known.delete(path)
      return (error as NodeJS.ErrnoException).code ?? 'unreadable'
    }
  }
}
