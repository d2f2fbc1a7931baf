// For tools: the first text of a new route file, as Start's generator writes it.

export interface Scaffold {
  /** Route path, with the base: `/api/users/$id`. */
  readonly path: string
  /** `v0`: an `APIRoute`; `v1`: a `Route` with `server`. */
  readonly style: 'v0' | 'v1'
  readonly methods: readonly string[]
  /** Whether the file is written with `import` and `export`, as TypeScript always is. */
  readonly syntax: 'esm' | 'cjs'
  /** The package that route files of the project import. */
  readonly from: string
}

/** The text of a route file that answers each method with a greeting. */
export function toScaffold(scaffold: Scaffold): string {
  return scaffold.style === 'v1' ? toServerRoute(scaffold) : toApiRoute(scaffold)
}

function toApiRoute(scaffold: Scaffold): string {
  const { path, syntax, from } = scaffold
  const imports =
    syntax === 'cjs'
      ? `const { json } = require('${from}')\nconst { createAPIFileRoute } = require('${from}/api')`
      : `import { json } from '${from}'\nimport { createAPIFileRoute } from '${from}/api'`
  const exported = syntax === 'cjs' ? 'exports.APIRoute =' : 'export const APIRoute ='
  return `${imports}

${exported} createAPIFileRoute(${quote(path)})({
${toHandlers(scaffold, 'json', '  ')}})
`
}

function toServerRoute(scaffold: Scaffold): string {
  const { path, syntax, from: start } = scaffold
  const from = start.replace(/^(@tanstack\/\w+)-start$/, '$1-router')
  const imports =
    syntax === 'cjs'
      ? `const { createFileRoute } = require('${from}')`
      : `import { createFileRoute } from '${from}'`
  const exported = syntax === 'cjs' ? 'exports.Route =' : 'export const Route ='
  return `${imports}

${exported} createFileRoute(${quote(path)})({
  server: {
    handlers: {
${toHandlers(scaffold, 'Response.json', '      ')}    },
  },
})
`
}

function toHandlers({ path, methods }: Scaffold, json: string, indent: string): string {
  return methods
    .map(
      (method) => `${indent}${method}: ({ request, params }) => {
${indent}  return ${json}({ message: ${quote(`Hello ${path}!`)} })
${indent}},
`,
    )
    .join('')
}

/** As source text. */
export function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
