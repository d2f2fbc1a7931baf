// The files of a cell's application: one route file, asked one GET and one POST behind express.json().

const ROUTE_BODY = `createAPIFileRoute('/api/notes/$id')({
  GET: ({ params }) => json({ id: params.id }),
  POST: async ({ request }) => {
    setResponseStatus(201)
    return json(await request.json())
  },
})`

const IMPORTED_NAMES = [
  ['json', 'express-start-api'],
  ['createAPIFileRoute', 'express-start-api/api'],
  ['setResponseStatus', 'express-start-api/server'],
]

/**
 * In either module syntax, plain or with types that a loader has to remove.
 *
 * @param later awaits before it exports, which ES modules may
 */
export function routeFile(syntax, language, { later = false } = {}) {
  const count =
    language === 'ts'
      ? 'const world = globalThis as { loads?: number }\nworld.loads = (world.loads ?? 0) + 1'
      : 'globalThis.loads = (globalThis.loads ?? 0) + 1'
  const head = IMPORTED_NAMES.map(([name, from]) =>
    syntax === 'esm'
      ? `import { ${name} } from '${from}'`
      : `const { ${name} } = require('${from}')`,
  ).join('\n')
  const wait = later ? 'await new Promise((resolve) => setTimeout(resolve, 1))\n' : ''
  const exported = syntax === 'esm' ? 'export const APIRoute' : 'exports.APIRoute'
  return `${head}\n${wait}${count}\n${exported} = ${ROUTE_BODY}\n`
}

/**
 * The application, which imports the route file itself, too: it must not exist twice.
 *
 * @param self specifier of the route file
 * @param routes expression for startApi()'s first argument
 * @param imports further import lines
 */
export function appFile({ syntax, self, routes, imports = '', options = '' }) {
  const head =
    syntax === 'esm'
      ? `import express from 'express'
import { startApi } from 'express-start-api'
import { APIRoute } from '${self}'
${imports}`
      : `const express = require('express')
const { startApi } = require('express-start-api')
const { APIRoute } = require('${self}')
${imports}`
  return `${head}
const app = express()
app.use(express.json())
app.use(startApi(${routes}${options}))
${syntax === 'esm' ? 'export { app, APIRoute }' : 'module.exports = { app, APIRoute }'}\n`
}

/** Asks the application; what it answers is EXPECTED. In plain JavaScript that TypeScript takes. */
const ASK = `const server = app.listen(0)
await new Promise((resolve) => server.once('listening', resolve))
const { port } = Object(server.address())
const url = \`http://localhost:\${port}/api/notes/7\`
const got = await fetch(url)
const posted = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ text: 'ü' }),
})
const answers = [got.status, await got.text(), posted.status, await posted.text()]
server.close()
server.closeAllConnections()
const report = JSON.stringify([...answers, APIRoute.path, Object(globalThis).loads])`

export const EXPECTED = JSON.stringify([
  200,
  '{"id":"7"}',
  201,
  '{"text":"ü"}',
  '/api/notes/$id',
  1,
])

/** Starts the application and prints the answers. */
export function mainFile(syntax, app) {
  const head =
    syntax === 'esm'
      ? `import { app, APIRoute } from '${app}'`
      : `const { app, APIRoute } = require('${app}')`
  return `${head}
async function main() {
${ASK}
console.log(report)
}
void main()\n`
}

/** The same as a test of jest or vitest. */
export function testFile(app, imports = '') {
  return `${imports}import { app, APIRoute } from '${app}'
it('answers', async () => {
${ASK}
expect(report).toBe(${JSON.stringify(EXPECTED)})
console.log(report)
})\n`
}

export function packageFile(type) {
  return JSON.stringify({ private: true, ...(type !== undefined && { type }) })
}

export function tsconfigFile(compilerOptions) {
  return JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      esModuleInterop: true,
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      ...compilerOptions,
    },
  })
}
