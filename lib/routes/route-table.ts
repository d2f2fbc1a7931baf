// Start-up's result and the request's first step: every route, and the matcher over their paths.
import { StartApiError } from '../errors'
import type { Route } from './route-module'
import { toShape, toWireText } from './route-path'

/** A route and the raw values of its params, in the path's order. */
export interface Match {
  readonly route: Route
  readonly values: readonly string[]
}

export type Params = Record<string, string>

export type CaseRule = 'sensitive' | 'insensitive'

export interface RouteTable {
  readonly routes: readonly Route[]
  /**
   * Finds the route of a raw pathname: static before param before splat, from left to right, with
   * backtracking. One trailing slash is ignored.
   */
  match(pathname: string, rule: CaseRule): Match | undefined
}

interface Node {
  readonly statics: Map<string, Node>
  param?: Node
  /** Ends here. */
  route?: Route
  splat?: Route
}

export function createRouteTable(routes: readonly Route[]): RouteTable {
  // Each rule's tree is built when it is first asked for: an app has one of them.
  const trees = new Map<CaseRule, Tree>()
  return {
    routes,
    match(pathname, rule) {
      let tree = trees.get(rule)
      if (tree === undefined) trees.set(rule, (tree = createTree(routes, rule)))
      return tree(pathname)
    },
  }
}

type Tree = (pathname: string) => Match | undefined

function createTree(routes: readonly Route[], rule: CaseRule): Tree {
  const fold = rule === 'sensitive' ? (text: string) => text : (text: string) => text.toLowerCase()
  const root = createNode()
  // Static routes rank first and are found by one look-up, without splitting the path.
  const statics = new Map<string, Route>()
  for (const route of routes) {
    addRoute(root, route, fold)
    if (route.segments.every((segment) => segment.kind === 'static')) {
      statics.set(fold(toShape(route.segments)) || '/', route)
    }
  }

  return (pathname) => {
    // One slash, not two: `//` is not `/` (hazard 7).
    const slashed = pathname.length > 1 && pathname.endsWith('/') && !pathname.endsWith('//')
    const path = slashed ? pathname.slice(0, -1) : pathname
    const folded = fold(path)
    const route = statics.get(folded)
    if (route !== undefined) return { route, values: [] }

    const names = path.slice(1).split('/')
    if (names.some(isUnroutable)) return undefined
    const values: string[] = []
    const found = find(root, folded.slice(1).split('/'), 0, values, names)
    return found && { route: found, values }
  }
}

/**
 * Depth-first in order of rank, so the first hit is the best. Each node has at most one param child,
 * and a splat ends the search: the work is bounded by the routes that share the path's shape.
 */
function find(
  node: Node,
  folded: readonly string[],
  index: number,
  values: string[],
  names: readonly string[],
): Route | undefined {
  if (index === folded.length) return node.route
  const name = folded[index]!
  const child = node.statics.get(name)
  if (child !== undefined) {
    const route = find(child, folded, index + 1, values, names)
    if (route !== undefined) return route
  }
  if (node.param !== undefined) {
    values.push(names[index]!)
    const route = find(node.param, folded, index + 1, values, names)
    if (route !== undefined) return route
    values.pop()
  }
  if (node.splat !== undefined) values.push(names.slice(index).join('/'))
  return node.splat
}

/**
 * The decoded params of a match: without a prototype; a splat is under `_splat` and `*`.
 *
 * @throws StartApiError with status 400 if an escape does not decode
 */
export function toParams({ route, values }: Match): Params {
  const params = Object.create(null) as Params
  let index = 0
  for (const segment of route.segments) {
    if (segment.kind === 'static') continue
    const value = decodeParam(values[index++]!)
    if (segment.kind === 'param') params[segment.name] = value
    // Start v0 gives the splat both names, and its users read either.
    else params['_splat'] = params['*'] = value
  }
  return params
}

/**
 * Decodes once (hazard 9). Bytes that the client sent unescaped arrive as Latin-1: they are read as
 * the UTF-8 that they are (hazard 26).
 */
function decodeParam(raw: string): string {
  try {
    return decodeURIComponent(escapeRawBytes(raw))
  } catch (cause) {
    throw new StartApiError(
      'ERR_START_API_BAD_PARAM',
      'A URL parameter holds a malformed escape sequence. Encode it with encodeURIComponent().',
      { status: 400, cause },
    )
  }
}

function escapeRawBytes(raw: string): string {
  return raw.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`)
}

/**
 * Segments that other layers drop or resolve: empty ones (hazard 7) and dot segments in any spelling
 * (hazard 6). A path with one reaches no handler, since guards in front saw another path.
 */
function isUnroutable(name: string): boolean {
  return name === '' || /^(?:\.|%2e){1,2}$/i.test(name)
}

function addRoute(root: Node, route: Route, fold: (text: string) => string): void {
  let node = root
  for (const segment of route.segments) {
    if (segment.kind === 'splat') {
      node.splat = route
      return
    }
    if (segment.kind === 'param') node = node.param ??= createNode()
    else {
      const text = fold(toWireText(segment.text))
      let child = node.statics.get(text)
      if (child === undefined) node.statics.set(text, (child = createNode()))
      node = child
    }
  }
  node.route = route
}

function createNode(): Node {
  return { statics: new Map() }
}
