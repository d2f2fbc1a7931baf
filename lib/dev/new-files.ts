// Dev mode: what Start's generator does about route files that appear: the first text of an empty one,
// and the path literal of one that was renamed or copied.
import { readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { isEsm } from '../routes/load-module'
import { correctPathLiterals, toExpectedPaths } from '../routes/path-literal'
import { toScaffold } from '../routes/scaffold'
import { findStartPackage, replaceRouteFile } from '../routes/write-route-file'

export interface RoutesDirectory {
  readonly directory: string
  readonly base: string
  /** Relative to the directory. */
  readonly files: readonly string[]
  /** Those that are loaded, and no pages. */
  readonly apiFiles: ReadonlySet<string>
}

/**
 * Gives an empty route file one GET, in the style of the files beside it. It may become a page:
 * outside the base it is left alone where there are pages.
 *
 * @param file relative to the routes directory
 * @returns whether the file was written
 */
export function scaffoldFile(file: string, routes: RoutesDirectory): boolean {
  const { directory, base, files, apiFiles } = routes
  const others = files.filter((other) => other !== file)
  if (!apiFiles.has(file) && !others.every((other) => apiFiles.has(other))) return false
  const sibling = findSibling(file, others, directory)
  const style = sibling !== undefined && /\bcreateFileRoute\b/.test(sibling) ? 'v1' : 'v0'
  const maker = style === 'v1' ? 'createFileRoute' : 'createAPIFileRoute'
  const text = toScaffold({
    path: toExpectedPaths(file, maker, base)[0]!,
    style,
    syntax: toSyntax(join(directory, file), sibling),
    from: findImportedPackage(sibling, maker) ?? findStartPackage(directory),
  })
  return rewrite(join(directory, file), (now) => (now === '' ? text : now))
}

/** Corrects the path literal of a file that has a new name. */
export function correctFile(file: string, { directory, base, apiFiles }: RoutesDirectory): boolean {
  if (!apiFiles.has(file)) return false
  return rewrite(join(directory, file), (text) => correctPathLiterals(text, file, base))
}

/** The text of the route file that is nearest and in the same language. */
function findSibling(
  file: string,
  others: readonly string[],
  directory: string,
): string | undefined {
  const isNear = (other: string) => Number(dirname(other) === dirname(file))
  const isAlike = (other: string) => Number(extname(other) === extname(file))
  return [...others]
    .sort((a, b) => isAlike(b) - isAlike(a) || isNear(b) - isNear(a))
    .map((other) => readText(join(directory, other)))
    .find((text) => /\bcreate(?:API)?FileRoute\b/.test(text))
}

function toSyntax(path: string, sibling: string | undefined): 'esm' | 'cjs' {
  const extension = extname(path)
  if (extension === '.cjs') return 'cjs'
  if (extension !== '.js' && extension !== '.jsx') return 'esm'
  if (isEsm(path)) return 'esm'
  // Compiled to CommonJS, as some loaders do with JavaScript, too.
  return sibling !== undefined && /^import\b/m.test(sibling) ? 'esm' : 'cjs'
}

/** `@tanstack/react-start` where a file has its maker from `@tanstack/react-start/api`. */
function findImportedPackage(text: string | undefined, maker: string): string | undefined {
  const from = new RegExp(`\\b${maker}\\b[^'"()]*(?:from|=\\s*require\\()\\s*['"]([^'"]+)['"]`)
  return from.exec(text ?? '')?.[1]?.replace(/\/api$/, '')
}

/** Writes what has become of the text, unless nothing has. */
function rewrite(path: string, change: (text: string) => string): boolean {
  const text = readText(path)
  const changed = change(text)
  if (changed === text) return false
  replaceRouteFile(path, changed)
  return true
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
