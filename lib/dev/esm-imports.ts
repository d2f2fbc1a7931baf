// Dev mode: what an ES module imports of the application. Node tells nobody, so the text has to.
import { realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readText } from '../routes/route-text'
import { statFile } from './stat-file'

const SPECIFIER = /\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n?#]+)/g

/** Endings that loaders of TypeScript, and their resolution without extensions, put in place. */
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '/index.ts', '/index.js']

/** All files that a module imports by relative names, directly or not. */
export function findImports(path: string): Set<string> {
  const found = new Set<string>()
  const add = (importer: string): void => {
    for (const [, , specifier] of readText(importer).matchAll(SPECIFIER)) {
      const file = findFile(resolve(dirname(importer), specifier!))
      if (file === undefined || found.has(file)) continue
      found.add(file)
      add(file)
    }
  }
  add(path)
  return found
}

function findFile(path: string): string | undefined {
  const source = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
  const names = [...ENDINGS.map((ending) => path + ending), source]
  const file = names.find((name) => statFile(name)?.isFile() === true)
  return file === undefined ? undefined : realpathSync(file)
}
