// Per request: what the body of a Response gives at once, and the reads that follow.
import { Readable } from 'node:stream'
import { isAnyArrayBuffer } from 'node:util/types'
import { NativeResponse } from '../define/native-response'
import { StartApiError } from '../errors'
import { clearTimeout, nextTick, setImmediate, setTimeout } from '../real-timers'
import { isUndiciFrom } from './undici-version'

export type BodyReader = Pick<ReadableStreamDefaultReader<unknown>, 'read' | 'cancel'>
export type BodyRead = ReadableStreamReadResult<unknown>

/** The beginning of a body. */
export interface BodyStart {
  readonly chunks: readonly Buffer[]
  /** Bytes in `chunks`. */
  readonly size: number
  /** `'ended'`: `chunks` is the whole body. */
  readonly phase: 'reading' | 'paused' | 'ended'
  /** The read after `chunks`, where it has already begun. */
  readonly next: Promise<BodyRead> | undefined
}

/** Bodies that give more than this at once, in more than two chunks, are sent as streams. */
const MAX_BYTES = 65_536
const MAX_CHUNKS = 64

/**
 * Reads what is there, or will be without waiting for anything outside this process. A body that ends by
 * then has a known length, which spares the client the chunked coding (hazard 108).
 *
 * Measured on Node 20.20, 22.23, 24.21 and 26.10: a body of a string, bytes or URLSearchParams ends 2 to 4
 * microtasks after the read, one of a FormData with three entries after 34. A tick queued from a microtask
 * runs when none is left, however many a version of Node needs. A Blob in memory ends within the same
 * tick on Node 20 and 22, one turn of the event loop later on 24 and 26. There, a Blob made of several
 * parts takes two turns for each and is sent as a stream.
 *
 * @param patience what is waited for. `'tick'`: that alone, as for an event source, which opens before its
 *   first event. `'needed turn'`: a turn where the body has begun and not ended. `'turn'`: that in any case.
 *   In a turn all requests that have come are read before the first is answered, and a client on the same
 *   machine, a proxy for example, wakes once for several answers: a native Response on Node 24 takes 0.80 of
 *   the time, and 0.93 where the client never sleeps (50 connections). A body that is sent as a stream
 *   waits no longer than that is known: meanwhile its chunks leave the processor's cache (64 KiB each: 0.95
 *   of the time)
 * @throws what the body fails with
 */
export async function readStart(
  reader: BodyReader,
  patience: 'tick' | 'needed turn' | 'turn',
): Promise<BodyStart> {
  const start = {
    chunks: [] as Buffer[],
    size: 0,
    phase: 'reading' as BodyStart['phase'],
    next: undefined as BodyStart['next'],
  }
  let taken = false
  let onPaused = ignore
  let failure: { readonly error: unknown } | undefined

  const collect = async (): Promise<void> => {
    const { chunks } = start
    while (chunks.length < 2 || (start.size <= MAX_BYTES && chunks.length < MAX_CHUNKS)) {
      start.next = reader.read()
      const read = await start.next
      if (taken) return
      start.next = undefined
      if (read.done) {
        start.phase = 'ended'
        return
      }
      const bytes = toBuffer(read.value)
      chunks.push(bytes)
      start.size += bytes.byteLength
    }
    start.phase = 'paused'
    onPaused()
  }

  await undefined
  collect().catch((error: unknown) => (failure = { error }))
  if (patience !== 'turn') await new Promise<void>((resolve) => nextTick(resolve))
  const isOpen = start.chunks.length > 0 && start.phase === 'reading'
  if (patience === 'turn' || (patience === 'needed turn' && isOpen)) {
    await new Promise<void>((resolve) => {
      onPaused = resolve
      setImmediate(resolve)
    })
  }
  taken = true
  if (failure !== undefined) throw failure.error
  return start
}

/**
 * Of a body that is not null.
 *
 * @throws StartApiError if it was read, or is being read, elsewhere (hazard 138)
 */
export function getReader(response: Response): BodyReader {
  const body = response.body!
  if (response.bodyUsed || body.locked) {
    throw new StartApiError(
      'ERR_START_API_BAD_RESPONSE',
      'The body of the Response was already read or sent. Make a new Response for each request, or return response.clone().',
    )
  }
  const reader = toStream(body).getReader()
  if (!isFilledAhead(response)) return reader
  return { read: () => reader.read(), cancel: () => drain(reader) }
}

/**
 * Node 24 fills the stream of a FormData in a function that nobody waits for. If the stream is cancelled
 * meanwhile, that function fails, which ends the process. Told by the boundary that Node makes up.
 */
function isFilledAhead({ headers, url }: Response): boolean {
  // What `fetch()` gives was sent by somebody else, and is cancelled like anything.
  return FILLS_FORMS && !url && headers.get('content-type')?.includes(FORM_BOUNDARY) === true
}

const FORM_BOUNDARY = '----formdata-undici-'

/** Node 24. */
const FILLS_FORMS = isUndiciFrom(7)

/** A form that is in memory takes no longer; whoever writes such a boundary into an endless stream might. */
const MAX_DRAIN_MS = 1000

/** Reads what nobody wants, and cancels what does not end. */
async function drain(reader: BodyReader): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(ignore), MAX_DRAIN_MS)
  try {
    while (!(await reader.read()).done) {
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Of a Response in Node 20 and 22: where it keeps a body, and beside its stream what that was made of. */
const STATE = Object.getOwnPropertySymbols(new NativeResponse('probe')).find(
  (symbol) => toState(new NativeResponse('probe'), symbol)?.source === 'probe',
)

interface BodyState {
  readonly stream?: unknown
  readonly source?: unknown
}

function toState(response: Response, symbol: symbol): BodyState | undefined {
  return (Reflect.get(response, symbol) as { body?: BodyState } | undefined)?.body
}

/**
 * The text that the Response was made of, where that can be had without its stream (Node 20, in Express: 12 of 96 µs).
 */
export function takeSource(response: Response): string | undefined {
  const state = STATE && toState(response, STATE)
  if (typeof state?.source !== 'string' || state.stream !== response.body) return undefined
  if (response.bodyUsed || response.body?.locked !== false) return undefined
  discard(response)
  return state.source
}

/** Lets the producer stop. */
export function discard(response: Response): void {
  const { body } = response
  if (body === null) return
  // Fails for a body that is in other hands, and with the error of one that has failed (hazard 169).
  if (!isFilledAhead(response)) toStream(body).cancel().catch(ignore)
  else if (!body.locked) drain(toStream(body).getReader()).catch(ignore)
}

/** node-fetch has Node's own kind of stream for a body; and for that of a text, in version 2, bytes. */
function toStream(body: ReadableStream<unknown>): ReadableStream<unknown> {
  if (typeof body.getReader === 'function') return body
  if ('pipe' in Object(body)) {
    return Readable.toWeb(body as unknown as Readable) as ReadableStream<unknown>
  }
  return new ReadableStream({
    start(controller) {
      controller.enqueue(body)
      controller.close()
    },
  })
}

/**
 * Text is taken as well as bytes, unlike in fetch: both are common in hand-made streams. A Buffer, as
 * Express and Node's streams write: caches and loggers in front tell text from bytes by it.
 */
export function toBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (ArrayBuffer.isView(chunk)) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
  if (isAnyArrayBuffer(chunk)) return Buffer.from(chunk)
  throw new StartApiError(
    'ERR_START_API_BAD_RESPONSE',
    'The response stream holds a chunk that is neither bytes nor text. Enqueue Uint8Array or string.',
  )
}

export function ignore(): void {}
