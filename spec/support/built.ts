// For specs that run the package as users get it: from `dist`, in processes of their own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { globSync } from 'glob'

export const root = resolve(__dirname, '../..')

/** `npm test` builds first; `jest` alone does not, and an old build would prove nothing. */
export function assertBuilt(): void {
  const modified = (file: string) => statSync(join(root, file)).mtimeMs
  const built = modified('dist/index.d.ts')
  for (const file of globSync('lib/**/*.ts', { cwd: root })) {
    if (modified(file) > built) throw new Error(`${file} is newer than dist: run \`npm run build\``)
  }
}

const children = new Set<ChildProcess>()

export interface Program {
  /** What it printed, up to its URL. */
  readonly output: string
  readonly origin: string
  /** Waits until it has printed this. */
  printed(pattern: RegExp): Promise<void>
  /** Tells it to end, by SIGTERM, and resolves to its exit code. */
  stop(): Promise<number | null>
}

/** Runs a program until it prints its URL; ends it after the specs. */
export async function start(
  [file, ...args]: readonly [string, ...string[]],
  { cwd = root, env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Program> {
  const child = spawn(file, args, { cwd, env: { ...process.env, PORT: '0', ...env } })
  children.add(child)
  let output = ''
  const stop = async (): Promise<number | null> => {
    const ended = once(child, 'exit')
    child.kill()
    const [code] = (await ended) as [number | null]
    return code
  }
  const printed = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(output)) await once(child.stdout, 'data')
  }
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const url = /http:\/\/localhost:\d+(?=[/\n])/.exec(output)
      if (url !== null) resolve({ output, origin: url[0], printed, stop })
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${file} ${args.join(' ')} ended:\n${output}`)))
  })
}

afterAll(async () => {
  for (const child of children) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.kill()) await ended
  }
  children.clear()
})
