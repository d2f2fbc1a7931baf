// Per request: a body read from the socket, chunk by chunk, as its reader asks for it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StartApiError } from '../errors'
import { nextTick, setImmediate } from '../real-timers'
import { declaredLength, tooLarge } from './body-length'
import { type BodySource, joinChunks, toOwn } from './body-source'
import { isClosed } from './client-left'

const EVENTS = ['readable', 'end', 'close'] as const

/**
 * Takes nothing from the socket until the first read, and then only what is asked for: a body that
 * nobody reads stays with the client (hazard 96).
 *
 * Reads reject if the body exceeds `maxBodySize` bytes, if the client leaves before its end, and once
 * the answer is out.
 *
 * Not a generator over `req`: that would keep hold of the stream while its reader pauses, so that a
 * body abandoned half-way could not be discarded, and it would end, not fail, when told to stop.
 *
 * @param findParsed gives the body where a parser has read it between the making of the Request and
 *   the first read
 */
export function readBody(
  req: IncomingMessage,
  res: ServerResponse,
  maxBodySize: number,
  findParsed: () => Promise<BodySource | undefined>,
): BodySource {
  let size = 0
  let begun = false
  let parsed: BodySource | undefined
  let failure: Error | undefined
  let isTakenWhole = false
  let isListening = false
  let wake = (): void => {}
  const onEvent = () => wake()
  // Not `writableFinished`, which HTTP/2's response has set whenever its stream is over.
  const stopAnswered = () => stop(res.writableEnded ? late() : aborted())
  const onAnswered = () => {
    stopAnswered()
    wake()
  }

  /** Awaited: what came in one packet with the head is only parsed once this turn's code is through. */
  async function start(): Promise<void> {
    begun = true
    // After the answer, Node discards the body: waiting for it would take forever (hazard 64).
    if (res.writableEnded) throw stop(late())
    // Never taken away: an error that comes when nobody waits any more would end the process.
    req.on('error', onEvent)
    // Somebody else has begun since the Request was made.
    if (req.readableDidRead) {
      parsed = await findParsed()
      if (parsed === undefined) throw stop(lost())
    }
  }

  function listen(): void {
    if (isListening || failure !== undefined) return
    if (isClosed(res)) throw stopAnswered()
    isListening = true
    // While `readable` is listened to, other listeners (loggers) get `data` as it is read here.
    for (const event of EVENTS) req.on(event, onEvent)
    res.on('close', onAnswered)
  }

  function release(): undefined {
    if (!isListening) return
    isListening = false
    for (const event of EVENTS) req.off(event, onEvent)
    res.off('close', onAnswered)
  }

  /** What is not going to be read must still leave the socket, for the next request's sake (hazard 97). */
  function stop(reason: Error): Error {
    failure ??= reason
    release()
    // Node takes note of the missing `readable` listener in the next tick, and would stop the flow.
    nextTick(() => req.resume())
    return failure
  }

  /** What is here by now; `null`: nothing yet, `undefined`: nothing more. */
  function take(): Uint8Array | null | undefined {
    if (failure !== undefined) throw failure
    const chunk = req.read() as Buffer | string | null
    if (chunk !== null) {
      const bytes = toBytes(chunk, req)
      size += bytes.byteLength
      if (size > maxBodySize) throw stop(tooLarge(maxBodySize))
      return bytes
    }
    if (isComplete(req, size)) return release()
    if (req.readableEnded || req.destroyed) throw stop(aborted())
    return null
  }

  const wait = () => new Promise<void>((resolve) => (wake = resolve))

  function readNext(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const bytes = take()
    // A promise, not a callback: sinks of `pipeTo()` run as the chunk is put, in the context of whoever
    // reads, not in the socket's.
    if (bytes === null) return wait().then(readNext)
    // A logger in front that listens has the same chunks.
    return bytes && (req.listenerCount('data') > 0 ? new Uint8Array(bytes) : toOwn(bytes))
  }

  return {
    read() {
      if (begun) return parsed === undefined ? readNext() : parsed.read()
      return start().then(() => {
        if (parsed !== undefined) return parsed.read()
        listen()
        return readNext()
      })
    },
    async readAll() {
      isTakenWhole = true
      if (!begun) await start()
      if (parsed !== undefined) return parsed.readAll()
      const chunks: Uint8Array[] = []
      // Whoever makes the request flow takes what nobody listens for meanwhile.
      let isTurnOver = req.complete || req.readableFlowing !== null
      for (let bytes = take(); bytes !== undefined; bytes = take()) {
        if (bytes !== null) chunks.push(bytes)
        else if (isTurnOver) {
          listen()
          await wait()
        } else {
          // The parser is through by then, and has all of a small body. Listeners would know within this
          // turn, and cost more (Node 24, 50 connections: an eighth of a JSON POST, 8 % with a client that
          // never sleeps).
          await new Promise<void>((resolve) => setImmediate(resolve))
          isTurnOver = true
        }
      }
      return joinChunks(chunks)
    },
    cancel() {
      if (isTakenWhole) return
      parsed?.cancel()
      stop(late())
    },
  }
}

/** `setEncoding()` by a middleware in front turns chunks to text. */
function toBytes(chunk: Buffer | string, req: IncomingMessage): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, req.readableEncoding ?? 'utf8') : chunk
}

/** A client that leaves half-way can look like a normal end (hazards 99, 100). */
function isComplete(req: IncomingMessage, size: number): boolean {
  const isOver = req.readableEnded ? req.complete !== false && !req.aborted : isAllHere(req)
  return isOver && !(size < declaredLength(req))
}

/** All of a body, even if the client has left since (hazard 103): `end` need not be waited for. */
function isAllHere(req: IncomingMessage): boolean {
  // HTTP/2 says `complete` of any request that is over.
  const isHere = req.complete && req.readableLength === 0 && req.httpVersionMajor === 1
  return isHere && (req.destroyed || !req.aborted)
}

function aborted(): DOMException {
  return new DOMException('The client left before its request body was complete.', 'AbortError')
}

function late(): StartApiError {
  return new StartApiError(
    'ERR_START_API_BODY_CONSUMED',
    'The request body was still unread when the answer had been sent, and is discarded. Read it before the handler returns.',
  )
}

/** For a body that another reader took. */
export function lost(): StartApiError {
  return new StartApiError(
    'ERR_START_API_BODY_CONSUMED',
    "A middleware in front of startApi(), or given to fromExpress(), read the request body and left it neither on `req.body` nor on `req.files` in a form that can be read again. Mount startApi() before it, or keep the bytes in `req.rawBody` (the body parsers' `verify` option).",
  )
}
