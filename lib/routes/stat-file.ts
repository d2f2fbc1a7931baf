// What can be told of a file that may be gone, or be a link that leads nowhere.
import { type Stats, statSync } from 'node:fs'

/** `undefined` where there is nothing that could be read. */
export function statFile(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
