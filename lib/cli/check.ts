// `start-api check`: all that is wrong with a routes directory, in one run.
import { join, resolve } from 'node:path'
import { explain } from '../dev/error-place'
import { isStartApiError } from '../errors'
import type { Settings } from '../options'
import type { LoadFailure } from '../routes/load-failure'
import { type LoadOptions, findRoutes, loadRoutes } from '../routes/load-routes'
import { correctPathLiterals, findPathLiterals, toExpectedPaths } from '../routes/path-literal'
import { findLikelyRouteFiles } from '../routes/route-files'
import { readRouteText, readText } from '../routes/route-text'
import { replaceRouteFile } from '../routes/write-route-file'
import { type Command, toJson, toSettings } from './command'
import { type Cell, type Terminal, count, toShownPath, toTable } from './terminal'

interface Problem {
  /** Relative to the routes directory; `.` for the directory itself. */
  readonly file: string
  /** Counted from 1. */
  readonly line?: number
  readonly kind: 'conflict' | 'directory' | 'export' | 'literal' | 'load' | 'unreachable'
  readonly message: string
  /** `--fix` has corrected it. */
  readonly fixed?: true
}

export const check: Command = {
  summary: 'finds what is wrong with the route files, and corrects some',
  usage: `Usage: start-api check [dir] [options]

Finds conflicts, files that can't be loaded, missing exports and handlers, routes that their files'
names hide, and path literals that disagree with the names of their files (default: routes).

  --fix             corrects the path literals
  --base <path>     the apiBaseURL of the application (default: /api)
  --ignore <glob>   files that are no routes; may be repeated
  --json            for programs
`,
  options: ['fix', 'base', 'ignore', 'json'],
  operand: 'directory',
  defaultOperand: 'routes',
  async run(operand, values, terminal) {
    const directory = resolve(operand)
    const { files, problems } = await examine(
      directory,
      toSettings(values),
      values.fix === true ? 'fix' : 'report',
    )
    const exitCode = problems.every(({ fixed }) => fixed) ? 0 : 1
    const stdout =
      values.json === true
        ? toJson({ files, problems })
        : toReport(directory, files, problems, terminal)
    return { stdout, exitCode }
  },
}

/** `fix`: path literals are corrected. */
type Mode = 'report' | 'fix'

interface Examined {
  /** How many route files there are. */
  readonly files: number
  readonly problems: readonly Problem[]
}

/** Goes through start-up as dev mode does, which ends with no failure, and collects what is told. */
async function examine(directory: string, settings: Settings, mode: Mode): Promise<Examined> {
  const failures: LoadFailure[] = []
  const problems: Problem[] = []
  const options: LoadOptions = {
    ...settings,
    onFailure: (failure) => failures.push(failure),
    warn: (message, file) =>
      problems.push(
        file === undefined
          ? { file: '.', kind: 'directory', message }
          : { file, kind: 'export', message },
      ),
  }
  const found = findRoutes(directory, options)
  await loadRoutes(found, options)
  const files = new Set([...found, ...failures].map(({ file }) => file))
  for (const file of files) problems.push(...checkLiterals(directory, file, settings.base, mode))
  problems.push(...findUnreachable(directory, settings))
  // All files of a conflict have the same error.
  const told = new Map(failures.map((failure) => [failure.error, failure]))
  for (const failure of told.values()) problems.push(await toProblem(directory, failure))
  return { files: files.size, problems: problems.sort(byPlace) }
}

async function toProblem(directory: string, { file, error }: LoadFailure): Promise<Problem> {
  const path = join(directory, file)
  if (!isStartApiError(error)) {
    return { file, kind: 'load', message: await explain(error, path) }
  }
  const { code, message } = error
  if (code === 'ERR_START_API_CONFLICT') {
    return { file: error.files![0]!, kind: 'conflict', message: message.replace(/\n\s*/g, ' ') }
  }
  const [, name] = /`(\w+)`/.exec(message) ?? []
  const line = name && findLine(path, new RegExp(`\\b${name}\\b`))
  return { file, ...(line && { line }), kind: 'export', message }
}

/** Where a pattern first matches the text of a file. */
function findLine(path: string, pattern: RegExp): number | undefined {
  const text = readText(path)
  const index = text.search(pattern)
  return index === -1 ? undefined : text.slice(0, index).split('\n').length
}

function checkLiterals(directory: string, file: string, base: string, mode: Mode): Problem[] {
  const path = join(directory, file)
  const text = readText(path)
  const problems = findPathLiterals(text).flatMap(({ maker, path, line }): Problem[] => {
    const [expected, ...others] = toExpectedPaths(file, maker, base)
    if (expected === path || others.includes(path)) return []
    const message = `${maker}('${path}') disagrees with the file's name, which spells ${expected}.`
    return [{ file, line, kind: 'literal', message }]
  })
  if (problems.length === 0) return []
  const { advice, ...outcome } =
    mode === 'fix'
      ? correct(path, correctPathLiterals(text, file, base))
      : { advice: '--fix corrects it.' }
  return problems.map((problem) => ({
    ...problem,
    message: `${problem.message} ${advice}`,
    ...outcome,
  }))
}

interface Outcome extends Pick<Problem, 'fixed'> {
  readonly advice: string
}

function correct(path: string, text: string): Outcome {
  try {
    replaceRouteFile(path, text)
    return { advice: 'Corrected.', fixed: true }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return {
      advice: `The file can't be written (${code ?? message}): give the process write permission on its folder.`,
    }
  }
}

/** Files that export a route and have a name that no route has. */
function findUnreachable(directory: string, { ignore }: Settings): Problem[] {
  return findLikelyRouteFiles(directory, ignore).flatMap((file): Problem[] => {
    const path = join(directory, file)
    const { dialect, hasServer = false } = readRouteText(path) ?? {}
    if (dialect === undefined || (dialect === 'Route' && !hasServer)) return []
    const line = findLine(
      path,
      new RegExp(`\\b(?:const\\s+|let\\s+|var\\s+|exports\\.)${dialect}\\b`),
    )
    if (line === undefined) return []
    const message = `${file} exports \`${dialect}\`, but files with such names are never served. Rename it, or begin its name with "-" if it is no route.`
    return [{ file, line, kind: 'unreachable', message }]
  })
}

function byPlace(a: Problem, b: Problem): number {
  return a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1
}

/** The name has a column of its own. */
function withoutName(file: string, message: string): string {
  return message.startsWith(`${file} `) ? message.slice(file.length + 1) : message
}

function toReport(
  directory: string,
  files: number,
  problems: readonly Problem[],
  terminal: Terminal,
): string {
  const { paint } = terminal
  const rows = problems.map(({ file, line, message, fixed }): Cell[] => [
    `${toShownPath(join(directory, file))}${line === undefined ? '' : `:${line}`}`,
    { text: withoutName(file, message), color: fixed ? 'green' : 'red' },
  ])
  const left = problems.filter(({ fixed }) => fixed !== true).length
  const summary =
    left === 0
      ? paint('green', `${count(files, 'route file')}, no problems`)
      : paint('red', `${count(left, 'problem')} in ${count(files, 'route file')}`)
  return `${rows.length === 0 ? '' : `${toTable(['FILE', 'PROBLEM'], rows, terminal)}\n`}${summary}\n`
}
