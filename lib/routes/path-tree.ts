// The matcher below the route table: a tree of segments, and the best way of a path through it.
import type { Route } from './route-module'
import { type Segment, toWireText } from './route-path'

/** A route and the raw values of its params, in the path's order. A skipped segment has none. */
export interface Match {
  readonly route: Route
  readonly values: readonly (string | undefined)[]
}

export interface PathTree {
  /**
   * The match that ranks first, by TanStack's order.
   *
   * @param names the segments of a raw path, from which values are taken
   * @param folded the same, made comparable
   */
  find(names: readonly string[], folded: readonly string[]): Match | undefined
}

type Fold = (text: string) => string

type ValueSegment = Exclude<Segment, { kind: 'static' | 'index' }>

interface Node {
  readonly depth: number
  /** Optional segments on the way here, this one included. */
  readonly choices: number
  readonly statics: Map<string, Node>
  readonly params: Branch[]
  readonly optionals: Branch[]
  readonly splats: Branch[]
  plain: End | undefined
  index: End | undefined
}

/** A child that takes a value, and the folded text that must be around it. */
interface Branch {
  readonly kind: ValueSegment['kind']
  readonly mayBeEmpty: boolean
  readonly prefix: string
  readonly suffix: string
  readonly node: Node
}

/**
 * The way of a path through the tree, from one of its segments to a route: a step for each branch. The
 * segments that no step takes are literal.
 */
type Way = Step | End

interface Step {
  readonly branch: Branch
  /** The segment that it takes; a splat also takes those behind it. */
  readonly index: number
  readonly next: Way
}

interface End {
  readonly route: Route
  readonly depth: number
  readonly isIndex: boolean
  readonly next: undefined
}

/** The `index` of a step that passes over its optional segment. */
const SKIPPED = -1

interface Search {
  readonly folded: readonly string[]
  /** By node and segment; only where several ways lead. */
  found?: Map<Node, (Way | undefined)[]>
}

/** @param fold makes text comparable by the tree's case rule */
export function createPathTree(routes: readonly Route[], fold: Fold): PathTree {
  const root = createNode()
  for (const route of routes) addRoute(root, route, fold)
  return {
    find(names, folded) {
      const way = find(root, 0, { folded })
      return way && toMatch(way, names)
    },
  }
}

function addRoute(root: Node, route: Route, fold: Fold): void {
  let node = root
  for (const segment of route.segments) {
    if (segment.kind === 'index') continue
    node =
      segment.kind === 'static'
        ? enterStatic(node, fold(toWireText(segment.text)))
        : enterBranch(node, segment, fold)
  }
  const isIndex = route.segments.at(-1)?.kind === 'index'
  node[isIndex ? 'index' : 'plain'] = { route, depth: node.depth, isIndex, next: undefined }
}

function enterStatic(parent: Node, text: string): Node {
  let node = parent.statics.get(text)
  if (node === undefined) parent.statics.set(text, (node = createNode(parent)))
  return node
}

/** Params of the same affixes share a branch, whatever their names. */
function enterBranch(parent: Node, segment: ValueSegment, fold: Fold): Node {
  const { kind } = segment
  const prefix = fold(toWireText(segment.prefix ?? ''))
  const suffix = fold(toWireText(segment.suffix ?? ''))
  const branches =
    kind === 'param' ? parent.params : kind === 'optional' ? parent.optionals : parent.splats
  const known = branches.find((branch) => branch.prefix === prefix && branch.suffix === suffix)
  if (known !== undefined) return known.node
  const node = createNode(parent, kind === 'optional' ? 1 : 0)
  const mayBeEmpty = kind === 'splat' && segment.mayBeEmpty === true
  branches.push({ kind, mayBeEmpty, prefix, suffix, node })
  branches.sort(compareBranches)
  return node
}

function createNode(parent?: Node, choices = 0): Node {
  return {
    depth: parent === undefined ? 0 : parent.depth + 1,
    choices: parent === undefined ? 0 : parent.choices + choices,
    statics: new Map(),
    params: [],
    optionals: [],
    splats: [],
    plain: undefined,
    index: undefined,
  }
}

/** TanStack's order of siblings: the longer affix of two that overlap, then any affix before none. */
function compareBranches(a: Branch, b: Branch): number {
  if (a.prefix !== '' && b.prefix !== '' && a.prefix !== b.prefix) {
    if (a.prefix.startsWith(b.prefix)) return -1
    if (b.prefix.startsWith(a.prefix)) return 1
  }
  if (a.suffix !== '' && b.suffix !== '' && a.suffix !== b.suffix) {
    if (a.suffix.endsWith(b.suffix)) return -1
    if (b.suffix.endsWith(a.suffix)) return 1
  }
  return (
    Number(b.prefix !== '') - Number(a.prefix !== '') ||
    Number(b.suffix !== '') - Number(a.suffix !== '')
  )
}

/**
 * The best way from a node on. What precedes it doesn't matter to that: where filling one optional
 * segment and skipping another leads to the same place, the answer is remembered. Otherwise each
 * further one would double the work.
 */
function find(node: Node, index: number, search: Search): Way | undefined {
  if (node.choices < 2) return explore(node, index, search)
  const found = (search.found ??= new Map<Node, (Way | undefined)[]>())
  let known = found.get(node)
  if (known === undefined) found.set(node, (known = []))
  if (!(index in known)) known[index] = explore(node, index, search)
  return known[index]
}

function explore(node: Node, index: number, search: Search): Way | undefined {
  const { folded } = search
  let best: Way | undefined
  if (index === folded.length) best = node.index ?? node.plain
  else {
    const name = folded[index]!
    const child = node.statics.get(name)
    if (child !== undefined) best = find(child, index + 1, search)
    // Only what skips a segment can have literal text here, too.
    if (best !== undefined && node.optionals.length === 0) return best
    best = take(node.params, name, index, search, best)
    if (best !== undefined && node.optionals.length === 0) return best
    best = take(node.optionals, name, index, search, best)
  }
  for (const branch of node.optionals) {
    const way = toStep(branch, SKIPPED, find(branch.node, index, search))
    best = better(best, way, index, search)
  }
  for (const branch of node.splats) {
    if (!fitsRest(branch, folded, index)) continue
    const way = toStep(branch, index, branch.node.index ?? branch.node.plain)
    best = better(best, way, index, search)
  }
  return best
}

function take(
  branches: readonly Branch[],
  name: string,
  index: number,
  search: Search,
  best: Way | undefined,
): Way | undefined {
  for (const branch of branches) {
    if (!fits(branch, name)) continue
    const way = toStep(branch, index, find(branch.node, index + 1, search))
    best = better(best, way, index, search)
  }
  return best
}

/** Of two that rank the same, the first. */
function better(
  best: Way | undefined,
  way: Way | undefined,
  index: number,
  { folded }: Search,
): Way | undefined {
  if (best === undefined || way === undefined) return best ?? way
  return outranks(way, best, index, folded.length) ? way : best
}

function toStep(branch: Branch, index: number, next: Way | undefined): Step | undefined {
  return next && { branch, index, next }
}

function fits({ prefix, suffix }: Branch, text: string): boolean {
  if (prefix === '' && suffix === '') return true
  return (
    text.length >= prefix.length + suffix.length && text.startsWith(prefix) && text.endsWith(suffix)
  )
}

function fitsRest(branch: Branch, folded: readonly string[], index: number): boolean {
  if (index === folded.length) {
    return branch.mayBeEmpty && branch.prefix === '' && branch.suffix === ''
  }
  if (branch.prefix !== '' && !folded[index]!.startsWith(branch.prefix)) return false
  return branch.suffix === '' || fits(branch, toRest(folded, index))
}

/** What counts between two ways, in this order; of each, earlier segments weigh more than later ones. */
const RANKS = ['static', 'param', 'optional'] as const

function outranks(a: Way, b: Way, from: number, length: number): boolean {
  const end = Math.min(length, Math.max(restOf(a), restOf(b)))
  for (const rank of RANKS) {
    for (let index = from; index < end; index++) {
      const isRanked = kindAt(a, index) === rank
      if (isRanked !== (kindAt(b, index) === rank)) return isRanked
    }
  }
  const [endOfA, endOfB] = [endOf(a), endOf(b)]
  if (endOfA.isIndex !== endOfB.isIndex) return endOfA.isIndex
  return endOfA.depth > endOfB.depth
}

function kindAt(way: Way, index: number): 'static' | ValueSegment['kind'] {
  for (let step = way; step.next !== undefined; step = step.next) {
    const { kind } = step.branch
    if (step.index === index || (kind === 'splat' && step.index < index)) return kind
  }
  return 'static'
}

/** Where the way's splat begins. */
function restOf(way: Way): number {
  for (let step = way; step.next !== undefined; step = step.next) {
    if (step.branch.kind === 'splat') return step.index
  }
  return Infinity
}

function endOf(way: Way): End {
  let end = way
  while (end.next !== undefined) end = end.next
  return end
}

function toMatch(way: Way, names: readonly string[]): Match {
  const values = new Array<string | undefined>(countSteps(way))
  let step = way
  for (let i = 0; step.next !== undefined; i++, step = step.next) values[i] = toValue(step, names)
  return { route: step.route, values }
}

function countSteps(way: Way): number {
  let count = 0
  for (let step = way; step.next !== undefined; step = step.next) count++
  return count
}

function toValue({ branch, index }: Step, names: readonly string[]): string | undefined {
  if (index === SKIPPED) return undefined
  const text = branch.kind === 'splat' ? toRest(names, index) : names[index]!
  return branch.prefix === '' && branch.suffix === ''
    ? text
    : text.slice(branch.prefix.length, text.length - branch.suffix.length)
}

/** As `slice` and `join` give it, without their array: most splats are short. */
function toRest(names: readonly string[], index: number): string {
  let rest = names[index] ?? ''
  for (let i = index + 1; i < names.length; i++) rest += `/${names[i]}`
  return rest
}
