// Start-up, stage "modules": what the files that can't be used have to say, as one error.
import { fileURLToPath } from 'node:url'
import { StartApiError, describe, isStartApiError } from '../errors'
import type { RoutePath } from './route-path'

export interface LoadFailure {
  /** Relative to the routes directory. */
  readonly file: string
  readonly error: unknown
  /** What the file's name says, where it says something that can be served. */
  readonly path?: RoutePath
}

/** One error for all files that failed: a line for each, and what each of them threw as its cause. */
export function loadError(failures: readonly LoadFailure[]): StartApiError {
  const count = failures.length === 1 ? 'A route file' : `${failures.length} route files`
  const errors = failures.map(({ error }) => error)
  return new StartApiError(
    'ERR_START_API_ROUTE_FILE',
    `${count} can't be used:\n${failures.map((failure) => `  ${toFailureLine(failure)}`).join('\n')}`,
    {
      files: failures.map(({ file }) => file),
      cause: errors.length === 1 ? errors[0] : new AggregateError(errors),
    },
  )
}

/** File and reason. */
export function toFailureLine({ file, error }: LoadFailure): string {
  // Our own sentences begin with the file's name.
  const own = isStartApiError(error) && error.files?.[0] === file
  return own ? error.message : `${file}: ${toReason(error)}`
}

/** Kind, message and, where a loader tells it, the place of an error: on one line. */
export function toReason(error: unknown): string {
  if (!isErrorLike(error)) return `threw ${describe(error)}, which is not an Error`
  const { name, message } = error
  // ts-node and esbuild head their messages with a line that says nothing yet.
  const lines = message.split('\n').map((line) => line.trim())
  const text = lines[0]!.endsWith(':') ? `${lines[0]} ${lines[1] ?? ''}`.trim() : lines[0]!
  const place = findPlace(error)
  return `${name === 'Error' ? '' : `${name}: `}${text}${place === undefined ? '' : ` (at ${place.file}:${place.line})`}`
}

/**
 * Where a text that is no JavaScript was found. Node puts it in front of the stack (as a URL where
 * Node 24 strips types), jest in its middle; for ES modules Node keeps it to itself.
 */
export function findPlace(error: unknown): { file: string; line: string } | undefined {
  if (!isErrorLike(error) || error.name !== 'SyntaxError') return undefined
  const place = /^((?:file:\/\/|\/|[a-z]:[\\/]).*):(\d+)$/im.exec(error.stack ?? '')
  if (place === null) return undefined
  const [, file, line] = place as unknown as [string, string, string]
  return { file: file.startsWith('file://') ? fileURLToPath(file) : file, line }
}

/** By shape: errors of jest's outer realm fail `instanceof` in its sandbox. */
export function isErrorLike(value: unknown): value is NodeJS.ErrnoException {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Error).name === 'string' &&
    typeof (value as Error).message === 'string'
  )
}
