// Start-up: the global middleware of Start's `start.ts`, beside the routes directory.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { AnyStartInstance, StartOptions } from '../define/start'
import { StartApiError } from '../errors'
import { unwrapDefault } from '../unwrap-default'
import { findImportedFile } from './imported-file'
import { type LoadFailure, loadError } from './load-failure'
import { loadModule } from './load-module'
import { isBaseDirectory } from './load-routes'
import { type Middleware, toMiddleware } from './middleware'
import { watchLoading } from './watch-loading'

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']

/** Where Start's options come from: a file, or what the application imported itself. */
export interface StartSource {
  /** For errors. */
  readonly file: string
  readonly load: () => unknown
}

/**
 * The `start.ts` beside a routes directory (Start: `src/start.ts` beside `src/routes`). A file of that
 * name which neither names `createStart` nor exports a `startInstance`, its own or with all of another
 * file, is the application's own, and is not loaded.
 *
 * @param directory the routes directory, or the folder in it that `base` names
 * @param known the path of one that was found before. While it is there it is not given up: routes would
 *   be without their guards where its text is not whole yet
 */
export function findStart(directory: string, base: string, known?: string): string | undefined {
  if (known !== undefined && existsSync(known)) return known
  const path = directory.replaceAll('\\', '/')
  const routes = isBaseDirectory(directory, base) ? path.slice(0, -base.length) : path
  // `src/routes/api` is a folder of `src/routes`, and `src/api` may be all that there is.
  return [dirname(path), dirname(routes)]
    .flatMap((folder) => EXTENSIONS.map((extension) => join(folder, `start${extension}`)))
    .find((file) => existsSync(file) && isOfStart(file))
}

/**
 * @param path of a `start.ts`
 * @param directory the routes directory
 */
export function toStartSource(
  path: string,
  directory: string,
  load: (path: string) => unknown = loadModule,
): StartSource {
  const file = relative(directory, path).replaceAll('\\', '/')
  return {
    file,
    load() {
      if (isOfStart(path)) return load(path)
      throw new StartApiError(
        'ERR_START_API_ROUTE_FILE',
        `${file} no longer names createStart; what it exported last stays in use. Export a \`startInstance\` again, or remove the file.`,
        { files: [file] },
      )
    },
  }
}

const NAMES_START =
  /\bcreateStart\b|\bexports?(?:\.|\s*=?\s*\{[^}]*\b|\s+(?:const|let|var)\s+)startInstance\b/

const PASSES_ON =
  /\b(?:export\s*\*\s*from|module\.exports\s*=\s*require\s*\()\s*(['"])(\.[^'"\n]+)\1/g

/** By its text: to load a file that is the application's own might start a server. */
function isOfStart(path: string, depth = 0): boolean {
  const text = readFileSync(path, 'utf8')
  if (NAMES_START.test(text)) return true
  if (depth === MAX_PASSED_ON) return false
  return [...text.matchAll(PASSES_ON)].some(([, , specifier]) => {
    const file = findImportedFile(path, specifier!)
    return file !== undefined && isOfStart(file, depth + 1)
  })
}

/** Files may pass each other on. */
const MAX_PASSED_ON = 3

/**
 * The middleware that runs around all routes.
 *
 * @throws StartApiError if the file can't be used
 */
export async function loadStart(source: StartSource): Promise<readonly Middleware[]> {
  const { file } = source
  const watch = watchLoading()
  try {
    const instance = findInstance(await watch.run(source))
    if (instance === undefined) {
      throw new StartApiError(
        'ERR_START_API_ROUTE_FILE',
        `${file} exports no \`startInstance\` that createStart() made. Write \`export const startInstance = createStart(…)\`, or pass startApi() the option \`start: false\`.`,
        { files: [file] },
      )
    }
    const { requestMiddleware } = ((await instance.getOptions()) ?? {}) as StartOptions
    return toMiddleware(requestMiddleware, 'requestMiddleware', ` of ${file}`)
  } catch (error) {
    const failure: LoadFailure = { file, error }
    throw loadError([failure])
  } finally {
    watch.end()
  }
}

function findInstance(module: unknown): AnyStartInstance | undefined {
  for (const layer of unwrapDefault(module)) {
    const { startInstance } = (layer ?? {}) as { readonly startInstance?: unknown }
    if (isStartInstance(startInstance)) return startInstance
  }
  return undefined
}

/** By shape: it may come from `@tanstack/react-start`. */
export function isStartInstance(value: unknown): value is AnyStartInstance {
  return typeof (value as Partial<AnyStartInstance> | null | undefined)?.getOptions === 'function'
}
