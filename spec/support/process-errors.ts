// What would end a process in production: recorded, so that a spec can say that nothing of it came.

/**
 * Node's own process. The one that jest shows is a copy, whose listeners hear nothing; functions of
 * core modules come from outside of its sandbox.
 */
const realProcess = (setImmediate.constructor('return process') as () => NodeJS.Process)()

/**
 * Runs a function with unhandled rejections and uncaught exceptions recorded until a turn of the event
 * loop after its end.
 */
export async function recordProcessErrors(run: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = []
  const record = (error: unknown) => void errors.push(error)
  realProcess.on('unhandledRejection', record)
  realProcess.on('uncaughtExceptionMonitor', record)
  try {
    await run()
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    realProcess.off('unhandledRejection', record)
    realProcess.off('uncaughtExceptionMonitor', record)
  }
  return errors
}
