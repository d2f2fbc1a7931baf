// An application in dev mode, in a process of its own, whose files a spec changes while it runs.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createApp } from './built-package'

export interface DevApp {
  readonly folder: string
  /** Everything that it has printed. */
  output(): string
  write(file: string, text: string): void
  read(file: string): string
  rename(from: string, to: string): void
  remove(file: string): void
  /** Status and body, in one text: `200 hello`. */
  ask(path: string, method?: string): Promise<string>
  /** Closes server and routes, and gives the exit code of the process that ends by itself. */
  end(): Promise<number | null>
}

export interface DevAppOptions {
  readonly files: Readonly<Record<string, string>>
  readonly args: readonly string[]
  /** The project's packages that it needs. */
  readonly packages?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const children = new Set<ChildProcess>()

export async function startDevApp({
  files,
  args,
  packages = [],
  env = {},
}: DevAppOptions): Promise<DevApp> {
  const folder = createApp(files, ['express', ...packages])
  const child = spawn(process.execPath, [...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  })
  children.add(child)
  let output = ''
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const found = /^listening at (\S+)$/m.exec(output)
      if (found !== null) resolve(found[1]!)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    void ended.then((code) => reject(new Error(`The application ended (${code}):\n${output}`)))
  })

  async function ask(path: string, method = 'GET'): Promise<string> {
    const response = await fetch(url + path, { method, headers: { connection: 'close' } })
    return `${response.status} ${(await response.text()).trimEnd()}`
  }

  return {
    folder,
    output: () => output,
    write(file, text) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    },
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    rename(from, to) {
      mkdirSync(dirname(join(folder, to)), { recursive: true })
      renameSync(join(folder, from), join(folder, to))
    },
    remove: (file) => rmSync(join(folder, file)),
    ask,
    async end() {
      await ask('/end')
      return ended
    },
  }
}

/** Waits until something holds, and says what did not. */
export async function until(holds: () => boolean, seen: () => string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`It did not come to that:\n${seen()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  children.clear()
})
