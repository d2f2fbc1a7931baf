// Per request: the bytes of a body, wherever they are.

/** Takes the next chunk, whose buffer is its own from then on, or `undefined` at the end. */
export type Put = (chunk: Uint8Array | undefined) => void

/** Takes what stands in the way of the body. */
export type Fail = (error: unknown) => void

/** Read in one of two ways, and by one reader. */
export interface BodySource {
  /**
   * Calls one of them, at once or later; what `put` throws goes to `fail`. Not a promise, of which the
   * stream makes enough: 1 MiB in takes 0.95 of the time without (Node 24).
   */
  read(put: Put, fail: Fail): void
  /** The whole body, to look at, without a stream in between. Instead of `read()`, not after it. */
  readAll(): Promise<Uint8Array>
  /** Nobody is going to `read()` the rest. Does nothing to a `readAll()`. */
  cancel(): void
}

/** A body that is in memory. */
export function fromBytes(bytes: Uint8Array): BodySource {
  let left: Uint8Array | undefined = bytes.byteLength > 0 ? bytes : undefined
  return {
    read(put) {
      const chunk = left
      left = undefined
      // Legacy code may still use what is on `req` (hazard 86).
      put(chunk && new Uint8Array(chunk))
    },
    readAll: async () => bytes,
    cancel() {},
  }
}

export function fromGenerator(generate: () => AsyncGenerator<Uint8Array>): BodySource {
  let chunks: AsyncGenerator<Uint8Array> | undefined
  const next = async () => {
    chunks ??= generate()
    const { value } = (await chunks.next()) as { value?: Uint8Array }
    return value && toOwn(value)
  }
  let isTakenWhole = false
  return {
    read(put, fail) {
      next().then(put).catch(fail)
    },
    async readAll() {
      isTakenWhole = true
      const all: Uint8Array[] = []
      for (let chunk = await next(); chunk !== undefined; chunk = await next()) all.push(chunk)
      return joinChunks(all)
    },
    cancel() {
      // What fails while it is told to stop has nobody left to tell.
      if (!isTakenWhole) chunks?.return(undefined).catch(() => {})
    },
  }
}

/** A body that can't be had. */
export function failing(error: Error): BodySource {
  return {
    read: (_put, fail) => fail(error),
    async readAll() {
      throw error
    },
    cancel() {},
  }
}

/** Bytes that don't share their buffer, as small ones from Node's pool do: a copy, where they must be. */
export function toOwn(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

/** A stream that takes nothing from the source before it is asked to. */
export function toStream(source: BodySource): ReadableStream<Uint8Array<ArrayBuffer>> {
  let controller: ReadableByteStreamController
  let isAsked = false

  function pull(): void {
    // A second read, while the first waits, pulls as well.
    if (isAsked) return
    isAsked = true
    source.read(put, fail)
  }

  function put(chunk: Uint8Array | undefined): void {
    isAsked = false
    // An empty one would not wake its reader.
    if (chunk?.byteLength === 0) return pull()
    // The stream takes the buffer away from whoever else has it.
    if (chunk !== undefined) return controller.enqueue(chunk as Uint8Array<ArrayBuffer>)
    controller.close()
    controller.byobRequest?.respond(0)
  }

  const fail = (error: unknown): void => controller.error(error)

  return new ReadableStream({
    // As the platform's own bodies: readers may bring their buffers.
    type: 'bytes',
    start(own) {
      controller = own
    },
    pull,
    cancel: () => source.cancel(),
  })
}
