// Dev mode: Node's cache of CommonJS modules as a graph. It tells what route files depend on, and what
// has to be loaded again after a change.
import { existsSync } from 'node:fs'
// Not `{ createRequire }`: the usual banner of ESM bundles declares that name.
import nodeModule from 'node:module'
import { join, sep } from 'node:path'
import { types } from 'node:util'

export interface ModuleCache {
  /** What the route files have loaded, themselves included, but for installed packages. */
  findDependencies(): string[]
  /**
   * Forgets the changed modules and all that require them, up to the route files; what these require
   * besides keeps its state, and stays the one instance that the route files share. Modules that the
   * application itself holds, such as a pool of connections, stay: it would go on with the old one,
   * and the routes with another (hazard 223).
   *
   * @returns what was forgotten
   */
  forget(changed: readonly string[]): ReadonlySet<string>
  /** Whether a file is here as a CommonJS module, and not as an ES module that was required. */
  hasCommonJs(path: string): boolean
}

/**
 * @param directory the real path of the routes directory: whatever is required there is loaded by the
 *   loader of the application
 * @param isRouteFile by real path, as Node names modules
 */
export function openModuleCache(
  directory: string,
  isRouteFile: (path: string) => boolean,
): ModuleCache {
  const { cache } = nodeModule.createRequire(join(directory, 'index.js'))
  const home = directory + sep

  /** The routes may be of an installed package: what is below their directory is theirs. */
  function isInstalled(path: string): boolean {
    const place = path.startsWith(home) ? path.slice(directory.length) : path
    return /[\\/]node_modules[\\/]/.test(place)
  }

  function findOwn(): NodeJS.Module[] {
    return Object.values(cache).filter(
      (module) => module !== undefined && !isInstalled(module.filename),
    ) as NodeJS.Module[]
  }

  /** Whether a route file was the first to need a module. Parents stay known after they are forgotten. */
  function isForRoutes(module: NodeJS.Module): boolean {
    // Jest has modules that are their own parents.
    const seen = new Set<NodeJS.Module>()
    for (let at: NodeJS.Module | null | undefined = module; at && !seen.has(at); at = at.parent) {
      if (isRouteFile(at.filename)) return true
      seen.add(at)
    }
    return false
  }

  /** What the application needs on its own account, route files left aside. */
  function findHeld(): Set<NodeJS.Module> {
    return findReached(
      findOwn().filter((module) => !isForRoutes(module)),
      (module) => !isRouteFile(module.filename),
    )
  }

  return {
    findDependencies() {
      const reached = findReached(
        findOwn().filter(isForRoutes),
        (module) => !isInstalled(module.filename),
      )
      return [...reached].map(({ filename }) => filename)
    },

    forget(changed) {
      const held = findHeld()
      const loose = findOwn().filter((module) => !held.has(module))
      const stale = new Set(changed)
      for (let size = -1; size !== stale.size;) {
        size = stale.size
        for (const { filename, children } of loose) {
          if (children.some((child) => stale.has(child.filename))) stale.add(filename)
        }
      }
      const forgotten = loose.map(({ filename }) => filename).filter((name) => stale.has(name))
      // Jest's cache refuses, and throws at `delete`.
      for (const name of forgotten) Reflect.deleteProperty(cache, name)
      forgetMissingFiles(isInstalled)
      return new Set(forgotten)
    },

    hasCommonJs(path) {
      const module = cache[path]
      return module !== undefined && !types.isModuleNamespaceObject(module.exports)
    },
  }
}

function findReached(
  roots: readonly NodeJS.Module[],
  isTaken: (module: NodeJS.Module) => boolean,
): Set<NodeJS.Module> {
  const reached = new Set(roots)
  // A Set goes on to what is added while it is walked.
  for (const { children } of reached) {
    for (const child of children) if (isTaken(child)) reached.add(child)
  }
  return reached
}

/** Node remembers which file a name led to, and does not look whether it is still there. */
function forgetMissingFiles(isInstalled: (path: string) => boolean): void {
  const { _pathCache: found = {} } = nodeModule as unknown as {
    readonly _pathCache?: Record<string, string>
  }
  for (const [name, path] of Object.entries(found)) {
    if (!isInstalled(path) && !existsSync(path)) delete found[name]
  }
}
