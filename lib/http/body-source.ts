// Per request: the bytes of a body, wherever they are.

/** Read in one of two ways, and by one reader. Reads reject with what stands in the way of the body. */
export interface BodySource {
  /** The next chunk, `undefined` at the end. Its bytes belong to the source: copy what you keep. */
  read(): Promise<Uint8Array | undefined>
  /** The whole body, without a stream in between. Instead of `read()`, not after it. */
  readAll(): Promise<Uint8Array>
  /** Nobody is going to `read()` the rest. */
  cancel(): void
}

/** A body that is in memory. */
export function fromBytes(bytes: Uint8Array): BodySource {
  let left: Uint8Array | undefined = bytes.byteLength > 0 ? bytes : undefined
  return {
    async read() {
      const chunk = left
      left = undefined
      return chunk
    },
    readAll: async () => bytes,
    cancel() {},
  }
}

export function fromGenerator(generate: () => AsyncGenerator<Uint8Array>): BodySource {
  let chunks: AsyncGenerator<Uint8Array> | undefined
  return {
    read: async () => (await (chunks ??= generate()).next()).value as Uint8Array | undefined,
    async readAll() {
      const all: Uint8Array[] = []
      for await (const chunk of generate()) all.push(chunk)
      return Buffer.concat(all)
    },
    cancel() {
      // What fails while it is told to stop has nobody left to tell.
      chunks?.return(undefined).catch(() => {})
    },
  }
}

/** A body that can't be had. */
export function failing(error: Error): BodySource {
  const fail = async () => {
    throw error
  }
  return { read: fail, readAll: fail, cancel() {} }
}

/** A stream that takes nothing from the source before it is asked to. */
export function toStream(source: BodySource): ReadableStream<Uint8Array> {
  return new ReadableStream({
    // As the platform's own bodies: readers may bring their buffers.
    type: 'bytes',
    async pull(controller) {
      const chunk = await source.read()
      if (chunk === undefined) {
        controller.close()
        controller.byobRequest?.respond(0)
      }
      // A copy: the stream takes the buffer away from whoever else has it, be it a logger in front,
      // or legacy code that still uses what is on `req` (hazard 86).
      else controller.enqueue(new Uint8Array(chunk))
    },
    cancel: () => source.cancel(),
  })
}
