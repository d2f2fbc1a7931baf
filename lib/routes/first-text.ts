// For tools: the first text of a route file, in the style of the files beside it.
import { readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { isEsm } from './load-module'
import { toExpectedPaths } from './path-literal'
import type { Naming } from './route-path'
import { readText } from './route-text'
import { toScaffold } from './scaffold'

export interface Beside {
  /** The routes directory. */
  readonly directory: string
  readonly base: string
  /** The other route files, relative to the directory. */
  readonly files: readonly string[]
}

/**
 * The generation of Start, `import` or `require`, and the package are those of the nearest route file.
 *
 * @param file relative to the routes directory
 */
export function toFirstText(
  file: string,
  { directory, base, files }: Beside,
  methods: readonly string[] = ['GET'],
): string {
  const sibling = findSibling(file, files, directory)
  const style = toStyle(sibling?.text)
  const maker = style === 'v1' ? 'createFileRoute' : 'createAPIFileRoute'
  return toScaffold({
    path: toExpectedPaths(file, maker, base)[0]!,
    style,
    methods,
    syntax: toSyntax(join(directory, file), sibling),
    from: findImportedPackage(sibling?.text, maker) ?? findStartPackage(directory),
  })
}

/** The generation of Start that the files beside a new one are written for. */
export function findStyle(file: string, { directory, files }: Beside): Naming {
  return toStyle(findSibling(file, files, directory)?.text)
}

function toStyle(sibling: string | undefined): Naming {
  return sibling !== undefined && /\bcreateFileRoute\b/.test(sibling) ? 'v1' : 'v0'
}

interface Sibling {
  readonly extension: string
  readonly text: string
}

/** The route file that is nearest and in the same language. */
function findSibling(
  file: string,
  others: readonly string[],
  directory: string,
): Sibling | undefined {
  const isNear = (other: string) => Number(dirname(other) === dirname(file))
  const isAlike = (other: string) => Number(extname(other) === extname(file))
  return [...others]
    .sort((a, b) => isAlike(b) - isAlike(a) || isNear(b) - isNear(a))
    .map((other) => ({ extension: extname(other), text: readText(join(directory, other)) }))
    .find(({ text }) => /\bcreate(?:API)?FileRoute\b/.test(text))
}

function toSyntax(path: string, sibling: Sibling | undefined): 'esm' | 'cjs' {
  const extension = extname(path)
  if (extension === '.cjs') return 'cjs'
  if (extension !== '.js' && extension !== '.jsx') return 'esm'
  if (isEsm(path)) return 'esm'
  // Compiled to CommonJS, as some loaders do with JavaScript, too. TypeScript and .mjs prove nothing of it.
  const isCompiled = sibling?.extension === extension && /^import\b/m.test(sibling.text)
  return isCompiled ? 'esm' : 'cjs'
}

/** `@tanstack/react-start` where a file has its maker from `@tanstack/react-start/api`. */
function findImportedPackage(text: string | undefined, maker: string): string | undefined {
  const from = new RegExp(`\\b${maker}\\b[^'"()]*(?:from|=\\s*require\\()\\s*['"]([^'"]+)['"]`)
  return from.exec(text ?? '')?.[1]?.replace(/\/api$/, '')
}

/**
 * The package that the route files of a project import: TanStack's name where the project has it,
 * itself or as another name of this one.
 */
export function findStartPackage(directory: string): string {
  for (let folder = directory; ; folder = dirname(folder)) {
    const names = readDependencies(join(folder, 'package.json'))
    const found = ['@tanstack/react-start', '@tanstack/solid-start', '@tanstack/start'].find(
      (name) => names?.includes(name),
    )
    if (names !== undefined) return found ?? 'express-start-api'
    if (folder === dirname(folder)) return 'express-start-api'
  }
}

function readDependencies(file: string): string[] | undefined {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(file, 'utf8')) as Partial<
      Record<'dependencies' | 'devDependencies', object>
    >
    return Object.keys({ ...dependencies, ...devDependencies })
  } catch {
    return undefined
  }
}
