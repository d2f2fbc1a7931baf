// Dev mode: the modules of route files, each loaded again when it, or what it requires, has changed.
import { realpathSync, statSync } from 'node:fs'
import { findPlace, isErrorLike, toReason } from '../routes/load-failure'
import { importModule, isEsm, loadModule } from '../routes/load-module'
import { findImports } from './esm-imports'
import { openModuleCache } from './module-cache'

export interface RouteModuleCache {
  /** Imports a route file by its path, or gives the module that is there already. */
  load(path: string): Promise<unknown>
  /** What was loaded, or failed, and what that depends on outside of `node_modules`. */
  findDependencies(): string[]
  /**
   * Has changed files, and the route files that depend on them, loaded again.
   *
   * @param tried route files that are to be loaded again in any case
   */
  refresh(changed: readonly string[], tried: readonly string[]): void
  /** Has the file that is being loaded loaded again if it is among these. */
  noteChanged(changed: readonly string[]): void
  /** The files that had changed by then, and whose old version stays in use, as far as loading has shown. */
  findStuck(): string[]
  /** Route files that had changed likewise: `require` alone takes them, and gives what it has. */
  findOutdated(): string[]
}

/** @param load the option of that name: what it gives for a file again is its own affair */
export function createRouteModules(
  directory: string,
  load?: (path: string) => unknown,
): RouteModuleCache {
  const loaded = new Map<string, unknown>()
  const errors = new Map<string, unknown>()
  /** Real paths of route files by how they were loaded, the first time or by now. */
  const kinds = new Map<string, 'unknown' | 'CommonJS' | 'ESM'>()
  /** What the route files that are ES modules import, by the paths of these. */
  const imports = new Map<string, ReadonlySet<string>>()
  /** What those import that failed as ES modules. */
  const triedImports = new Map<string, ReadonlySet<string>>()
  /** One at a time. */
  let loading: { readonly path: string; restart(): void } | undefined
  let latest: ReadonlySet<string> = new Set()
  const stuck = new Set<string>()
  const outdated = new Set<string>()
  const cache = openModuleCache(toRealPath(directory), (path) => kinds.has(path))

  async function importAnew(path: string): Promise<unknown> {
    const file = toRealPath(path)
    const kind = kinds.get(file)
    if (kind === undefined) {
      kinds.set(file, 'unknown')
      // By its own name: where the application imports the file, too, it must not exist twice.
      return loadModule(path, '')
    }
    if (kind === 'ESM') return importAgain(path)
    try {
      return await loadModule(path, createQuery())
    } catch (error) {
      // An ES module that was required, and failed, throws the same for ever.
      if (error !== errors.get(path)) throw error
      kinds.set(file, 'ESM')
      return importAgain(path)
    }
  }

  /**
   * An ES module that `require` took is read again by `import()`, unless that knows nothing of its language,
   * as under ts-node with `"module": "esnext"`.
   */
  async function importAgain(path: string): Promise<unknown> {
    try {
      return await importModule(path, createQuery())
    } catch (error) {
      if (!isUnknownToImport(error, toRealPath(path))) throw error
      if (latest.has(path)) outdated.add(path)
      return loadModule(path, '')
    }
  }

  /** One that hangs would keep all routes waiting for ever, and its mended version, too. */
  async function importLatest(path: string): Promise<unknown> {
    for (;;) {
      const change = new Promise<typeof CHANGED>((resolve) => {
        loading = { path, restart: () => resolve(CHANGED) }
      })
      const module = await Promise.race([
        load === undefined ? importAnew(path) : load(path),
        change,
      ])
      if (module !== CHANGED) return module
      // One that is gone fails here. Where a link led to it can't be told any more, nor forgotten.
      statSync(path)
    }
  }

  /** Has modules, by the names that Node has for them, and all that require these loaded again. */
  function forget(names: readonly string[]): ReadonlySet<string> {
    const forgotten = cache.forget(names)
    for (const path of [...loaded.keys()]) if (forgotten.has(toRealPath(path))) loaded.delete(path)
    return forgotten
  }

  /** Some releases of Node try again what they could not read; the others, and what has run, fail as before. */
  function noteFailure(path: string, error: unknown): void {
    const file = toRealPath(path)
    if (load === undefined && (isEsm(file) || kinds.get(file) === 'ESM')) {
      const found = findImports(file)
      triedImports.set(path, found)
      if (isAsBefore(error, errors.get(path))) {
        for (const name of found) if (latest.has(name)) stuck.add(name)
      }
    }
    errors.set(path, error)
  }

  return {
    async load(path) {
      if (loaded.has(path)) return loaded.get(path)
      try {
        const module = await importLatest(path)
        loaded.set(path, module)
        errors.delete(path)
        triedImports.delete(path)
        const file = toRealPath(path)
        const kind = cache.hasCommonJs(file) ? 'CommonJS' : 'ESM'
        kinds.set(file, kind)
        imports.set(path, kind === 'ESM' ? findImports(file) : new Set())
        return module
      } catch (error) {
        noteFailure(path, error)
        throw error
      }
    },

    findDependencies() {
      const tried = [...loaded.keys(), ...errors.keys()]
      const imported = [...toPaths(imports), ...toPaths(triedImports)]
      return [...new Set([...cache.findDependencies(), ...imported, ...tried])]
    },

    refresh(changed, tried) {
      const imported = toPaths(imports)
      const failed = toPaths(triedImports)
      const files = new Set(changed)
      latest = files
      const known = new Set([...loaded.keys(), ...errors.keys()])
      const forgotten = forget([...changed, ...tried.map(toRealPath)])
      for (const path of [...loaded.keys()]) if (files.has(toRealPath(path))) loaded.delete(path)
      for (const path of [...changed, ...tried]) loaded.delete(path)
      // Route files themselves are loaded again, or gone; what links to those led to can't be told any
      // more. Of what failed there is no old version, or loading it again has to show it.
      const isLoose = (path: string): boolean =>
        known.has(path) || kinds.has(toRealPath(path)) || forgotten.has(path) || failed.has(path)
      stuck.clear()
      outdated.clear()
      for (const path of changed) if (imported.has(path) || !isLoose(path)) stuck.add(path)
    },

    noteChanged(changed) {
      if (loading === undefined || !changed.includes(loading.path)) return
      // Its exports may be the promise that never settles.
      forget([toRealPath(loading.path)])
      loading.restart()
    },

    findStuck: () => [...stuck],
    findOutdated: () => [...outdated],
  }
}

const CHANGED = Symbol('changed')

function isUnknownToImport(error: unknown, file: string): boolean {
  if (!isErrorLike(error) || error.code !== 'ERR_UNKNOWN_FILE_EXTENSION') return false
  return error.message.endsWith(` for ${file}`)
}

function toPaths(imports: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  return new Set([...imports.values()].flatMap((paths) => [...paths]))
}

/** Whether a file fails for what Node has kept, and not for its own text: nothing was imported for that. */
function isAsBefore(error: unknown, before: unknown): boolean {
  if (error === before) return true
  const isText = isErrorLike(error) && error.name === 'SyntaxError' && !findPlace(error)
  return !isText && before !== undefined && toReason(error) === toReason(before)
}

let count = 0

/** Node keeps ES modules by their URL. The time tells apart what other copies of the package count. */
function createQuery(): string {
  return `?dev=${Date.now().toString(36)}-${++count}`
}

function toRealPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
