// Whether two answers are one, and where they may differ.
import { request } from 'node:http'

/** Sends a request as it stands, on a connection of its own. */
export function ask(port, { method, path, headers = {}, body, chunked = false }) {
  return new Promise((resolve, reject) => {
    const length =
      body === undefined || chunked ? {} : { 'content-length': Buffer.byteLength(body) }
    const req = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: { host: 'localhost', ...headers, ...length },
      },
      (res) => {
        const chunks = []
        res.on('data', (chunk) => chunks.push(chunk))
        res.on('error', reject)
        res.on('end', () => resolve(toAnswer(res, Buffer.concat(chunks).toString('latin1'))))
      },
    )
    req.setTimeout(10_000, () => req.destroy(new Error(`${method} ${path} was not answered`)))
    req.on('error', (error) => resolve({ status: 0, headers: {}, body: error.message }))
    req.end(body)
  })
}

/** Of the connection, or of the time of day. */
const IGNORED = new Set(['connection', 'date', 'keep-alive', 'transfer-encoding', 'x-powered-by'])

function toAnswer({ statusCode, headers }, body) {
  const kept = Object.entries(headers).filter(([name]) => !IGNORED.has(name))
  return { status: statusCode, headers: Object.fromEntries(kept.sort()), body }
}

export function isHtml({ headers }) {
  return (headers['content-type'] ?? '').startsWith('text/html')
}

/** Whether Start leaves a request to its pages: renders one, has none, or leads to its canonical URL. */
export function isPage(answer) {
  const { status, headers } = answer
  const type = headers['content-type'] ?? ''
  const isMissing = [404, 406].includes(status) && type.startsWith('application/json')
  return isHtml(answer) || isMissing || [307, 308].includes(status)
}

/** Errors are Start's own JSON there, and the application's affair in Express. */
export function isError({ status, headers, body }) {
  return (
    headers['x-error'] === 'yes' ||
    (status >= 400 &&
      /^(?:|\{"status":.*"HTTPError"\})$/.test(body) &&
      headers['x-left'] === undefined)
  )
}

/** The members in which two answers differ. */
export function findDifferences(theirs, ours) {
  const names = new Set([...Object.keys(theirs.headers), ...Object.keys(ours.headers)])
  // A length is not owed: a stream has none, and either is free to know it.
  names.delete('content-length')
  return [
    ...(theirs.status === ours.status ? [] : ['status']),
    ...[...names].filter((name) => String(theirs.headers[name]) !== String(ours.headers[name])),
    ...(theirs.body === ours.body ? [] : ['body']),
  ]
}
