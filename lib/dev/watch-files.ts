// Dev mode: learns of changes between requests. Requests look for themselves: where no watcher works,
// only what needs no request (messages, new files) comes later.
import { relative } from 'node:path'
import { clearTimeout, setTimeout } from '../real-timers'

/** Editors write a file in several steps. */
const QUIET_MS = 50

export interface Watcher {
  /** Files outside of the directory that count, too. */
  add(paths: readonly string[]): void
  close(): Promise<void>
}

/** Watches a directory, without keeping the process alive, and tells that something has changed. */
export function watchFiles(directory: string, onChange: () => void): Watcher {
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function note(): void {
    clearTimeout(timer)
    if (!isClosed) timer = setTimeout(onChange, QUIET_MS).unref()
  }

  const opening = open(directory, note)
  return {
    add: (paths) => void opening.then((watcher) => isClosed || watcher?.add([...paths])),
    async close() {
      isClosed = true
      clearTimeout(timer)
      await (await opening)?.close()
    },
  }
}

async function open(directory: string, note: () => void) {
  let isWarned = false
  function warn(error: unknown): void {
    if (isWarned) return
    isWarned = true
    const { code, message } = error as NodeJS.ErrnoException
    console.warn(
      `[start-api] can't watch the route files (${code ?? message}): changes are seen with the next request.`,
    )
  }

  try {
    // Here, so that it is never loaded in production.
    const { watch } = await import('chokidar')
    const watcher = watch(directory, {
      persistent: false,
      ignoreInitial: true,
      ignored: (path) =>
        /^(?:node_modules|\.[^.])|[\\/](?:node_modules|\.[^.\\/])/.test(relative(directory, path)),
    })
    // What has changed before it was ready is not told.
    return watcher.on('all', note).on('ready', note).on('error', warn)
  } catch (error) {
    warn(error)
    return undefined
  }
}
