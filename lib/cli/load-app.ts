// `start-api status`: the user's application, taken out of its module without being run.
import { existsSync } from 'node:fs'
import { Server } from 'node:net'
import nodeModule from 'node:module'
import { join, resolve } from 'node:path'
import { explain } from '../dev/error-place'
import { isStartApiError } from '../errors'
import { recordMounts } from '../express/layers'
import { isExpress } from '../express/list-routes'
import { clearTimeout, setTimeout } from '../real-timers'
import { loadModule } from '../routes/load-module'
import { unwrapDefault } from '../unwrap-default'
import { toShownPath } from './terminal'

/** How long a module may take after it has begun to listen, and one without an export until it does. */
const GRACE_MS = 500
const PATIENCE_MS = 10_000

/**
 * The Express application of a module: its export, what an exported function makes, or, without one,
 * what its server is for. Nothing listens meanwhile.
 *
 * @param exported the export's name, where it is no usual one
 */
export async function loadApp(module: string, exported: string | undefined): Promise<unknown> {
  const file = resolve(module)
  if (!existsSync(file)) {
    throw new Error(`There is no ${module}. Name the module that makes the Express application.`)
  }
  for (const from of [file, join(process.cwd(), 'package.json')]) recordMountsOf(from)
  // A database that can't be reached, say: what is listed doesn't need it.
  process.on('uncaughtException', (error) => {
    console.error(`[start-api] ${toShownPath(file)} failed beside its routes:`, error)
  })
  const listening = interceptListening()
  const failures: unknown[] = []
  try {
    const found = await Promise.race([
      findExported(file, exported, failures).then(
        (app) => app ?? waitFor(listening.app, PATIENCE_MS),
      ),
      // A module may wait for the server that never listens.
      listening.app.then((app) => waitFor(new Promise(() => {}), GRACE_MS).then(() => app)),
    ])
    if (found !== undefined) return found
  } finally {
    listening.restore()
  }
  if (failures.length > 0) throw failures[0]
  throw new Error(
    `${toShownPath(file)} has no Express application. Export it (as default, as \`app\`, or as a function that returns it), or name the export with --export.`,
  )
}

function recordMountsOf(from: string): void {
  const require = nodeModule.createRequire(from)
  try {
    recordMounts(require('express'))
  } catch {
    // The application will say itself what it lacks.
  }
}

/**
 * @param failures takes what exported functions throw: the module may listen all the same, and export a
 *   class, say
 */
async function findExported(
  file: string,
  exported: string | undefined,
  failures: unknown[],
): Promise<unknown> {
  const module = await load(file)
  const candidates = toCandidates(module, exported)
  const app = candidates.find(isExpress)
  if (app !== undefined) return app
  for (const candidate of candidates) {
    const served = toServed(candidate)
    if (served !== undefined) return served
    if (typeof candidate !== 'function' || candidate.length > 0) continue
    try {
      const made: unknown = await (candidate as () => unknown)()
      const found = [made, (made as { app?: unknown } | undefined)?.app].find(isExpress)
      if (found !== undefined) return found
    } catch (error) {
      failures.push(error)
    }
  }
  return undefined
}

async function load(file: string): Promise<unknown> {
  try {
    return await loadModule(file)
  } catch (error) {
    // Our own sentences, which another copy of the package may have written, say all that there is to say.
    if (isStartApiError(error)) throw error
    const reason = await explain(error, file)
    throw new Error(`${toShownPath(file)} can't be loaded: ${reason}`, { cause: error })
  }
}

/** The export that is asked for, or those that applications usually have. */
function toCandidates(module: unknown, exported: string | undefined): unknown[] {
  const objects = [...unwrapDefault(module)].filter(
    (layer) => layer !== undefined && layer !== null,
  ) as Record<string, unknown>[]
  if (exported !== undefined) return objects.map((layer) => layer[exported])
  const named = ['app', 'createApp', 'buildApp', 'server', 'createServer', 'handler']
  return [...objects, ...objects.flatMap((layer) => named.map((name) => layer[name]))]
}

/** The application that a server is for. */
function toServed(server: unknown): unknown {
  return server instanceof Server ? server.listeners('request').find(isExpress) : undefined
}

/** Keeps servers from listening, and tells of the application of the first that was going to. */
function interceptListening(): { app: Promise<unknown>; restore(): void } {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was
  const { listen } = Server.prototype
  const app = new Promise<unknown>((resolve) => {
    Server.prototype.listen = function (this: Server) {
      const served = toServed(this)
      if (served !== undefined) resolve(served)
      return this
    } as typeof listen
  })
  return {
    app,
    restore: () => {
      Server.prototype.listen = listen
    },
  }
}

/** What a promise yields, or `undefined` when the time is up, or nothing is left that could settle it. */
async function waitFor(promise: Promise<unknown>, milliseconds: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  let giveUp: () => void = () => {}
  const late = new Promise<void>((resolve) => {
    giveUp = () => resolve()
    timer = setTimeout(giveUp, milliseconds).unref()
    process.once('beforeExit', giveUp)
  })
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer)
    process.off('beforeExit', giveUp)
  })
}
