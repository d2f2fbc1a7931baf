// What editors show over the names of a route file: TypeScript's language service is what they ask.
import { join, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(__dirname, '..')

const ROUTE_FILE = `
import { createAPIFileRoute, json, startApi } from 'express-start-api'
import { setResponseStatus } from 'express-start-api/server'

export const APIRoute = createAPIFileRoute('/users/$id/posts/$postId')({
  GET: ({ request, params, context, pathname }) => {
    setResponseStatus(201)
    const answer = json({ id: params.id })
    return answer
  },
})
export const files = createAPIFileRoute('/files/$')({
  GET: ({ params: splat }) => json(splat),
})
export const api = startApi('./routes', { apiBaseURL: '/' })
void api.routes
`

const FILE = join(root, 'spec/hovered.ts')

const service = ts.createLanguageService(toHost(FILE, ROUTE_FILE))

/** Over the name where it first stands, imports apart. */
function hover(name: string): ts.QuickInfo {
  const withoutImports = ROUTE_FILE.replace(/import .*/g, (line) => ' '.repeat(line.length))
  const position = withoutImports.search(new RegExp(`(?<![.'])\\b${name}\\b`))
  return service.getQuickInfoAtPosition(FILE, position)!
}

describe('over a name in a route file an editor shows', () => {
  it.each([
    ['APIRoute', 'const APIRoute: APIRoute<"/users/$id/posts/$postId">'],
    [
      'createAPIFileRoute',
      '(alias) createAPIFileRoute<"/users/$id/posts/$postId">(path: "/users/$id/posts/$postId"): (methods: APIRouteMethods<"/users/$id/posts/$postId">) => APIRoute<"/users/$id/posts/$postId"> import createAPIFileRoute',
    ],
    ['GET', '(property) GET?: StartAPIMethodCallback<"/users/$id/posts/$postId"> | undefined'],
    ['request', '(parameter) request: Request'],
    ['params', '(parameter) params: { id: string; postId: string; }'],
    ['context', '(parameter) context: { req: HostReq; res: HostRes; }'],
    ['pathname', '(parameter) pathname: string'],
    [
      'setResponseStatus',
      '(alias) setResponseStatus(code?: number | undefined, text?: string | undefined): void (+1 overload) import setResponseStatus',
    ],
    ['answer', 'const answer: JsonResponse<{ id: string; }>'],
    ['splat', '(parameter) splat: { _splat?: string | undefined; }'],
    ['api', 'const api: StartApi'],
    ['apiBaseURL', '(property) StartApiOptions.apiBaseURL?: string | undefined'],
  ])('%s: its type, written out', (name, shown) => {
    // On one line.
    expect(ts.displayPartsToString(hover(name).displayParts).replace(/\s+/g, ' ')).toBe(shown)
  })

  it.each(['createAPIFileRoute', 'setResponseStatus', 'startApi', 'apiBaseURL'])(
    '%s: its documentation',
    (name) => {
      expect(ts.displayPartsToString(hover(name).documentation)).toMatch(/^[A-Z].*\./)
    },
  )
})

/** A project of one file beside lib/, with the project's own settings. */
function toHost(file: string, text: string): ts.LanguageServiceHost {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const read = (name: string) => (name === file ? text : ts.sys.readFile(name))
  return {
    getCompilationSettings: () => ({ ...options, types: ['node'] }),
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const content = read(name)
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
    },
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: read,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    realpath: ts.sys.realpath!,
  }
}
