// `start-api status`: how far an application has moved, and what of it never answers any more.
import {
  type AppState,
  type LegacyState,
  type StartState,
  findShadows,
} from '../express/find-shadows'
import { listRoutes } from '../express/list-routes'
import { type Command, type Output, toJson } from './command'
import { loadApp } from './load-app'
import { type Cell, type Terminal, count, toShownPath, toTable } from './terminal'

export const status: Command = {
  summary: 'shows how far an Express application has moved to route files',
  usage: `Usage: start-api status <app module> [options]

Loads an Express application, without listening, and lists its own routes and those of its route
files, and which of them never answer because another is in front. The module exports the
application, or a function that returns it.

  --export <name>      the export's name (default: default, app, createApp and the like)
  --fail-on-shadowed   ends with 1 if a route never answers
  --json               for programs
`,
  options: ['export', 'fail-on-shadowed', 'json'],
  operand: 'app module',
  async run(module, values, terminal) {
    const app = await loadApp(module, values.export)
    await Promise.all(listRoutes(app).start.map(({ api }) => api.ready))
    const migration = toMigration(findShadows(app))
    const stdout =
      values.json === true ? toJson(toPlain(migration)) : toReport(module, migration, terminal)
    const exitCode: Output['exitCode'] =
      values['fail-on-shadowed'] === true && migration.shadowed > 0 ? 1 : 0
    return { stdout, exitCode }
  },
}

interface Migration extends AppState {
  /** Methods of paths that answer. */
  readonly total: number
  /** Those that route files answer. */
  readonly moved: number
  /** Routes of either kind that never answer. */
  readonly shadowed: number
}

function toMigration(state: AppState): Migration {
  const moved = countReached(state.start)
  const shadowed = [...state.start, ...state.legacy].filter(isShadowed).length
  return { ...state, total: moved + countReached(state.legacy), moved, shadowed }
}

/** An endpoint may have several handlers, one after the other. */
function countReached(routes: readonly (LegacyState | StartState)[]): number {
  const reached = routes.filter((route) => !isShadowed(route))
  return new Set(reached.map(({ method, path }) => `${method} ${path}`)).size
}

function isShadowed({ shadowedBy }: LegacyState | StartState): boolean {
  return shadowedBy !== undefined
}

function toPlain({ total, moved, shadowed, start, legacy }: Migration): object {
  return {
    total,
    moved,
    shadowed,
    start,
    legacy: legacy.map(({ method, path, mount, shadowedBy }) => ({
      method,
      path,
      mount,
      shadowedBy,
    })),
  }
}

const BAR_WIDTH = 30

function toReport(module: string, migration: Migration, terminal: Terminal): string {
  const { total, moved, shadowed, start, legacy } = migration
  const { paint } = terminal
  const share = total === 0 ? 0 : moved / total
  const filled = Math.floor(share * BAR_WIDTH)
  const bar = paint('green', '█'.repeat(filled)) + paint('dim', '░'.repeat(BAR_WIDTH - filled))
  const moves = `${moved} of ${count(total, 'endpoint')} moved to route files`
  return [
    `${paint('bold', toShownPath(module))}\n${bar}  ${Math.floor(share * 100)} %  ${moves}\n`,
    start.length > 0 &&
      toTable(['START', 'PATH', 'FILE', 'MOUNTED AT', 'NOTE'], start.map(toStartRow), terminal),
    legacy.length > 0 &&
      toTable(['LEGACY', 'PATH', 'MOUNTED AT', 'NOTE'], legacy.map(toLegacyRow), terminal),
    shadowed > 0 &&
      `${paint('yellow', `${count(shadowed, 'route')} never answered`)}: remove what is not needed, or mount it in front.\n`,
  ]
    .filter((part) => part !== false)
    .join('\n')
}

function toStartRow({ method, path, file, mount, shadowedBy }: StartState): Cell[] {
  return [{ text: method, color: 'green' }, path, file, dim(mount), toNote(shadowedBy)]
}

function toLegacyRow({ method, path, mount, shadowedBy }: LegacyState): Cell[] {
  return [method, path, dim(mount), toNote(shadowedBy)]
}

function dim(text: string): Cell {
  return { text, color: 'dim' }
}

function toNote(shadowedBy: string | undefined): Cell {
  return shadowedBy === undefined
    ? ''
    : { text: `never answers, behind ${shadowedBy}`, color: 'yellow' }
}
