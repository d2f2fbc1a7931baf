// What lib/ can say, read out of its texts: sentences, and the codes of errors.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { globSync } from 'glob'
import ts from 'typescript'

const project = resolve(__dirname, '../..')

export interface Sentence {
  /** `lib/options.ts:12` */
  readonly place: string
  /** A string, or what a template has between two values. */
  readonly text: string
}

const files = globSync('lib/**/*.ts', { cwd: project, posix: true }).sort()

function read(file: string): string {
  return readFileSync(join(project, file), 'utf8')
}

/** Codes of errors, wherever they are written. */
export function findCodes(): string[] {
  return [
    ...new Set(files.flatMap((file) => read(file).match(/\bERR_START_API_[A-Z_]*[A-Z]\b/g) ?? [])),
  ]
}

/**
 * All strings of three words or more.
 *
 * @param ignored names of properties, constants, functions and files whose strings are no messages
 */
export function findSentences(ignored: ReadonlySet<string>): Sentence[] {
  return files
    .filter((file) => !ignored.has(file))
    .flatMap((file) => {
      const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
      const sentences: Sentence[] = []
      function visit(node: ts.Node): void {
        if (isNamed(node) && ignored.has(node.name.getText())) return
        if (isText(node) && toWords(node.text).split(' ').length >= 3) {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart())
          sentences.push({ place: `${file}:${line + 1}`, text: toWords(node.text) })
        }
        ts.forEachChild(node, visit)
      }
      visit(source)
      return sentences
    })
}

/** With one space between any two words. */
export function toWords(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ')
}

type Named = ts.PropertyAssignment | ts.VariableDeclaration | ts.FunctionDeclaration

function isNamed(node: ts.Node): node is Named & { name: ts.Node } {
  return (
    ts.isPropertyAssignment(node) ||
    ts.isVariableDeclaration(node) ||
    (ts.isFunctionDeclaration(node) && node.name !== undefined)
  )
}

function isText(node: ts.Node): node is ts.StringLiteralLike | ts.TemplateHead {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  )
}
