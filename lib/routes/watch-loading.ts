// Start-up, stage "modules": names the file that never finishes loading. Nothing else would: requests
// wait, and a process without other work ends without a word.
// Not the global, which jest's fake timers and jsdom replace.
import { clearTimeout, setTimeout } from 'node:timers'

const STUCK_AFTER_MS = 10_000

const loading = new Set<{ readonly file: string }>()

/**
 * Runs the import of a file, and says so if it doesn't come to its end: a file that imports the
 * application, which in turn awaits `ready`, waits for itself (hazard 219).
 */
export async function watchLoading(file: string, load: () => unknown): Promise<unknown> {
  const entry = { file }
  if (loading.size === 0) process.on('beforeExit', reportAll)
  loading.add(entry)
  const timer = setTimeout(report, STUCK_AFTER_MS, entry).unref()
  try {
    return await load()
  } finally {
    clearTimeout(timer)
    loading.delete(entry)
    if (loading.size === 0) process.off('beforeExit', reportAll)
  }
}

/** Node emits `beforeExit` when nothing is left that could settle the import. */
function reportAll(): void {
  process.off('beforeExit', reportAll)
  for (const entry of loading) report(entry)
}

function report({ file }: { readonly file: string }): void {
  console.error(
    `[start-api] ${file} doesn't finish loading, and no request is answered before it does. Does it import a module that awaits \`ready\`, or await something that never comes?`,
  )
}
