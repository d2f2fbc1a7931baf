// TanStack's own packages as the measure: what the generator makes of file names, and what the router
// finds in the tree that it makes. No file exists: the generator reads a directory made of names.
import type { Dirent } from 'node:fs'
import fsPromises from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

// Formats what the generator writes, which is not asked for; it can't be required in jest's sandbox.
jest.mock('prettier', () => ({}))

/** Relative to the package's main file: its `exports` name neither of them. */
function load<T>(name: string, file: string): T {
  return require(join(dirname(require.resolve(name)), file)) as T
}

interface RouteNode {
  readonly filePath: string
  readonly routePath: string
  readonly path: string
  readonly cleanedPath: string
  readonly isNonPath: boolean
  readonly isVirtual?: boolean
  readonly _fsRouteType: string
  readonly parent?: RouteNode
  readonly children?: readonly RouteNode[]
}

interface Accumulator {
  readonly routeTree: readonly RouteNode[]
  readonly routeNodes: readonly RouteNode[]
  readonly routePiecesByPath: object
  readonly routeNodesByPath: Map<string, RouteNode>
}

const { physicalGetRouteNodes, inferFullPath, multiSortBy } = load<{
  physicalGetRouteNodes(
    config: object,
    root: string,
    tokens: object,
  ): Promise<{ readonly routeNodes: RouteNode[] }>
  inferFullPath(node: RouteNode): string
  multiSortBy<T>(list: readonly T[], by: readonly ((item: T) => unknown)[]): T[]
}>('@tanstack/router-generator', 'index.cjs')

const { Generator } = load<{
  Generator: {
    handleNode(node: RouteNode, acc: Accumulator, prefixes: object, config: object): void
  }
}>('@tanstack/router-generator', 'generator.cjs')

const { RoutePrefixMap } = load<{ RoutePrefixMap: new (nodes: readonly RouteNode[]) => object }>(
  '@tanstack/router-generator',
  'utils.cjs',
)

interface CoreRoute {
  readonly options: { readonly file?: string }
  readonly path?: string
  readonly children?: readonly CoreRoute[]
  update(options: object): CoreRoute
  addChildren(routes: readonly CoreRoute[]): CoreRoute
}

const { BaseRootRoute, BaseRoute } = load<
  Record<'BaseRootRoute' | 'BaseRoute', new (options: object) => CoreRoute>
>('@tanstack/router-core', 'route.cjs')

const { processRouteTree, findRouteMatch } = load<{
  processRouteTree(root: CoreRoute, caseSensitive: boolean): { readonly processedTree: object }
  findRouteMatch(
    path: string,
    tree: object,
  ): { readonly route: CoreRoute; readonly rawParams: Record<string, string> } | null
}>('@tanstack/router-core', 'new-process-route-tree.cjs')

export interface TanStackRoute {
  readonly file: string
  /** With a slash at its end for an index file. */
  readonly fullPath: string
  /** From the outside in, without the root. */
  readonly parents: readonly string[]
  /** Whether it has no path of its own, as `_layout.ts`. */
  readonly isLayout: boolean
  /** Whether the router may find it: not a layout, unless it has no children. */
  readonly isLeaf: boolean
}

export interface TanStackRouter {
  readonly routes: readonly TanStackRoute[]
  find(path: string): { readonly file: string; readonly params: Record<string, string> } | undefined
}

const DIRECTORY = '/there/is/no/such/directory'
const TOKENS = { indexTokenSegmentRegex: /^index$/, routeTokenSegmentRegex: /^route$/ }
const PIECE = /[./](component|errorComponent|notFoundComponent|pendingComponent|loader|lazy)[.]/
const CONFIG = { routesDirectory: DIRECTORY, routeFileIgnorePrefix: '-', disableLogging: true }

/** What the generator and the router make of these files and a `__root.tsx`. */
export async function tanStackRouter(files: readonly string[]): Promise<TanStackRouter> {
  const found = await readNodes(files)
  // The generator's order: parents before their children.
  const nodes = multiSortBy(found, [
    ({ routePath }) => (routePath === '/' ? -1 : 1),
    ({ routePath }) => routePath.split('/').length,
    ({ filePath }) => (/[./]index[.]/.test(filePath) ? 1 : -1),
    ({ filePath }) => (PIECE.test(filePath) ? 1 : -1),
    ({ filePath }) => (/[./]route[.]/.test(filePath) ? -1 : 1),
    ({ routePath }) => (routePath.endsWith('/') ? -1 : 1),
    ({ routePath }) => routePath,
  ]).filter(({ routePath }) => routePath !== '/__root')
  const acc: Accumulator = {
    routeTree: [],
    routeNodes: [],
    routePiecesByPath: {},
    routeNodesByPath: new Map(),
  }
  const prefixes = new RoutePrefixMap(nodes)
  for (const node of nodes) Generator.handleNode(node, acc, prefixes, CONFIG)

  const root = new BaseRootRoute({})
  root.addChildren(acc.routeTree.map((node) => toCoreRoute(node, root)))
  const { processedTree } = processRouteTree(root, false)
  return {
    routes: acc.routeNodes
      .filter(({ isVirtual }) => isVirtual !== true)
      .map((node) => ({
        file: node.filePath,
        fullPath: inferFullPath(node),
        parents: toParents(node),
        isLayout: !toPath(node),
        isLeaf: toPath(node) !== undefined || node.children === undefined,
      })),
    find(path) {
      const match = findRouteMatch(path, processedTree)
      return match === null
        ? undefined
        : { file: match.route.options.file!, params: { ...match.rawParams } }
    },
  }
}

async function readNodes(files: readonly string[]): Promise<RouteNode[]> {
  const { readdir } = fsPromises
  const spy = jest
    .spyOn(fsPromises, 'readdir')
    .mockImplementation(((path: string, options: object) =>
      path.startsWith(DIRECTORY)
        ? Promise.resolve(toEntries(files, relative(DIRECTORY, path)))
        : readdir(path, options as { withFileTypes: true })) as typeof readdir)
  try {
    return (await physicalGetRouteNodes(CONFIG, '/', TOKENS)).routeNodes
  } finally {
    spy.mockRestore()
  }
}

function toEntries(files: readonly string[], folder: string): Dirent[] {
  const below = folder === '' ? '' : `${folder}/`
  const names = files
    .filter((file) => file.startsWith(below))
    .map((file) => file.slice(below.length).split('/'))
  const isFolder = new Map(names.map(([name, ...rest]) => [name!, rest.length > 0]))
  return [...isFolder].map(([name, isDirectory]) => ({
    name,
    isDirectory: () => isDirectory,
    isFile: () => !isDirectory,
  })) as Dirent[]
}

function toCoreRoute(node: RouteNode, parent: CoreRoute): CoreRoute {
  const route = new BaseRoute({ getParentRoute: () => parent }).update({
    id: node.path,
    path: toPath(node),
    file: node.filePath,
  })
  return node.children === undefined
    ? route
    : route.addChildren(node.children.map((child) => toCoreRoute(child, route)))
}

/** As the generator writes it: pathless files have none. */
function toPath({ isNonPath, _fsRouteType, cleanedPath }: RouteNode): string | undefined {
  const isPathlessWithPath = _fsRouteType === 'pathless_layout' && cleanedPath !== ''
  return !isNonPath || isPathlessWithPath ? cleanedPath : undefined
}

function toParents({ parent }: RouteNode): string[] {
  return parent === undefined ? [] : [...toParents(parent), parent.filePath]
}
