// For tools: writes route files such that no reader ever sees half of one.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Creates a file, and the folders above it.
 *
 * @throws an error with code `EEXIST` if it exists
 */
export function createRouteFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { flag: 'wx' })
}

/** Replaces the text of a file in one step; permissions and owner stay, and so does a link to it. */
export function replaceRouteFile(path: string, text: string): void {
  const target = realpathSync(path)
  const { mode, uid, gid } = statSync(target)
  // The dot keeps it from being taken for a route file.
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}`)
  writeFileSync(draft, text, { mode })
  try {
    chownSync(draft, uid, gid)
  } catch {
    // Only root may give files away, which keep their text in any case.
  }
  // The umask has had its say, and so has a change of the owner.
  chmodSync(draft, mode)
  renameSync(draft, target)
}
