// The README is executed: transcripts are run and compared, names are served, snippets compiled.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { json, startApi } from 'express-start-api'
import { dependencies, scripts } from '../package.json'
import { assertBuilt, root, start } from './support/built'
import { blocksOf, compile, curl, freePort, stepsOf, transcriptsOf } from './support/documents'
import { apiRoutes } from './support/routes'

const readme = readFileSync(join(root, 'README.md'), 'utf8')

const program = blocksOf(readme, 'js')
const snippets = blocksOf(readme, 'ts')
const transcripts = transcriptsOf(readme)

/** Cells of the table below a heading, without its head. */
function tableOf(heading: string): string[][] {
  const [, section = ''] = readme.split(`\n## ${heading}\n`)
  const rows = section.split('\n## ')[0]!.match(/^\|.*\|$/gm) ?? []
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
}

describe('README.md', () => {
  beforeAll(assertBuilt)

  it('comes to its first answer before line 40', () => {
    const [before = ''] = readme.split('\n{"id":"42"}\n')
    expect(before).toContain('$ curl ')
    expect(before.split('\n').length).toBeLessThan(40)
  })

  describe('the first program', () => {
    const folder = mkdtempSync(join(tmpdir(), 'start-api-readme-'))
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    it('answers as shown', async () => {
      const port = await freePort()
      for (const text of program) {
        const [, file = ''] = /^\/\/ (\S+)\n/.exec(text) ?? []
        mkdirSync(dirname(join(folder, file)), { recursive: true })
        writeFileSync(join(folder, file), text.replaceAll('3000', String(port)))
      }
      // What the reader has installed.
      const installed = join(folder, 'node_modules')
      mkdirSync(installed)
      symlinkSync(join(root, 'node_modules/express'), join(installed, 'express'), 'junction')
      symlinkSync(root, join(installed, 'express-start-api'), 'junction')

      const [run, ...curls] = stepsOf(transcripts[0]!)
      expect(run).toEqual({ command: 'node app.mjs', output: 'http://localhost:3000' })
      const { origin } = await start([process.execPath, 'app.mjs'], { cwd: folder })
      expect(curls.length).toBeGreaterThan(0)
      for (const { command, output } of curls) {
        expect({ command, output: await curl(command, origin) }).toEqual({ command, output })
      }
    }, 30_000)
  })

  it('shows what `npm start` prints, and what its routes answer', async () => {
    const [run, ...curls] = stepsOf(transcripts[1]!)
    expect(run?.command).toBe('npm start')
    const [, app = ''] = /^ts-node (\S+)$/.exec(scripts.start) ?? []
    const tsNode = join(root, 'node_modules/ts-node/dist/bin.js')
    const { output, origin } = await start([process.execPath, tsNode, app])
    expect(output.replace(origin, 'http://localhost:3000').trimEnd()).toBe(run?.output)
    expect(curls.length).toBeGreaterThan(0)
    for (const { command, output } of curls) {
      expect({ command, output: await curl(command, origin) }).toEqual({ command, output })
    }
  }, 30_000)

  it('has no transcript that no spec runs', () => {
    expect(transcripts.length).toBe(2)
  })

  it.each(
    tableOf('File name → URL').flatMap(([files = '', url = '', params = '']) =>
      codesIn(files).map((file) => [file, codesIn(url)[0]!, codesIn(params)[0]!] as const),
    ),
  )('serves %s at %s with params %s', async (file, url, params) => {
    const api = startApi(apiRoutes({ [file]: { GET: (context) => json(context.params) } }))
    expect(await (await api.fetch(url)).json()).toEqual(JSON.parse(params))
  })

  it('names each option', () => {
    const unknown = { nonsense: true } as object
    let known: string[] = []
    try {
      startApi('./routes', unknown)
    } catch (error) {
      known = /Known options: (.*)\./.exec((error as Error).message)![1]!.split(', ')
    }
    expect(tableOf('Options').map(([option]) => codesIn(option!)[0])).toEqual(known)
  })

  it('gives a reason for each dependency', () => {
    const rows = tableOf('Dependencies').map(([name]) => codesIn(name!)[0])
    expect(rows.sort()).toEqual(Object.keys(dependencies).sort())
  })

  it('maps what is in lib/', () => {
    const mapped = tableOf('Map of lib/').flatMap(([where]) => codesIn(where!))
    const there = readdirSync(join(root, 'lib'), { withFileTypes: true })
    expect(mapped.sort()).toEqual(
      there.map((entry) => `lib/${entry.name}${entry.isDirectory() ? '/' : ''}`).sort(),
    )
  })

  it('names only scripts that exist', () => {
    const named = [...readme.matchAll(/npm run (\w+)/g)].map(([, name]) => name!)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })

  it('has snippets that are modules, so that their `declare module` adds and does not replace', () => {
    const scripts = snippets.filter((text) => !/^(?:import|export) /m.test(text))
    expect(scripts).toEqual([])
  })

  it('has snippets that compile', () => {
    expect(snippets.length).toBeGreaterThan(0)
    expect(compile(snippets, 'README')).toEqual([])
  }, 30_000)
})
