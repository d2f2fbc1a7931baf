// Requests with a body, down to the headers that describe it.
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'

export interface Sent {
  readonly method?: string
  readonly type?: string
  readonly body: string | Uint8Array
  /** Further headers. `transfer-encoding: chunked` leaves the length out. */
  readonly headers?: OutgoingHttpHeaders
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Sends exactly these headers and bytes, on a connection of its own. */
export function post(
  port: number,
  path: string,
  { method = 'POST', type, body, headers = {} }: Sent,
): Promise<Answer> {
  const bytes = Buffer.from(body as string)
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        port,
        path,
        method,
        agent: false,
        headers: {
          ...(type === undefined ? {} : { 'content-type': type }),
          ...('transfer-encoding' in headers ? {} : { 'content-length': bytes.byteLength }),
          ...headers,
        },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => (text += chunk))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
      },
    )
    sending.on('error', reject)
    sending.end(bytes)
  })
}

/** A multipart form as browsers write it. */
export function toForm(
  parts: readonly {
    name: string
    filename?: string
    type?: string
    content: string | Uint8Array
  }[],
): { type: string; body: Buffer } {
  const boundary = '----spec-boundary'
  const body = Buffer.concat([
    ...parts.flatMap(({ name, filename, type, content }) => [
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"` +
          (filename === undefined ? '' : `; filename="${filename}"`) +
          (type === undefined ? '' : `\r\nContent-Type: ${type}`) +
          '\r\n\r\n',
      ),
      Buffer.from(content as string),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
  return { type: `multipart/form-data; boundary=${boundary}`, body }
}

/** Node's own request, which v0's types don't know of. */
export function toNode(given: object): IncomingMessage & Record<string, unknown> {
  return (given as { context: { req: IncomingMessage & Record<string, unknown> } }).context.req
}
