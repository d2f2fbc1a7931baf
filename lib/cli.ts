#!/usr/bin/env node
// The command `start-api`: reads arguments, runs one command, and ends with its exit code.
import { CommandError, type Output, USAGE, runCommand } from './cli/run-command'

async function main(args: readonly string[]): Promise<Output> {
  try {
    return await runCommand(args)
  } catch (error) {
    if (error instanceof CommandError) {
      return { stderr: `start-api: ${error.message}\n\n${USAGE}`, exitCode: 2 }
    }
    const message = error instanceof Error ? error.message : String(error)
    return { stderr: `start-api: ${message}\n`, exitCode: 1 }
  }
}

async function run(): Promise<void> {
  const { stdout = '', stderr = '', exitCode } = await main(process.argv.slice(2))
  process.stderr.write(stderr)
  // Route files may have opened what keeps a process alive; pipes still get the whole text.
  process.stdout.write(stdout, () => process.exit(exitCode))
}

void run()

// Without an export the build takes this file, and all that it imports, for CommonJS to be wrapped, and
// the package's classes lose their names.
// oxlint-disable-next-line no-useless-empty-export -- see above
export {}
