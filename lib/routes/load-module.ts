// Start-up, stage "modules": imports one route file under whatever loader the application runs with.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Imports a file once, by the loader that the rest of the application uses for it: `import()` for
 * files that are ESM by name or package, `require` for the others. Loaders (ts-node, tsx, swc, jest)
 * hook into one or the other, so when Node refuses the first way, the second is tried. The order
 * matters: a module reached both ways would exist twice, with its state (hazard 211).
 */
export async function loadModule(file: string): Promise<unknown> {
  const ways = isEsm(file) ? [importModule, requireModule] : [requireModule, importModule]
  let refusal: unknown
  for (const load of ways) {
    try {
      return await load(file)
    } catch (error) {
      if (!isRefusal(error)) throw error
      // The first refusal is the one that the file's own kind explains.
      refusal ??= error
    }
  }
  throw explain(file, refusal)
}

function requireModule(file: string): unknown {
  return createRequire(file)(file) as unknown
}

function importModule(file: string): Promise<unknown> {
  return import(pathToFileURL(file).href)
}

function isEsm(file: string): boolean {
  const extension = extname(file)
  if (extension === '.mjs' || extension === '.mts') return true
  if (extension === '.cjs' || extension === '.cts') return false
  return packageType(dirname(file)) === 'module'
}

const packageTypes = new Map<string, string | undefined>()

function packageType(directory: string): string | undefined {
  if (packageTypes.has(directory)) return packageTypes.get(directory)
  let type: string | undefined
  try {
    const { type: own } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      type?: string
    }
    type = own ?? 'commonjs'
  } catch {
    const parent = dirname(directory)
    type = parent === directory ? 'commonjs' : packageType(parent)
  }
  packageTypes.set(directory, type)
  return type
}

const REFUSALS = new Set([
  'ERR_REQUIRE_ESM',
  'ERR_REQUIRE_ASYNC_MODULE',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING',
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG',
])

/** Whether a loader turned the file away before running it, as opposed to the file failing. */
function isRefusal(error: unknown): boolean {
  const { code, name, message } = error as NodeJS.ErrnoException
  return (
    (code !== undefined && REFUSALS.has(code)) ||
    (name === 'SyntaxError' &&
      /^(?:Cannot use import statement|Unexpected token 'export'|await is only valid)/.test(
        message,
      )) ||
    // jest without --experimental-vm-modules, by version
    /^You need to run with a version of node that supports ES Modules in the VM API/.test(message)
  )
}

function explain(file: string, cause: unknown): Error {
  const typescript = /\.[cm]?tsx?$/.test(file)
  return new Error(
    typescript
      ? 'nothing here can load TypeScript. Start the app with tsx, ts-node or Node 22.18 or newer, compile the routes, or pass the option `load`'
      : 'neither require() nor import() accepts it. Check its "type" in package.json, or pass the option `load`',
    { cause },
  )
}
