// What would end a process in production, or be in its log unasked: recorded, so that a spec can say
// that nothing of it came.

/**
 * Node's own process. The one that jest shows is a copy, whose listeners hear nothing; functions of
 * core modules come from outside of its sandbox.
 */
const realProcess = (setImmediate.constructor('return process') as () => NodeJS.Process)()

/**
 * Runs a function with unhandled rejections and uncaught exceptions recorded until a turn of the event
 * loop after its end.
 */
export function recordProcessErrors(run: () => Promise<void>): Promise<unknown[]> {
  return record(['unhandledRejection', 'uncaughtExceptionMonitor'], run)
}

/** The same for warnings of the process. */
export function recordWarnings(run: () => Promise<void>): Promise<unknown[]> {
  return record(['warning'], run)
}

async function record(events: readonly string[], run: () => Promise<void>): Promise<unknown[]> {
  const recorded: unknown[] = []
  const add = (event: unknown) => void recorded.push(event)
  for (const event of events) realProcess.on(event, add)
  try {
    await run()
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    for (const event of events) realProcess.off(event, add)
  }
  return recorded
}
