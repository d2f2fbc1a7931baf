// Start-up, all stages: a file on its way to a route, and what is known of it before it is loaded.
import { sep } from 'node:path'
import { type Dialect, makesHandlers, toDialect, toRoute } from './route-module'
import { toRouteName } from './route-name'
import {
  type Naming,
  type RoutePath,
  isUnder,
  toOwnPath,
  toRoutePath,
  toSegments,
  toShape,
} from './route-path'
import { type RouteText, readRouteText } from './route-text'

/**
 * Whether a file is loaded. `promised`: its name or its text promises an API route, so that it is a
 * mistake if it exports none. `possible`: only the export tells whether it is a route or a page.
 */
export type Use = 'promised' | 'possible' | 'none'

/**
 * A file, or a bundler's module, that start-up may load. One object, and not a function for each
 * question: there may be thousands, and what they keep, the collector copies while modules load.
 */
export abstract class RouteFile {
  readonly file: string
  /** Its name can't be served, as `onFailure` was told. */
  isRejected = false
  /** No other file claims its path, whatever the two export. */
  isAlone = false
  /** By which its name is read where both rules read it alike; else `undefined`. */
  readonly commonNaming: Naming | undefined
  readonly #base: string
  /** What its name spells by the rules of v0, whatever the base. */
  #own: string | undefined
  #v0: RoutePath | undefined
  #v1: RoutePath | undefined

  constructor(file: string, base: string) {
    this.file = file
    this.commonNaming = toCommonNaming(file)
    this.#base = base
  }

  abstract readonly use: Use

  abstract load(): unknown

  /** Whose naming rules it follows, as far as that is known before it is loaded. */
  abstract dialect(): Dialect | undefined

  /** Whether it may have handlers, as far as that is known before it is loaded. */
  abstract mayAnswer(): boolean

  /**
   * Its path by either rules: asked for by its claim, and again once it is loaded.
   *
   * @throws StartApiError for a name that can't be served
   */
  path(naming: Naming): RoutePath {
    if (naming === 'v0' || this.commonNaming === 'v0') {
      return (this.#v0 ??= toRoutePath(this.file, this.#base, 'v0', this.#toOwn('v0')))
    }
    return (this.#v1 ??= toRoutePath(this.file, this.#base, 'v1'))
  }

  protected isUnderBase(naming: Naming): boolean {
    return this.#base !== '' && isUnder(this.#toOwn(naming), this.#base)
  }

  #toOwn(naming: Naming): string {
    if (naming === 'v1') return toOwnPath(this.file, naming)
    return (this.#own ??= toOwnPath(this.file, naming))
  }
}

export class FileInDirectory extends RouteFile {
  readonly use: Use
  readonly #folder: string
  readonly #load: (path: string) => unknown
  #text: { readonly read: RouteText | undefined } | undefined

  /**
   * @param folder the routes directory, with a separator at its end
   * @param load imports a file by its absolute path
   */
  constructor(file: string, base: string, folder: string, load: (path: string) => unknown) {
    super(file, base)
    this.#folder = folder
    this.#load = load
    this.use = this.#toUse()
  }

  load(): unknown {
    return this.#load(this.#toAbsolute())
  }

  dialect(): Dialect | undefined {
    return this.#readText()?.dialect
  }

  mayAnswer(): boolean {
    const text = this.#readText()
    return text?.dialect === 'APIRoute' || text?.hasHandlers !== false
  }

  /**
   * Page routes live in the same directory and must not run here: outside the base, their text has no API
   * export, or no `server`.
   */
  #toUse(): Use {
    // Thousands of files are read only where their text decides something.
    if (this.commonNaming !== undefined && this.isUnderBase('v0')) return 'promised'
    const text = this.#readText()
    if (text === undefined) return 'promised'
    const isBelow = this.isUnderBase(toNaming(text.dialect))
    if (text.dialect === 'APIRoute' || text.dialect === 'ServerRoute') return 'promised'
    if (text.dialect === undefined) return isBelow ? 'promised' : 'none'
    if (toRouteName(this.file).role === 'piece') return 'none'
    return isBelow ? 'promised' : text.hasServer ? 'possible' : 'none'
  }

  #readText(): RouteText | undefined {
    this.#text ??= { read: readRouteText(this.#toAbsolute()) }
    return this.#text.read
  }

  /** Not by `join()`, which takes both apart again for each of thousands of files. */
  #toAbsolute(): string {
    return this.#folder + this.file.replaceAll('/', sep)
  }
}

/** One that a bundler has found: the module, or a function that imports it. */
export class FileInBundle extends RouteFile {
  readonly use: Use
  readonly #module: unknown
  readonly #dialect: Dialect | undefined

  constructor(file: string, base: string, module: unknown) {
    super(file, base)
    this.#module = module
    this.#dialect = toDialect(module)
    const isPromised = this.commonNaming !== undefined && this.isUnderBase('v0')
    this.use = isPromised || this.#dialect !== undefined ? 'promised' : 'possible'
  }

  load(): unknown {
    const module = this.#module
    return typeof module === 'function' && this.#dialect === undefined
      ? (module as () => unknown)()
      : module
  }

  dialect(): Dialect | undefined {
    return this.#dialect
  }

  mayAnswer(): boolean {
    if (this.#dialect === undefined || makesHandlers(this.#module)) return true
    try {
      return toRoute(this.file, { path: '', segments: [] }, this.#module).handlers.size > 0
    } catch {
      // Reported with the other files that can't be used.
      return true
    }
  }
}

/** Whose rules a file's name follows. */
export function toNaming(dialect: Dialect | undefined): Naming {
  return dialect === undefined || dialect === 'APIRoute' ? 'v0' : 'v1'
}

/** Names of most files: no brackets, no words that mean something to v1 alone, no `_` at either end. */
const SIMPLE =
  /^(?:(?!(?:index|route|lazy|loader|component|\w+Component)[/.])\$?[A-Za-z\d](?:[\w-]*[A-Za-z\d-])?[/.])+[cm]?[jt]sx?$/

/** Simple names are split by the simpler rules. Of others that are read alike, v1 knows the index files. */
function toCommonNaming(file: string): Naming | undefined {
  if (SIMPLE.test(file)) return 'v0'
  if (toRouteName(file).role !== 'route') return undefined
  const [v0, v1] = [toOwnPath(file, 'v0'), toOwnPath(file, 'v1')]
  const isAlike = v0 === v1 && toShape(toSegments(v0, 'v0')) === toShape(toSegments(v1, 'v1'))
  return isAlike ? 'v1' : undefined
}
