// What a command is: its words, and what it gives back. No command touches the process itself.
import { type Settings, readOptions } from '../options'
import type { Terminal } from './terminal'

export interface Output {
  readonly stdout?: string
  readonly stderr?: string
  /** 0: fine, 1: something was found, or can't be used, 2: the arguments make no sense. */
  readonly exitCode: 0 | 1 | 2
}

/** The arguments make no sense. */
export class CommandError extends Error {}

/** Every option of every command. */
export const OPTIONS = {
  base: { type: 'string' },
  dir: { type: 'string' },
  export: { type: 'string' },
  'fail-on-shadowed': { type: 'boolean' },
  fix: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  ignore: { type: 'string', multiple: true },
  js: { type: 'boolean' },
  json: { type: 'boolean' },
  methods: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const

export type OptionName = keyof typeof OPTIONS

export type Values = {
  readonly [Name in OptionName]?: Name extends 'ignore'
    ? string[]
    : (typeof OPTIONS)[Name]['type'] extends 'string'
      ? string
      : boolean
}

export interface Command {
  /** For the list of commands. */
  readonly summary: string
  /** The command's own help. */
  readonly usage: string
  readonly options: readonly OptionName[]
  /** What its one operand is called. */
  readonly operand: string
  /** What it is by default; without one it must be given. */
  readonly defaultOperand?: string
  /** @throws CommandError for unusable arguments */
  run(operand: string, values: Values, terminal: Terminal): Output | Promise<Output>
}

export function toSettings({ base, ignore }: Values): Settings {
  try {
    return readOptions({ ...(base && { apiBaseURL: base }), ...(ignore && { ignore }) })
  } catch (error) {
    throw new CommandError((error as Error).message, { cause: error })
  }
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
