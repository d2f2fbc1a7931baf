// `start-api new`: the file of a route, with a first text.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { StartApiError } from '../errors'
import type { Settings } from '../options'
import { findStyle, toFirstText } from '../routes/first-text'
import { findForeignParam, findRoutes, isBaseDirectory } from '../routes/load-routes'
import { type RouteFile, toNaming } from '../routes/route-file'
import { findRouteFiles, isRouteFile } from '../routes/route-files'
import { METHODS } from '../routes/route-module'
import { toRouteName } from '../routes/route-name'
import { type Naming, isUnder, toPath, toRoutePath, toShape } from '../routes/route-path'
import { createRouteFile } from '../routes/write-route-file'
import { type Command, CommandError, toSettings } from './command'

export const createRoute: Command = {
  summary: "creates the file of a path, e.g. '/api/users/$id'",
  usage: `Usage: start-api new <path> [options]

Creates the route file of a path, e.g. '/api/users/$id' (quoted: shells read $id), in the style
and the language of the others; the first one is JavaScript in a package without TypeScript.

  --dir <dir>         the routes directory (default: routes)
  --methods <names>   e.g. GET,POST (default: GET)
  --js                JavaScript, whatever the others are
  --base <path>       the apiBaseURL of the application (default: /api)
  --ignore <glob>     files that are no routes; may be repeated
`,
  options: ['dir', 'methods', 'js', 'base', 'ignore'],
  operand: 'path',
  run(path, values) {
    const settings = toSettings(values)
    const methods = toMethods(values.methods ?? 'GET')
    const directory = resolve(values.dir ?? 'routes')
    const files = existsSync(directory) ? findRouteFiles(directory, settings.ignore) : []
    const extension = values.js === true ? '.js' : toExtension(directory, files)
    const beside = { directory, base: settings.base, files }
    const naming = findStyle(path.slice(1) + extension, beside)
    const file = toFile(path, settings.base, directory, naming) + extension
    const target = join(directory, file)
    rejectTaken(file, directory, settings, naming)
    createRouteFile(target, toFirstText(file, beside, methods))
    return {
      stdout: `${relative('', target)} created: ${methods.join(', ')} ${path}\n`,
      exitCode: 0,
    }
  },
}

function toMethods(names: string): string[] {
  const methods = names.split(',').map((name) => name.trim().toUpperCase())
  const unknown = methods.find((method) => !(METHODS as readonly string[]).includes(method))
  if (unknown === undefined) return [...new Set(methods)]
  throw new CommandError(`--methods must be of ${METHODS.join(', ')}, not ${unknown}.`)
}

/** TypeScript, unless all that is there is JavaScript, or nothing, in a package of JavaScript. */
function toExtension(directory: string, files: readonly string[]): string {
  const [first] = files
  if (first === undefined) return usesTypeScript(directory) ? '.ts' : '.js'
  return files.every((file) => /\.[cm]?js$/.test(file)) ? extname(first) : '.ts'
}

/** Whether a directory's package has a tsconfig.json or the compiler; outside of packages nothing tells. */
function usesTypeScript(directory: string): boolean {
  let isInPackage = false
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'tsconfig.json'))) return true
    const own = readPackage(folder)
    if ('typescript' in { ...own?.dependencies, ...own?.devDependencies }) return true
    isInPackage ||= own !== undefined
    // One that only has a `type` is for a folder of the package above.
    const isWhole = Object.keys(own ?? {}).some((key) => key !== 'type')
    if (isWhole || folder === dirname(folder)) return !isInPackage
  }
}

type Package = Partial<Record<'dependencies' | 'devDependencies', object>>

function readPackage(folder: string): Package | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
  } catch {
    return undefined
  }
}

/** The name of a path's file, without extension; a directory may itself be the base. */
function toFile(path: string, base: string, directory: string, naming: Naming): string {
  if (!/^\/(?!.*\/\/)/.test(path) || (path !== '/' && path.endsWith('/'))) {
    throw new CommandError(`the path must be such as '/api/users/$id', not '${path}'.`)
  }
  if (!isUnder(path, base)) {
    throw new CommandError(
      `${path} is not below ${base}. Put that in front, or name another --base.`,
    )
  }
  const mistake = findForeignParam(path, 'v0')
  if (mistake !== undefined) throw new CommandError(`${path} ${mistake}`)
  const own = path.slice(isBaseDirectory(directory, base) ? base.length + 1 : 1)
  const name = naming === 'v1' ? own.replace(/\./g, '[.]') : own
  const file = name === '' || path === base ? join(name, 'index') : name
  if (toPath(`${file}.ts`, base, naming) === path && isRouteFile(`${file}.ts`, [])) return file
  throw new CommandError(
    `no file name spells the path ${path}: dots separate, \`index\` vanishes, and names that begin with "-" or "." are no routes.`,
  )
}

/** Another spelling of the same path, such as `api.users.ts`, would keep the application from starting. */
function rejectTaken(file: string, directory: string, settings: Settings, naming: Naming): void {
  const { base } = settings
  const { path, segments } = toRoutePath(file, base, naming)
  if (!existsSync(directory)) return
  const shape = toShape(segments).toLowerCase()
  const unusable = new Set<string>()
  const other = findRoutes(directory, {
    ...settings,
    warn: () => {},
    // Those of a conflict have a path, which is taken.
    onFailure: ({ file, path }) => void (path === undefined && unusable.add(file)),
  }).find((routeFile) => {
    if (unusable.has(routeFile.file) || !mayAnswer(routeFile)) return false
    const { segments } = routeFile.path(toNaming(routeFile.dialect()))
    return toShape(segments).toLowerCase() === shape
  })?.file
  if (other === undefined && !existsSync(join(directory, file))) return
  throw new StartApiError(
    'ERR_START_API_CONFLICT',
    `${other ?? file} is there already and answers ${path}. Add the methods in it.`,
    { files: [other ?? file] },
  )
}

/** The root, and layouts that only have middleware, answer nothing themselves. */
function mayAnswer(routeFile: RouteFile): boolean {
  const isRoute = routeFile.dialect() === 'APIRoute' || toRouteName(routeFile.file).role === 'route'
  return isRoute && routeFile.mayAnswer()
}
