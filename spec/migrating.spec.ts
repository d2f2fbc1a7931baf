// docs/migrating.md is executed: each section's files are written, its programs run, its requests sent.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { globSync } from 'glob'
import { type Program, assertBuilt, root, start } from './support/built'
import { blocksOf, compile, curl, freePort, stepsOf, transcriptsOf } from './support/documents'

const guide = readFileSync(join(root, 'docs/migrating.md'), 'utf8')
const sections = guide.split(/^## /m).slice(1)
const run = sections.filter((section) => transcriptsOf(section).length > 0)
const titleOf = (section: string) => section.split('\n', 1)[0]!

const folder = mkdtempSync(join(tmpdir(), 'start-api-migrating-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An application folder with the files of a section, listening on a port of its own. */
async function install(section: string): Promise<string> {
  const home = mkdtempSync(join(folder, 'app-'))
  const port = await freePort()
  for (const text of blocksOf(section, 'js')) {
    const [, file] = /^\/\/ (\S+)\n/.exec(text) ?? []
    if (file === undefined) throw new Error(`A program without its file name:\n${text}`)
    mkdirSync(dirname(join(home, file)), { recursive: true })
    writeFileSync(join(home, file), text.replaceAll('3000', String(port)))
  }
  mkdirSync(join(home, 'node_modules'))
  for (const name of ['express', 'express-session', 'passport']) {
    symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name), 'junction')
  }
  symlinkSync(root, join(home, 'node_modules/express-start-api'), 'junction')
  return home
}

/** `$ NAME=value node app.js` */
function launch(command: string, cwd: string): Promise<Program> {
  const words = command.split(' ')
  const env = Object.fromEntries(
    words.slice(0, words.indexOf('node')).map((word) => word.split('=')),
  )
  return start([process.execPath, ...words.slice(words.indexOf('node') + 1)], { cwd, env })
}

/** Of a head, a transcript shows the lines that matter. */
function toShown(printed: string, shown: string): string {
  if (!shown.startsWith('HTTP/')) return printed
  const [head = '', ...body] = printed.split('\n\n')
  const lines = head.split('\n').filter((line) => shown.includes(line))
  return [lines.join('\n'), ...body].join('\n\n')
}

describe('docs/migrating.md', () => {
  beforeAll(assertBuilt)

  it.each(run.map((section) => [titleOf(section), section]))('shows: %s', async (_, section) => {
    const home = await install(section)
    for (const [launched, ...asked] of transcriptsOf(section).map(stepsOf)) {
      const { origin, stop } = await launch(launched!.command, home)
      expect(asked.length).toBeGreaterThan(0)
      for (const { command, output } of asked) {
        const printed = toShown(await curl(command, origin), output)
        expect({ command, printed }).toEqual({ command, printed: output })
      }
      await stop()
    }
  })

  it('ends its processes without cutting a feed off', async () => {
    const section = sections.find((text) => titleOf(text).startsWith('Several processes'))!
    const { origin, stop } = await launch('node cluster.js', await install(section))
    const feed = await fetch(`${origin}/api/feed`)
    const text = feed.text()
    expect(await stop()).toBe(0)
    expect(await text).toBe('data: hello\n\n')
  })

  it('has no program that nothing runs, and snippets that compile', () => {
    const programs = run.flatMap((section) => blocksOf(section, 'js'))
    expect(blocksOf(guide, 'js')).toEqual(programs)
    expect(compile(blocksOf(guide, 'ts'), 'migrating')).toEqual([])
  })

  it('leads to files and headings that exist', () => {
    const anchors = new Map([...globSync('{README.md,docs/*.md}', { cwd: root })].map(toAnchors))
    const links = [...guide.matchAll(/\]\(([^)#]*)(?:#([^)]+))?\)/g)]
    expect(links.length).toBeGreaterThan(0)
    for (const [link, file = '', anchor] of links) {
      const target = file === '' ? 'docs/migrating.md' : resolve('/docs', file).slice(1)
      const found = globSync(target, { cwd: root })
      expect([link, found]).toEqual([link, [target]])
      const known = anchor === undefined || anchors.get(target)?.includes(anchor)
      expect([link, known]).toEqual([link, true])
    }
  })
})

/** As GitHub makes them of headings. */
function toAnchors(file: string): [string, string[]] {
  const headings = readFileSync(join(root, file), 'utf8').matchAll(/^#+ (.*)$/gm)
  return [
    file,
    [...headings].map(([, text]) =>
      text!
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  ]
}
