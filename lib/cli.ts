#!/usr/bin/env node
// The command `start-api`: reads arguments, runs one command, and ends with its exit code.
import { CommandError, type Output } from './cli/command'
import { runCommand } from './cli/run-command'
import { toTerminal } from './cli/terminal'

const { stdout, stderr } = process

async function main(args: readonly string[]): Promise<Output> {
  try {
    return await runCommand(args, toTerminal(stdout, process.env))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { stderr: `start-api: ${message}\n`, exitCode: error instanceof CommandError ? 2 : 1 }
  }
}

/** Node ends with 0 where a module calls process.exit(), or waits for what nothing can settle. */
function failEarly(): void {
  process.exitCode = 1
  stderr.write(
    'start-api: a module ended the process before the command was done, or never finishes loading.\n',
  )
}

async function run(): Promise<void> {
  process.on('exit', failEarly)
  const write = stdout.write.bind(stdout)
  // What the application prints while it is loaded must not get into `--json`.
  stdout.write = stderr.write.bind(stderr)
  const output = await main(process.argv.slice(2))
  stderr.write(output.stderr ?? '')
  // Route files may have opened what keeps a process alive; pipes still get the whole text.
  write(output.stdout ?? '', (error?: NodeJS.ErrnoException | null) => {
    process.off('exit', failEarly)
    // Who has closed the pipe, such as `head`, wants no more.
    if (!error || error.code === 'EPIPE') process.exit(output.exitCode)
    stderr.write(
      `start-api: stdout can't be written (${error.message}): what it has is not the whole output. Make room, or send it elsewhere.\n`,
    )
    process.exit(1)
  })
}

void run()

// Without an export the build takes this file, and all that it imports, for CommonJS to be wrapped, and
// the package's classes lose their names.
// oxlint-disable-next-line no-useless-empty-export -- see above
export {}
