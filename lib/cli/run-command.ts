// Arguments → command → what to print. No command touches the process itself.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Settings, readOptions } from '../options'
import { findRoutes, loadRoutes } from '../routes/load-routes'
import { toManifest } from './manifest'
import { toTable } from './route-listing'

export interface Output {
  readonly stdout?: string
  readonly stderr?: string
  /** 0: done, 1: the routes can't be used, 2: the arguments make no sense. */
  readonly exitCode: 0 | 1 | 2
}

/** The arguments make no sense. */
export class CommandError extends Error {}

export const USAGE = `Usage:
  start-api routes [dir]               lists the routes of a directory (default: routes)
  start-api manifest <dir> [-o file]   writes a module that imports the route files, for bundlers

Options:
  -o, --output <file>   where the manifest goes: .ts, .mts, .cts, .js, .mjs or .cjs (default: printed)
  --base <path>         the apiBaseURL of the application (default: /api)
  --ignore <glob>       files that are no routes; may be repeated
  -h, --help            this text
`

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  base: { type: 'string' },
  ignore: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * @throws CommandError for unusable arguments
 * @throws StartApiError for routes that can't be used
 */
export async function runCommand(args: readonly string[]): Promise<Output> {
  const { values, positionals } = readArgs(args)
  const [command, ...operands] = positionals
  if (values.help === true) return { stdout: USAGE, exitCode: 0 }
  if (operands.length > 1) throw new CommandError(`takes one directory, not ${operands.length}.`)
  const settings = readSettings(values)
  switch (command) {
    case 'routes':
      if (values.output !== undefined) throw new CommandError('`routes` takes no --output.')
      return listRoutes(operands[0] ?? 'routes', settings)
    case 'manifest':
      if (operands[0] === undefined) throw new CommandError('`manifest` needs the directory.')
      return writeManifest(operands[0], values.output, settings)
    case undefined:
      throw new CommandError('which command?')
    default:
      throw new CommandError(`there is no command \`${command}\`.`)
  }
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new CommandError((error as Error).message, { cause: error })
  }
}

function readSettings({ base, ignore }: { base?: string; ignore?: string[] }): Settings {
  try {
    return readOptions({ ...(base && { apiBaseURL: base }), ...(ignore && { ignore }) })
  } catch (error) {
    throw new CommandError((error as Error).message, { cause: error })
  }
}

async function listRoutes(directory: string, settings: Settings): Promise<Output> {
  const files = findRoutes(resolve(directory), settings)
  return { stdout: toTable(await loadRoutes(files, settings)), exitCode: 0 }
}

function writeManifest(directory: string, output: string | undefined, settings: Settings): Output {
  const files = findRoutes(resolve(directory), settings).map(({ file }) => file)
  const target = resolve(output ?? 'routes.manifest.ts')
  if (!/\.[cm]?[jt]s$/.test(target) || /\.d\.[cm]?ts$/.test(target)) {
    throw new CommandError(
      `--output must be a .ts, .mts, .cts, .js, .mjs or .cjs file, not ${output}.`,
    )
  }
  const text = toManifest(files, resolve(directory), target)
  if (output === undefined) return { stdout: text, exitCode: 0 }
  const count = `${files.length} route ${files.length === 1 ? 'file' : 'files'}`
  // An unchanged file keeps its date: bundlers that watch it would build again.
  const state = readText(target) === text ? 'is up to date' : 'written'
  if (state === 'written') {
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
  return { stdout: `${relative('', target)} ${state}: ${count}\n`, exitCode: 0 }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
