// Routes directories made in a spec: real files, in a folder of their own.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const made: string[] = []

/** Writes files, given as name and text, below a new folder (or a folder in it) and returns its path. */
export function routesDirectory(files: Readonly<Record<string, string>>, inside = ''): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'start-api-')))
  made.push(root)
  const directory = join(root, inside)
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    const file = join(directory, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return directory
}

/** The text of a route file, as CommonJS: it answers its own name and its params. */
export function routeText(file: string, methods: readonly string[] = ['GET']): string {
  const answer = `({ params }) => Response.json({ file: ${JSON.stringify(file)}, params })`
  const handlers = methods.map((method) => `${method}: ${answer}`).join(', ')
  return `exports.APIRoute = { path: 'ignored', methods: { ${handlers} } }\n`
}

/** Route files with the text above, by their names. */
export function routeTexts(...files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, routeText(file)]))
}

afterAll(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true })
})
