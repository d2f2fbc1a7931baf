// What Start v0 was seen to do, row by row, and where this package does otherwise on purpose.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartApiError, defaultAPIRoutesHandler, startApi } from 'express-start-api'
import { hosts, serve } from './support/hosts'
import { routeText, routesDirectory } from './support/routes-directory'

interface Expected {
  /** An HTTP status; `fallthrough`; or of start-up itself `ok` or `load-error`. */
  readonly status: number | string
  readonly body?: string
  readonly params?: Readonly<Record<string, string>>
  /** The file that answers. */
  readonly route?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Case {
  readonly id: string
  readonly file: string
  readonly files?: readonly string[]
  /** What the file exports, in words; `GET` alone where nothing is said. */
  readonly handler?: string
  readonly config?: { readonly 'tsr.apiBase': string }
  readonly request: { readonly method: string; readonly path: string }
  readonly expect: Expected
}

const cases = JSON.parse(
  readFileSync(join(__dirname, 'fixtures/start-cases.json'), 'utf8'),
) as readonly Case[]

const notFound = { status: 404, body: 'Not found' }

/** Deliberate differences: what we do instead, and why. */
const DIFFERENCES: Readonly<Record<string, { readonly expect: Expected; readonly why: string }>> = {
  'v0-034': { expect: notFound, why: 'test files are never routes, even if they export one' },
  'v0-035': { expect: notFound, why: 'a leading `-` keeps a file out, as the generator has it' },
  'v0-036': { expect: notFound, why: 'dotfiles are no routes, as the generator has it' },
  'v0-047': { expect: { status: 200 }, why: 'names beyond ASCII match the escapes browsers send' },
  'v0-048': { expect: { status: 200 }, why: 'case is ignored unless Express is told to mind it' },
  'v0-051': { expect: notFound, why: "Express's guards don't collapse `//`, so nor do we" },
  'v0-053': { expect: notFound, why: 'a route answers its own path, not all that begin with it' },
  'v0-056': {
    expect: { status: 200, route: 'api/users/me.ts', params: {} },
    why: 'static goes before dynamic, whatever the order of files',
  },
  'v0-058': {
    expect: { status: 200, route: 'api/files/list.ts', params: {} },
    why: 'static goes before splat, whatever the order of files',
  },
  'v0-062': {
    expect: { status: 'load-error' },
    why: 'a splat before the end matches nothing sensible: better told at start-up',
  },
  'v0-064': {
    expect: { status: 200, params: { id: 'a/b' } },
    why: 'params are decoded, once, as in Express and in Start v1',
  },
  'v0-066': { expect: { status: 400 }, why: 'an escape that does not decode is a 400 in Express' },
  'v0-069': { expect: notFound, why: 'one text for all that is not found' },
  'v0-070': { expect: { status: 'fallthrough' }, why: '/apifoo does not lie under /api' },
  'v0-072': { expect: { status: 200 }, why: 'GET answers HEAD (RFC 9110, 9.3.2)' },
  'v0-074': {
    expect: { status: 204, body: '', headers: { allow: 'GET, OPTIONS, HEAD' } },
    why: 'OPTIONS is answered with what the route allows, as Express does',
  },
  'v0-081': {
    expect: { status: 'load-error' },
    why: 'an export that cannot work is told at start-up, not by a 500',
  },
  'v0-125': { expect: { status: 'ok' }, why: 'what is served differs: /api/users/lazy' },
  'v0-126': {
    expect: { status: 'load-error' },
    why: 'both answer the same URLs; the order of files must not decide',
  },
  'v0-129': { expect: { status: 'ok' }, why: 'API routes have no groups: the name is literal' },
}

describe('Start v0, case by case', () => {
  it.each(cases.map((row) => [row.id, toTitle(row), row] as const))(
    '%s: %s',
    async (id, _, row) => {
      const answer = await run(row)
      const { status, body, params, route, headers } = DIFFERENCES[id]?.expect ?? row.expect
      expect({
        status: answer.status,
        body: body === undefined ? undefined : answer.body,
        params: params && answer.params,
        route: route && answer.route,
      }).toEqual({ status, body, params, route })
      expect(answer.headers ?? {}).toMatchObject(headers ?? {})
    },
  )

  it('is departed from only where the table of differences says so', () => {
    const known = new Map(cases.map((row) => [row.id, row]))
    for (const [id, { expect: ours }] of Object.entries(DIFFERENCES)) {
      expect(known.get(id)?.expect).not.toMatchObject(ours)
    }
  })
})

function toTitle({ id, file, files, handler, request, expect: { status } }: Case): string {
  const what = files === undefined ? file : files.join(' + ')
  const exporting = handler === undefined ? '' : ` (${handler})`
  const asked = request.path === '' ? '' : `, ${request.method} ${request.path}`
  const difference = DIFFERENCES[id]
  const result =
    difference === undefined
      ? status
      : `${difference.expect.status}, other than in Start: ${difference.why}`
  return `${what}${exporting}${asked} is ${result}`
}

/** Start-up, and the request through Express with a legacy 404 behind. */
async function run(row: Case): Promise<Expected> {
  const { method, path } = row.request
  if (row.file === '(code-based map)') {
    const request = new Request(`http://localhost${path}`, { method })
    return toAnswer(await defaultAPIRoutesHandler({ routes: {} })({ request }))
  }
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
  try {
    const names = row.file === '(none)' ? [] : (row.files ?? [row.file])
    const directory = routesDirectory(
      Object.fromEntries(names.map((name) => [name, toText(row, name)])),
    )
    const api = startApi(directory, {
      fallthrough: false,
      ...(row.config && { apiBaseURL: row.config['tsr.apiBase'] }),
    })
    await api.ready
    if (path === '') return { status: 'ok' }
    const { url } = await serve(hosts[0]!, [api])
    return await toAnswer(await fetch(url + path, { method }))
  } catch (error) {
    if (error instanceof StartApiError && error.files !== undefined) return { status: 'load-error' }
    throw error
  } finally {
    warn.mockRestore()
  }
}

async function toAnswer(response: Response): Promise<Expected> {
  const body = await response.text()
  if (body.startsWith('legacy ')) return { status: 'fallthrough' }
  const { file, params } = (body.startsWith('{') ? JSON.parse(body) : {}) as {
    file?: string
    params?: Record<string, string>
  }
  return {
    status: response.status,
    body,
    headers: Object.fromEntries(response.headers),
    ...(file !== undefined && { route: file }),
    ...(params !== undefined && { params }),
  }
}

/** The text of a file whose exports a row describes in words. */
function toText({ handler = 'only GET defined' }: Case, name: string): string {
  const [, method = 'GET'] = /([A-Z]+) defined/.exec(handler) ?? []
  const text = routeText(name, [method])
  switch (handler) {
    case 'file has no APIRoute export':
      return 'exports.helper = 1'
    case 'api/a.ts exports Route instead of APIRoute':
      return name === 'api/a.ts' ? text.replace('APIRoute', 'Route') : text
    case 'export const APIRoute = undefined':
      return handler
    case 'const r = ...; export { r as APIRoute }':
      return text.replace('exports.APIRoute =', 'const r =') + 'export { r as APIRoute }'
    default:
      return text
  }
}
