// Dev mode: what Start's generator does about route files that appear: the first text of an empty one,
// and the path literal of one that was renamed or copied.
import { join } from 'node:path'
import { toFirstText } from '../routes/first-text'
import { correctPathLiterals } from '../routes/path-literal'
import { readText } from '../routes/route-text'
import { replaceRouteFile } from '../routes/write-route-file'

export interface RoutesDirectory {
  readonly directory: string
  readonly base: string
  /** Relative to the directory. */
  readonly files: readonly string[]
  /** Those that are loaded, and no pages. */
  readonly apiFiles: ReadonlySet<string>
}

/**
 * Gives an empty route file its first text. It may become a page:
 * outside the base it is left alone where there are pages.
 *
 * @param file relative to the routes directory
 * @returns whether the file was written
 */
export function scaffoldFile(file: string, routes: RoutesDirectory): boolean {
  const { directory, base, files, apiFiles } = routes
  const others = files.filter((other) => other !== file)
  if (!apiFiles.has(file) && !others.every((other) => apiFiles.has(other))) return false
  const text = toFirstText(file, { directory, base, files: others })
  return rewrite(join(directory, file), (now) => (now === '' ? text : now))
}

/** Corrects the path literal of a file that has a new name. */
export function correctFile(file: string, { directory, base, apiFiles }: RoutesDirectory): boolean {
  if (!apiFiles.has(file)) return false
  return rewrite(join(directory, file), (text) => correctPathLiterals(text, file, base))
}

/** Writes what has become of the text, unless nothing has. */
function rewrite(path: string, change: (text: string) => string): boolean {
  const text = readText(path)
  const changed = change(text)
  if (changed === text) return false
  replaceRouteFile(path, changed)
  return true
}
