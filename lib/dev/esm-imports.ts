// Dev mode: what an ES module imports of the application. Node tells nobody, so the text has to.
import { findImportedFile } from '../routes/imported-file'
import { readText } from '../routes/route-text'

const SPECIFIER = /\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n?#]+)/g

/** All files that a module imports by relative names, directly or not. */
export function findImports(path: string): Set<string> {
  const found = new Set<string>()
  const add = (importer: string): void => {
    for (const [, , specifier] of readText(importer).matchAll(SPECIFIER)) {
      const file = findImportedFile(importer, specifier!)
      if (file === undefined || found.has(file)) continue
      found.add(file)
      add(file)
    }
  }
  add(path)
  return found
}
