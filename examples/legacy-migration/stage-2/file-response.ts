// What res.sendFile() did: a file with validators, and one range of it where the client asks for that.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { httpError } from '../shared/http-error.js'

interface FileToSend {
  path: string
  name: string
  type: string
}

export async function fileResponse(
  request: Request,
  { path, name, type }: FileToSend,
): Promise<Response> {
  const { size, mtime } = await stat(path)
  const etag = `W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`
  const headers = new Headers({
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=0',
    'content-disposition': toDisposition(name),
    'content-type': type.startsWith('text/') ? `${type}; charset=utf-8` : type,
    etag,
    'last-modified': mtime.toUTCString(),
  })
  if (isFresh(request.headers, etag, mtime)) return new Response(null, { status: 304, headers })
  const range = toRange(request.headers, size, etag)
  if (range === 'unsatisfiable') throw httpError(416, 'Range Not Satisfiable')
  const { start, end } = range ?? { start: 0, end: size - 1 }
  headers.set('content-length', String(end - start + 1))
  if (range !== undefined) headers.set('content-range', `bytes ${start}-${end}/${size}`)
  // An empty file has no last byte.
  const body = size === 0 ? null : Readable.toWeb(createReadStream(path, { start, end }))
  return new Response(body as BodyInit | null, { status: range === undefined ? 200 : 206, headers })
}

/** Whether the client has this version (RFC 9110, 13.2.2). */
function isFresh(headers: Headers, etag: string, mtime: Date): boolean {
  const known = headers.get('if-none-match')
  if (known !== null) return known.split(',').some((tag) => ['*', etag].includes(tag.trim()))
  const since = headers.get('if-modified-since')
  return since !== null && Math.trunc(mtime.getTime() / 1000) * 1000 <= Date.parse(since)
}

/** A single range (RFC 9110, 14.1.2); `undefined`: the whole file. */
function toRange(
  headers: Headers,
  size: number,
  etag: string,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const condition = headers.get('if-range')
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.get('range') ?? '') ?? []
  if ((first === '' && last === '') || (condition !== null && condition !== etag)) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start > end ? 'unsatisfiable' : { start, end }
}

/** With the name in UTF-8 (RFC 6266) where it is no plain word. */
function toDisposition(name: string): string {
  if (/^[\w.-]+$/.test(name)) return `attachment; filename=${name}`
  const ascii = name.replace(/[^ -~]|["\\]/g, '?')
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(name)}`
}
