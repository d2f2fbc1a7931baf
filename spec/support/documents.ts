// Documents that are executed: their snippets, their transcripts, and what runs them.
import { type AddressInfo, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { root } from './built'

/** The code of one language in a document. */
export function blocksOf(document: string, language: string): string[] {
  return [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, block]) => block!,
  )
}

/** What is typed into a shell, and what it prints. */
export function transcriptsOf(document: string): string[] {
  return blocksOf(document, 'sh').filter((block) => block.startsWith('$ '))
}

export interface Step {
  readonly command: string
  readonly output: string
}

export function stepsOf(transcript: string): Step[] {
  return transcript
    .slice(2)
    .split('\n$ ')
    .map((step) => {
      const [command = '', ...output] = step.split('\n')
      return { command, output: output.join('\n').trimEnd() }
    })
}

/** What `curl` prints, with `-i` the head as well. Run here and not by curl, which a machine with Node and npm may lack. */
export async function curl(command: string, origin: string): Promise<string> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!)
  const headers = new Headers()
  const init: RequestInit = { headers }
  let url = ''
  let head = false
  for (let index = 1; index < words.length; index++) {
    const word = words[index]!
    if (word === '-H') {
      const [name = '', value = ''] = words[++index]!.split(': ')
      headers.set(name, value)
    } else if (word === '-d') {
      init.method = 'POST'
      init.body = words[++index]!
    } else if (word === '-i') head = true
    else if (word.startsWith('http://localhost:3000/')) url = word
    else throw new Error(`This spec knows no curl option ${word}: teach it, or do without`)
  }
  const response = await fetch(url.replace('http://localhost:3000', origin), init)
  const text = await response.text()
  const line = `HTTP/1.1 ${response.status} ${response.statusText}`
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  return (head ? [line, ...lines, '', text].join('\n') : text).trimEnd()
}

/** A port that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What the compiler says about modules that lie in the project's root. */
export function compile(modules: readonly string[], title: string): string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const sources = new Map(
    modules.map((text, index) => [resolve(root, `${title}-${index + 1}.ts`), text]),
  )
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (file) => sources.has(resolve(file)) || fileExists(file)
  host.readFile = (file) => sources.get(resolve(file)) ?? readFile(file)
  host.getSourceFile = (file, ...rest) => {
    const text = sources.get(resolve(file))
    return text === undefined
      ? getSourceFile(file, ...rest)
      : ts.createSourceFile(file, text, rest[0])
  }
  const program = ts.createProgram([...sources.keys()], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map((diagnostic) => ts.formatDiagnostic(diagnostic, host).trim())
}
