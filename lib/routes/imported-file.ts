// Which file of the application an import by a relative name means.
import { realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { statFile } from './stat-file'

/** Endings that loaders of TypeScript, and their resolution without extensions, put in place. */
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '/index.ts', '/index.js']

export function findImportedFile(importer: string, specifier: string): string | undefined {
  const path = resolve(dirname(importer), specifier)
  const source = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
  const names = [...ENDINGS.map((ending) => path + ending), source]
  const file = names.find((name) => statFile(name)?.isFile() === true)
  return file === undefined ? undefined : realpathSync(file)
}
