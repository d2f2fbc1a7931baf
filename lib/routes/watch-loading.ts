// Start-up, stage "modules": names the file that never finishes loading. Nothing else would: requests
// wait, and a process without other work ends without a word.
import { clearTimeout, setTimeout } from '../real-timers'

const STUCK_AFTER_MS = 10_000

/** The file that is being loaded, of each directory that is. */
const loading = new Set<Watched>()

interface Watched {
  file: string
}

/** A file by its name, and how it is imported. */
interface Loadable {
  readonly file: string
  load(): unknown
}

export interface LoadWatch {
  /** Imports a file. */
  run(file: Loadable): unknown
  end(): void
}

/**
 * Says so if a file doesn't come to its end: one that imports the application, which in turn awaits
 * `ready`, waits for itself (hazard 219). One watch for all files of a directory: a timer and a listener
 * for each took a tenth of the time of loading it.
 */
export function watchLoading(): LoadWatch {
  const watched: Watched = { file: '' }
  const timer = setTimeout(report, STUCK_AFTER_MS, watched).unref()
  if (loading.size === 0) process.on('beforeExit', reportAll)
  loading.add(watched)
  return {
    run(loadable) {
      watched.file = loadable.file
      timer.refresh()
      return loadable.load()
    },
    end() {
      clearTimeout(timer)
      loading.delete(watched)
      if (loading.size === 0) process.off('beforeExit', reportAll)
    },
  }
}

/** Node emits `beforeExit` when nothing is left that could settle the import. */
function reportAll(): void {
  process.off('beforeExit', reportAll)
  for (const watched of loading) report(watched)
}

function report({ file }: Watched): void {
  console.error(
    `[start-api] ${file} doesn't finish loading, and no request is answered before it does. Does it import a module that awaits \`ready\`, or await something that never comes?`,
  )
}
