// Start-up, stage "modules": imports one route file under whatever loader the application runs with.
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs'
// Not `{ createRequire }`: the usual banner of ESM bundles declares that name.
import nodeModule from 'node:module'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findPlace, isErrorLike, toReason } from './load-failure'

/**
 * Imports a file once, by the loader that the rest of the application uses for it: `import()` for
 * files that are ESM by name or package, `require` for the others. Loaders (ts-node, tsx, swc, jest)
 * hook into one or the other, so when the first way turns the file away, the second is tried. The
 * order matters: a module reached both ways would exist twice, with its state (hazard 211).
 *
 * @param query for a file that is loaded more than once: `''` the first time, then e.g. `?2`, which has an ES
 *   module read again
 * @param require default: one of the file's own
 * @throws what the file throws; an Error with advice if neither way takes it
 */
export function loadModule(
  file: string,
  query?: string,
  require = nodeModule.createRequire(file),
): unknown {
  const requireModule = (): unknown => require(file)
  if (isEsm(file)) {
    return importModule(file, query).catch((error: unknown) => tryAgain(file, error, requireModule))
  }
  // At once, where that does: thousands of files need not wait for a promise each.
  try {
    return requireModule()
  } catch (error) {
    return tryAgain(file, error, () => importModule(file, query))
  }
}

/** The second way, if all that is wrong is that the first turned the file away. */
async function tryAgain(file: string, refusal: unknown, load: () => unknown): Promise<unknown> {
  if (toAdvice(refusal, file) === undefined) throw refusal
  try {
    return await load()
  } catch (error) {
    throw toLoadError(file, refusal, error)
  }
}

/** What to throw for a file that the first way turned away, and that the second didn't load either. */
export function toLoadError(file: string, refusal: unknown, error: unknown): unknown {
  const advice = toAdvice(error, file)
  if (advice === undefined) return error
  // The first way is the file's own: what it has to say explains more than the second, but for one that
  // came as far as the imports.
  if (isAboutImports(error)) return withAdvice(error, advice)
  return withAdvice(refusal, toAdvice(refusal, file))
}

function withAdvice(error: unknown, advice: string | undefined): Error {
  // Whatever else a file lacks: Node loads what vitest is to load.
  const own = process.env['VITEST'] === undefined ? advice : VITEST
  return new Error(`${toReason(error)}. ${own}`, { cause: error })
}

/** The way of ES modules alone. */
export function importModule(file: string, query?: string): Promise<unknown> {
  const isModule = isEsm(file)
  // Node follows a link by itself, which spares a twentieth of start-up, but remembers what it once led
  // to. Hooks are told of what it leads to.
  const path = isModule && query === undefined ? file : toRealPath(file)
  const url = pathToFileURL(path).href + (query ?? '')
  const hooks = isModule ? undefined : takeForModule(url)
  const loading = import(url)
  return hooks === undefined ? loading : loading.finally(() => hooks.deregister())
}

/**
 * Has Node read a TypeScript file as an ES module though its package says CommonJS, as `npm init`
 * writes it. Compilers take `import` in such a file, and Start's files are written with it; Node, when
 * it strips types by itself, does not.
 */
function takeForModule(url: string): { deregister(): void } | undefined {
  return (nodeModule as ModuleWithHooks).registerHooks?.({
    load: (loaded, context, next) =>
      loaded === url && context.format === 'commonjs-typescript'
        ? next(loaded, { ...context, format: 'module-typescript' })
        : next(loaded, context),
  })
}

/** Node 22.15 and newer. */
interface ModuleWithHooks {
  registerHooks?(hooks: {
    load(
      url: string,
      context: LoadContext,
      next: (url: string, context: LoadContext) => unknown,
    ): unknown
  }): { deregister(): void }
}

interface LoadContext {
  readonly format?: string | null
}

/** By name or package; what the text is written in is another matter. */
export function isEsm(file: string): boolean {
  const extension = extname(file)
  if (extension === '.mjs' || extension === '.mts') return true
  if (extension === '.cjs' || extension === '.cts') return false
  return packageType(dirname(file)) === 'module'
}

const packageTypes = new Map<string, string | undefined>()

/** `none` where the nearest package.json has no type: Node tells the syntax by itself there. */
function packageType(directory: string): string | undefined {
  if (packageTypes.has(directory)) return packageTypes.get(directory)
  let type: string | undefined
  try {
    const { type: own } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      type?: string
    }
    type = own ?? 'none'
  } catch {
    const parent = dirname(directory)
    type = parent === directory ? 'none' : packageType(parent)
  }
  packageTypes.set(directory, type)
  return type
}

const TYPESCRIPT =
  'If nothing here loads TypeScript: start the app with tsx, ts-node or Node 22.18 or newer, compile the routes, or pass the option `load`'
const MODULE =
  'If the file is an ES module, name it .mjs or .mts, or put a package.json of {"type":"module"} into the routes directory; if it is loaded by other means than Node\'s, pass the option `load`'
const TSX =
  'Node compiles no .tsx files: start the app with tsx or ts-node, compile the routes, or pass the option `load`'
const READ_AS_COMMONJS =
  'Node reads that file as CommonJS, as its package.json says. If it is written with `export`: put "type": "module" there, or a package.json of {"type":"module"} beside the file'
const STRIPPING =
  'Node only removes types: start the app with tsx or ts-node, which compile enums, parameter properties and the like, or compile the routes'
const WHOLE_NAME =
  'Node wants whole file names in imports, such as "./users.ts": write them, or start the app with tsx or ts-node'
const VITEST = 'In vitest, pass the option `load: (file) => import(file)`'
const JEST =
  'In jest, run Node with --experimental-vm-modules, or have the file transformed to CommonJS'

/**
 * What to do about a loader that turned this very file away before running it, or `undefined` if the
 * file failed by itself or in what it loads: a second try would run it twice.
 */
function toAdvice(error: unknown, file: string): string | undefined {
  if (!isErrorLike(error)) return undefined
  const { code, name, message } = error
  const names = [file, toRealPath(file)]
  // Names in these messages end at white space: `x.ts` is not `x.tsx`.
  const text = `${message}\n`.replaceAll('\n', ' ')
  const says = (...before: string[]) =>
    before.some((words) => names.some((name) => text.includes(`${words}${name} `)))
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return says('for ') ? toTypeScriptAdvice() : undefined
    case 'ERR_REQUIRE_ESM': // Node before 20.19, ts-node, jest
      return says('ES Module ', 'ES Module: ') ? MODULE : undefined
    case 'ERR_REQUIRE_ASYNC_MODULE': {
      // Some releases don't name the module; a file named .cjs is none.
      const isUnnamed = !message.includes('Requiring ') && !/\.c[jt]s$/.test(file)
      return isUnnamed || says('Requiring ') ? MODULE : undefined
    }
    case 'ERR_INTERNAL_ASSERTION': // Node 20 about an .mts file that import() has turned away
      return says('Cannot require() ES Module ') ? MODULE : undefined
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return names.includes(findPlace(error)?.file ?? file) ? STRIPPING : undefined
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return undefined
    case 'ERR_MODULE_NOT_FOUND':
      return says('imported from ') && isTypeScriptNearby(error) ? WHOLE_NAME : undefined
    case 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING':
    case 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG':
      return JEST
  }
  if (
    /^You need to run with a version of node that supports ES Modules in the VM API/.test(message)
  )
    return JEST
  if (name !== 'SyntaxError') return undefined
  const place = findPlace(error)
  if (place !== undefined && !names.includes(place.file)) return undefined
  const lacking = findLacking(message)
  if (lacking !== undefined) return isTypedCommonJs(file, lacking) ? READ_AS_COMMONJS : undefined
  // Node reads an extension that it doesn't know as JavaScript.
  const isUnknown = extname(file) === '.tsx' || !stripsTypes()
  if (/\.[cm]?tsx?$/.test(file) && isUnknown && !hasTypeScriptHook(file)) {
    return toTypeScriptAdvice()
  }
  const esm =
    /^(?:Cannot use import statement|Cannot use 'import.meta'|Unexpected token 'export'|await is only valid)/
  return esm.test(message) ? MODULE : undefined
}

/** Whether a file was read, and what it imports is not there, or has no such export. */
function isAboutImports(error: unknown): boolean {
  if (!isErrorLike(error)) return false
  return error.code === 'ERR_MODULE_NOT_FOUND' || findLacking(error.message) !== undefined
}

/** The specifier of a module that has no export of a name that is imported. */
function findLacking(message: string): string | undefined {
  return /\bThe requested module '(.+?)' (?:does not provide an export|is a CommonJS module)/.exec(
    message,
  )?.[1]
}

/** Whether what a file imports is TypeScript that Node reads as CommonJS, whatever it is written in. */
function isTypedCommonJs(importer: string, specifier: string): boolean {
  if (!stripsTypes() || !/^\.{1,2}\//.test(specifier)) return false
  const path = resolve(dirname(importer), specifier)
  return extname(path) === '.ts' && packageType(dirname(path)) === 'commonjs'
}

function stripsTypes(): boolean {
  return 'typescript' in process.features && process.features.typescript !== false
}

function toTypeScriptAdvice(): string {
  return stripsTypes() ? TSX : TYPESCRIPT
}

/** Whether what was not found, `./users` or `./users.js`, is there as TypeScript. */
function isTypeScriptNearby(error: object): boolean {
  const { url } = error as { readonly url?: unknown }
  if (typeof url !== 'string' || !url.startsWith('file:')) return false
  return existsSync(`${fileURLToPath(url).replace(/\.js$/, '')}.ts`)
}

/** Whether a loader has registered itself with `require`, as ts-node, tsx and swc do. */
function hasTypeScriptHook(file: string): boolean {
  return extname(file) in nodeModule.createRequire(file).extensions
}

/** Node's messages name what a link leads to. */
function toRealPath(file: string): string {
  try {
    if (lstatSync(file).isSymbolicLink()) return realpathSync(file)
    const directory = dirname(file)
    let real = realDirectories.get(directory)
    if (real === undefined) realDirectories.set(directory, (real = realpathSync(directory)))
    return join(real, basename(file))
  } catch {
    return file
  }
}

/** Asked about once: each takes a look at every folder above it, for thousands of files. */
const realDirectories = new Map<string, string>()
