// Arguments → command → what to print.
// Not `{ createRequire }`: the usual banner of ESM bundles declares that name.
import nodeModule from 'node:module'
import { parseArgs } from 'node:util'
import { check } from './check'
import { type Command, CommandError, OPTIONS, type Output, type Values } from './command'
import { manifest } from './manifest'
import { createRoute } from './new'
import { listRouteFiles } from './routes'
import { status } from './status'
import { type Terminal, plain } from './terminal'

const COMMANDS = new Map<string, Command>([
  ['routes', listRouteFiles],
  ['check', check],
  ['new', createRoute],
  ['manifest', manifest],
  ['status', status],
])

const HELP = `Usage: start-api <command> [options]

${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}\n`).join('')}
\`start-api <command> --help\` lists its options, \`start-api --version\` tells the version. With
TypeScript on Node 20 or 22.17 and older, put NODE_OPTIONS='-r ts-node/register' or
NODE_OPTIONS='--import tsx' in front.
`

/**
 * @throws CommandError for unusable arguments
 * @throws StartApiError for routes that can't be used
 */
export async function runCommand(
  args: readonly string[],
  terminal: Terminal = plain,
): Promise<Output> {
  const [name = '', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') return { stdout: HELP, exitCode: 0 }
  if (name === '--version' || name === '-v') return { stdout: `${readVersion()}\n`, exitCode: 0 }
  const command = COMMANDS.get(name)
  if (command === undefined) {
    const known = [...COMMANDS.keys()].join(', ')
    const what =
      name === '' || name.startsWith('-') ? 'which command?' : `there is no command \`${name}\`.`
    throw new CommandError(`${what} There are ${known}; \`start-api --help\` explains them.`)
  }
  return runIn(command, rest, terminal).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error
    const { message } = error
    throw new CommandError(`${message}\n\n${command.usage.trimEnd()}`, { cause: error })
  })
}

/** By the package's own name, whether this file is in lib/ or built into dist/. */
function readVersion(): string {
  const require = nodeModule.createRequire(__filename)
  const { version } = require('express-start-api/package.json') as { version: string }
  return version
}

async function runIn(
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<Output> {
  const { values, positionals } = readArgs(command, args)
  if (values.help === true) return { stdout: command.usage, exitCode: 0 }
  const [operand = command.defaultOperand, ...more] = positionals
  if (operand === undefined) throw new CommandError(`${command.operand} is missing.`)
  const empty = operand === '' ? command.operand : findEmpty(values)
  if (empty !== undefined) {
    throw new CommandError(`${empty} is empty. Is a variable of the shell unset?`)
  }
  if (more.length > 0)
    throw new CommandError(`takes one ${command.operand}, not ${positionals.length}.`)
  return command.run(operand, values, terminal)
}

function findEmpty(values: Values): string | undefined {
  const found = Object.entries(values).find(([, value]) => [value].flat().includes(''))
  return found && `--${found[0]}`
}

function readArgs(
  command: Command,
  args: readonly string[],
): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(
    ['help' as const, ...command.options].map((name) => [name, OPTIONS[name]]),
  )
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new CommandError((error as Error).message, { cause: error })
  }
}
