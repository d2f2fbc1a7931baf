// Per request: the bytes of a body, wherever they are.
import { isPromise } from '../is-promise'

/** Read in one of two ways, and by one reader. Reads reject with what stands in the way of the body. */
export interface BodySource {
  /**
   * The next chunk, `undefined` at the end. Its buffer is the reader's alone. What is here comes without
   * a promise: three a chunk took 3 to 6 % of 1 MiB in.
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** The whole body, to look at, without a stream in between. Instead of `read()`, not after it. */
  readAll(): Promise<Uint8Array>
  /** Nobody is going to `read()` the rest. Does nothing to a `readAll()`. */
  cancel(): void
}

/** A body that is in memory. */
export function fromBytes(bytes: Uint8Array): BodySource {
  let left: Uint8Array | undefined = bytes.byteLength > 0 ? bytes : undefined
  return {
    read() {
      const chunk = left
      left = undefined
      // Legacy code may still use what is on `req` (hazard 86).
      return chunk && new Uint8Array(chunk)
    },
    readAll: async () => bytes,
    cancel() {},
  }
}

export function fromGenerator(generate: () => AsyncGenerator<Uint8Array>): BodySource {
  let chunks: AsyncGenerator<Uint8Array> | undefined
  const read = async () => {
    chunks ??= generate()
    const { value } = (await chunks.next()) as { value?: Uint8Array }
    return value && toOwn(value)
  }
  let isTakenWhole = false
  return {
    read,
    async readAll() {
      isTakenWhole = true
      const all: Uint8Array[] = []
      for (let chunk = await read(); chunk !== undefined; chunk = await read()) all.push(chunk)
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
  const fail = async () => {
    throw error
  }
  return { read: fail, readAll: fail, cancel() {} }
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

  function pull(): void | Promise<void> {
    const chunk = source.read()
    return isPromise(chunk) ? chunk.then(put) : put(chunk)
  }

  function put(chunk: Uint8Array | undefined): void | Promise<void> {
    // An empty one would not wake its reader.
    if (chunk?.byteLength === 0) return pull()
    // The stream takes the buffer away from whoever else has it.
    if (chunk !== undefined) return controller.enqueue(chunk as Uint8Array<ArrayBuffer>)
    controller.close()
    controller.byobRequest?.respond(0)
  }

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
