// Dev mode: what the console shows. Each thing is said once, until it has changed. All of it goes to
// stderr: on stdout there may be data, such as that of `start-api status --json`.
import { relative } from 'node:path'
import type { AppState } from '../express/find-shadows'
import type { Route } from '../routes/route-module'
import type { BrokenFile } from './broken-route'

/** More would push everything else off the screen; `start-api` lists them all. */
const MAX_LINES = 30

export interface Report {
  /** The served routes, at start-up. */
  listRoutes(routes: readonly Route[]): void
  /** Routes of the application and of files that never answer. */
  listShadows(state: AppState): void
  /** All that is wrong by now, after each update. */
  showProblems(broken: readonly BrokenFile[], warnings: readonly string[]): void
  /** Files that were written. */
  showWritten(text: string): void
  /** A file that can't be written. */
  showUnwritten(file: string, error: unknown): void
  /** A file that has changed while its old version stays in use. */
  showStuck(path: string): void
}

export function createReport(directory: string): Report {
  const stuck = new Set<string>()
  let broken = new Map<string, string>()
  let warned = new Set<string>()
  const folder = relative('', directory) || '.'

  return {
    listRoutes(routes) {
      const rows = routes.map(({ path, file, handlers }) => [
        [...handlers.keys()].join(' '),
        path,
        file,
      ])
      const count = `${rows.length} ${rows.length === 1 ? 'route file' : 'route files'}`
      console.warn([`[start-api] dev mode: ${count} in ${folder}`, ...toLines(rows)].join('\n'))
    },

    listShadows({ legacy, start }) {
      const rows = [
        ...legacy.map(({ method, path, shadowedBy }) => [method, path, shadowedBy]),
        ...start.map(({ method, path, file, shadowedBy }) => [
          method,
          `${path} (${file})`,
          shadowedBy,
        ]),
      ].filter((row): row is string[] => row[2] !== undefined)
      if (rows.length === 0) return
      const lines = toLines(rows.map(([method, path, by]) => [method!, path!, `behind ${by}`]))
      console.warn(['[start-api] never reached, because of what is in front:', ...lines].join('\n'))
    },

    showProblems(files, warnings) {
      const reasons = new Map(files.map(({ file, reason }) => [file, reason]))
      // Conflicting files share a reason.
      const fresh = files.filter(({ file, reason }) => broken.get(file) !== reason)
      for (const reason of new Set(fresh.map(({ reason }) => reason))) {
        console.error(`[start-api] ${reason}`)
      }
      const mended = [...broken.keys()].filter((file) => !reasons.has(file))
      for (const file of mended) console.warn(`[start-api] ${file}: no problem any more`)
      for (const text of warnings) if (!warned.has(text)) console.warn(`[start-api] ${text}`)
      broken = reasons
      warned = new Set(warnings)
    },

    showWritten(text) {
      console.warn(`[start-api] ${text}`)
    },

    // A courtesy that fails keeps nobody from being served.
    showUnwritten(file, error) {
      const { code, message } = error as NodeJS.ErrnoException
      console.warn(
        `[start-api] ${file} can't be written (${code ?? message}), and stays as it is. Give the process write permission on its folder, or correct it as \`start-api check\` says.`,
      )
    },

    showStuck(path) {
      if (stuck.has(path)) return
      stuck.add(path)
      console.warn(
        `[start-api] ${relative('', path)} has changed, but the old one stays in use: what ES modules import, and what the application itself has loaded, can't be loaded again. Restart the application; \`node --watch\` or \`tsx watch\` do so by themselves.`,
      )
    },
  }
}

/** Aligned columns, indented. */
function toLines(rows: readonly (readonly string[])[]): string[] {
  const shown = rows.slice(0, MAX_LINES)
  const widths = [0, 1].map((column) => Math.max(0, ...shown.map((row) => row[column]!.length)))
  const lines = shown.map(
    ([first, second, third]) =>
      `  ${first!.padEnd(widths[0]!)}  ${second!.padEnd(widths[1]!)}  ${third}`,
  )
  const rest = rows.length - shown.length
  return rest === 0 ? lines : [...lines, `  … and ${rest} more`]
}
