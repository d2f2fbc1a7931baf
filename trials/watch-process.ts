// What would end a process in production, or show in its log: heard during a trial.

const EVENTS = ['unhandledRejection', 'uncaughtException', 'warning'] as const

/** Express and Connect hand odd targets to `url.parse()`, which warns of some. */
const OF_PARSEURL = 'DEP0170'

export interface Watch {
  end(): void
  /** @throws Error that lists what was heard */
  assertQuiet(): void
}

export function watchProcess(): Watch {
  const heard: unknown[] = []
  const add = (event: unknown): void => {
    if ((event as { code?: string }).code !== OF_PARSEURL) heard.push(event)
  }
  for (const event of EVENTS) process.on(event, add)
  return {
    end: () => {
      for (const event of EVENTS) process.off(event, add)
    },
    assertQuiet: () => {
      if (heard.length > 0) throw new AggregateError(heard, `the process saw: ${heard.join('; ')}`)
    },
  }
}
