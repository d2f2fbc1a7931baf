// For tools: an error while loading in one line, with the place that it came from.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { extname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPlace, isErrorLike, toReason } from '../routes/load-failure'
import { statFile } from '../routes/stat-file'
import { findImports } from './esm-imports'

const FRAME = /((?:file:\/\/)?(?:\/|[a-z]:[\\/])[^():]*?)(?:\?[^():]*)?:(\d+)(?::\d+)?\)?$/gim

/**
 * Kind, message and place of an error.
 *
 * @param path the file that was loaded
 */
export async function explain(error: unknown, path: string): Promise<string> {
  const place = findPlace(error) === undefined ? await findErrorPlace(error, path) : undefined
  return `${toReason(error)}${place === undefined ? '' : ` (at ${place})`}`
}

/** `routes/api/users.ts:12`, relative to the working directory; `undefined` if it can't be told. */
async function findErrorPlace(error: unknown, path: string): Promise<string | undefined> {
  if (!isErrorLike(error)) return undefined
  const place = findFrame(error.stack ?? '')
  if (place !== undefined || error.name !== 'SyntaxError') return place
  // Node keeps the file and the line of an ES module's syntax error to itself, but for `--check`.
  const files = [path, ...[...findImports(path)].sort(byLatest)]
  for (const file of files
    .filter((file) => /^\.[cm]?js$/.test(extname(file)))
    .slice(0, MAX_CHECKS)) {
    const found = findFrame(await checkSyntax(file))
    if (found !== undefined) return found
  }
  return undefined
}

/** The first place in the application's own code: below the working directory, and not installed. */
function findFrame(text: string): string | undefined {
  for (const [, name, line] of text.matchAll(FRAME)) {
    const path = name!.startsWith('file://') ? fileURLToPath(name!) : name!
    const shown = relative('', path)
    if (/^\.\.|(?:^|[\\/])node_modules[\\/]/.test(shown) || !existsSync(path)) continue
    return `${shown}:${line}`
  }
  return undefined
}

/** What was just changed is what is broken, and each check takes a process. */
function byLatest(one: string, other: string): number {
  return (statFile(other)?.mtimeMs ?? 0) - (statFile(one)?.mtimeMs ?? 0)
}

const MAX_CHECKS = 20

function checkSyntax(path: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--check', path],
      { env: { ...process.env, NODE_OPTIONS: '' }, timeout: 5000 },
      (_error, _stdout, stderr) => resolve(stderr),
    )
  })
}
