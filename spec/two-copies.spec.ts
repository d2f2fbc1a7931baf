// Several copies of the package in one process, as package managers and module systems make them, work
// as one (hazard 225).
import { runNode } from './support/built-package'
import { installCopies } from './support/installed-copies'

const OTHER = 'node_modules/library/node_modules/express-start-api'

function routeText(syntax: 'cjs' | 'esm', from: string, file: string): string {
  const imports = [
    ['createAPIFileRoute, defaultAPIFileRouteHandler', `${from}/api`],
    ['setHeader, setResponseStatus', `${from}/server`],
  ].map(([names, entry]) =>
    syntax === 'esm'
      ? `import { ${names} } from '${entry}'`
      : `const { ${names} } = require('${entry}')`,
  )
  return `${imports.join('\n')}
    ${syntax === 'esm' ? 'export const APIRoute' : 'exports.APIRoute'} = createAPIFileRoute('/x')({
      GET: async ({ request }) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
        setResponseStatus(418)
        setHeader('x-file', '${file}' + new URL(request.url).search)
        return new Response('tea')
      },
      POST: () => {
        throw new Response('thrown', { status: 409 })
      },
    })`
}

/** Asks each route three times at once, through the entry handler of the other module system. */
const ASK = `
  const api = startApi('./routes', { handler: (context) => defaultAPIFileRouteHandler(context) })
  const ask = async (path, init) => {
    const response = await api.fetch(path, init)
    return [response.status, response.headers.get('x-file'), await response.text()].join(' ')
  }
  async function main() {
    await api.ready
    const paths = api.routes.map(({ path }) => path)
    const urls = paths.flatMap((path) => [1, 2, 3].map((n) => path + '?' + n))
    const got = await Promise.all(urls.map((url) => ask(url)))
    const posted = await Promise.all(paths.map((path) => ask(path, { method: 'POST' })))
    console.log(JSON.stringify({ got, posted }))
  }
  void main()`

const MAINS = {
  'main.cjs': `
    const { startApi } = require('express-start-api')
    const { defaultAPIFileRouteHandler } = require('./${OTHER}/dist/api.js')
    ${ASK}`,
  'main.mjs': `
    import { startApi } from 'express-start-api'
    import { defaultAPIFileRouteHandler } from './${OTHER}/dist/api.mjs'
    ${ASK}`,
}

describe.each(Object.keys(MAINS))('in an application like %s', (main) => {
  it('shares the request with the CommonJS, the ESM and another installed copy', () => {
    const app = installCopies(['express-start-api', OTHER.replace('node_modules/', '')], {
      ...MAINS,
      'package.json': '{}',
      'routes/api/a.cjs': routeText('cjs', 'express-start-api', 'a'),
      'routes/api/b.mjs': routeText('esm', 'express-start-api', 'b'),
      // Routes that a library brings use the library's own copy.
      'node_modules/library/c.cjs': routeText('cjs', 'express-start-api', 'c'),
      'node_modules/library/d.mjs': routeText('esm', 'express-start-api', 'd'),
      'routes/api/c.cjs': `module.exports = require('library/c.cjs')`,
      'routes/api/d.mjs': `export { APIRoute } from 'library/d.mjs'`,
    })
    const { stdout, stderr } = runNode(app, [main])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      got: ['a', 'b', 'c', 'd'].flatMap((file) => [1, 2, 3].map((n) => `418 ${file}?${n} tea`)),
      posted: Array(4).fill('409  thrown'),
    })
  })
})

it('lets a handler answer through `context.res`, whichever copy runs it (hazard 122)', () => {
  const app = installCopies(['express-start-api'], {
    'package.json': '{}',
    'main.cjs': `
      const { startApi } = require('express-start-api')
      async function main() {
        const { createAPIRoute, defaultAPIRoutesHandler } = await import('express-start-api/api')
        const x = createAPIRoute('/api/x')({ GET: ({ context }) => void context.res.end('own') })
        const handler = defaultAPIRoutesHandler({ routes: { '/api/x': x } })
        const api = startApi({}, { handler, fallthrough: false })
        const server = require('node:http').createServer(api).listen(0)
        const response = await fetch('http://localhost:' + server.address().port + '/api/x')
        console.log(response.status, await response.text())
        server.close()
      }
      void main()`,
  })
  const { stdout, stderr } = runNode(app, ['main.cjs'])
  expect([stdout, stderr]).toEqual(['200 own\n', ''])
})

it('replaces the global Response once, by whichever copy is first, and each copy sends it', () => {
  const app = installCopies(['express-start-api', OTHER.replace('node_modules/', '')], {
    'package.json': '{}',
    'main.cjs': `
      const copies = ['express-start-api', './${OTHER}/dist/index.js']
      const entries = ['express-start-api/fast-response', './${OTHER}/dist/fast-response.js']
      async function main() {
        const native = Response
        const replaced = new Set()
        for (const entry of entries) {
          require(entry)
          replaced.add(Response)
          await import(entry)
          replaced.add(Response)
        }
        const answers = []
        for (const copy of copies) {
          const { createFileRoute, startApi } = require(copy)
          const GET = () => new Response('text', { headers: { 'x-a': '1' } })
          const Route = createFileRoute('/api/x')({ server: { handlers: { GET } } })
          const api = startApi({ 'api/x.ts': { Route } })
          const server = require('node:http').createServer(api).listen(0)
          const response = await fetch('http://localhost:' + server.address().port + '/api/x')
          answers.push([response instanceof Response, response.headers.get('x-a'), await response.text()])
          server.close()
        }
        console.log(JSON.stringify({ count: replaced.size, isNative: replaced.has(native), answers }))
      }
      void main()`,
  })
  const { stdout, stderr } = runNode(app, ['main.cjs'])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({
    count: 1,
    isNative: false,
    answers: Array(2).fill([true, '1', 'text']),
  })
})
