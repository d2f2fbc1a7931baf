// Per request: runs Express middleware in the middle of a route, on the host's own req and res.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { toNotFoundResponse } from '../define/not-found'
import { StartApiError } from '../errors'
import { type NodeExchange, type RequestEvent, keepContext } from '../event/event-context'
import { isPromise } from '../is-promise'
import { nextTick, setImmediate } from '../real-timers'
import { hasBody } from './body-length'
import { isGone, isOfLeaving, leaveToMiddleware, onceGone } from './client-left'
import type { ParsedRequest } from './parsed-request'
import { passOn } from './pass-on'
import { rebuildBody } from './rebuild-body'
import { followParser, holdBody, isParsedLate } from './request-body'
import { showParams } from './show-params'

export type ExpressNext = (error?: unknown) => void

/** A middleware as far as it is called here. */
export type ExpressLayer = (req: IncomingMessage, res: ServerResponse, next: ExpressNext) => unknown

/**
 * Runs middleware one after another.
 *
 * - The last one's `next()` calls `proceed`, at once, whose result is the result.
 * - `next(error)`, a throw or a rejection rejects; `next(error)` after `next()` as well, as long as
 *   nothing has answered.
 * - `next('route')` and `next('router')` leave the route: what is mounted behind `startApi()` answers.
 * - An answer through `res` results, once it is out, in a Response that describes it.
 * - A client that leaves before any of this rejects with an AbortError.
 *
 * `req.params` are those of the route beside those of mounts: guards and validators look there.
 */
export function runExpress<T>(
  layers: readonly ExpressLayer[],
  event: RequestEvent,
  { req, res }: NodeExchange,
  proceed: () => Promise<T>,
): Promise<T | Response> {
  const inContext = keepContext(event)
  showParams(event, req)
  const mayFollow = !req.readableDidRead || isParsedLate(req)
  return new Promise((resolve, reject) => {
    let stage: 'layers' | 'rest' | 'over' = 'layers'
    let release = (): void => {}

    /** Listeners go at once: a route may have more middleware than an emitter's limit. */
    function settle(run: () => void): void {
      if (stage !== 'layers') return
      stage = 'over'
      release()
      readers.stopWatching()
      res.off('finish', onFinish)
      offGone()
      if (mayFollow && req.readableDidRead && event.madeRequest !== undefined) {
        followParser(event.madeRequest, req)
      }
      inContext(run)
    }

    function fail(error: unknown): void {
      if (stage !== 'layers') report(error)
      else settle(() => reject(readers.cameTooLate ? consumed(error) : error))
    }

    /** Timeouts come so. As in Express, it is the answer where there is none yet. */
    function failLate(error: unknown): void {
      if (stage !== 'rest' || res.headersSent || isGone(res)) return fail(error)
      stage = 'over'
      reject(error)
    }

    /** Nobody waits for it any more, as in Express, but it must not be lost. */
    function report(error: unknown): void {
      if (isOfLeaving(error, req, res)) return
      console.error('[start-api] Express middleware failed after its next():', error)
    }

    function runRest(): void {
      stage = 'rest'
      const end = () => (stage = 'over')
      proceed().finally(end).then(resolve, reject)
    }

    function run(index: number): void {
      const layer = layers[index]
      if (layer === undefined) return settle(runRest)
      if (mayFollow) release = holdBody(req)
      readers.beginLayer()
      const restore = keepPrototypes(req, res)
      let called = false
      const next: ExpressNext = (error) => {
        const isSignal = error === 'route' || error === 'router'
        if (called && error && !isSignal) return failLate(error)
        if (called || stage !== 'layers') return
        called = true
        release()
        restore()
        if (!error) inContext(() => run(index + 1))
        else if (isSignal) {
          settle(() => resolve(passOn(toNotFoundResponse())))
        } else fail(error)
      }
      try {
        const result: unknown = layer(req, res, next)
        if (isPromise(result)) result.then(undefined, fail)
      } catch (error) {
        fail(error)
      }
    }

    const onFinish = () => settle(() => resolve(toSentResponse(res)))
    const readers = watchReaders(event, req, () => fail(undefined))
    res.on('finish', onFinish)
    const offGone = onceGone(req, res, () => {
      // `onceGone` may call before it returns.
      nextTick(() => {
        if (stage === 'layers') leaveToMiddleware(res)
        settle(() => reject(aborted()))
      })
    })
    // HTTP/2 says so of HEAD from the beginning.
    if (res.headersSent && res.writableFinished) onFinish()
    else if (!isGone(res)) run(0)
  })
}

/**
 * An application makes `req` and `res` its own, with its settings, and leaves it to whoever has mounted
 * it to take them back: `trust proxy` and `req.app` are those of the one that runs.
 */
function keepPrototypes(...objects: readonly object[]): () => void {
  const kept = objects.map((object) => Object.getPrototypeOf(object) as object)
  return () => {
    for (const [index, object] of objects.entries()) {
      const own = kept[index]!
      // Never without need: V8 gives the object another hidden class.
      if (Object.getPrototypeOf(object) !== own) Object.setPrototypeOf(object, own)
    }
  }
}

interface ReaderWatch {
  /** Whether a listener for `data` has come after the data: what the middleware fails with is no help then. */
  readonly cameTooLate: boolean
  beginLayer(): void
  stopWatching(): void
}

/**
 * Middleware that reads a body which has been read may wait forever, as it does in Express: it is told
 * from one that only listens in by not going on at once. Where a parser has kept the body, a proxy may
 * listen as well, and write what `req.body` holds.
 */
function watchReaders(event: RequestEvent, req: ParsedRequest, fail: () => void): ReaderWatch {
  let body: unknown
  let cameTooLate = false
  let isWatching = true
  const onListener = (name: string | symbol): void => {
    if (name !== 'data' || !hasBody(req)) return
    if (!req.readableDidRead && event.madeRequest?.bodyUsed !== true) return
    // multer begins with an empty `req.body` of its own.
    if (req.body === body && rebuildBody(req) !== undefined) return
    cameTooLate = true
    setImmediate(() => isWatching && fail())
  }
  req.on('newListener', onListener)
  return {
    get cameTooLate() {
      return cameTooLate
    },
    beginLayer() {
      body = req.body
    },
    stopWatching() {
      isWatching = false
      req.off('newListener', onListener)
    },
  }
}

/** What outer middleware sees of an answer that went out through `res`. Nothing more is sent. */
function toSentResponse(res: ServerResponse): Response {
  const headers = new Headers()
  for (const [name, value] of Object.entries(res.getHeaders())) {
    // HTTP/2 keeps its `:status` among them.
    if (name.startsWith(':')) continue
    for (const item of [value ?? []].flat()) headers.append(name, String(item))
  }
  const { statusCode } = res
  const isFinal = statusCode >= 200 && statusCode <= 599
  return new Response(null, { status: isFinal ? statusCode : 200, headers })
}

function aborted(): DOMException {
  return new DOMException('The client left while Express middleware ran.', 'AbortError')
}

function consumed(cause: unknown): StartApiError {
  return new StartApiError(
    'ERR_START_API_BODY_CONSUMED',
    'A middleware given to fromExpress() reads the request body, which has been read already: through `request`, or by a parser in front. Run it first, or read `request` after it.',
    { cause },
  )
}
