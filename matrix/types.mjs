// The type specs of spec/types, compiled by TypeScript after TypeScript against the declarations that
// users get.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { project, write } from './workspace.mjs'

/** The oldest that is promised, those in between that most applications have, the newest. */
const TYPESCRIPTS = [
  { version: '5.4', home: 'typescript-5.4', quick: true },
  { version: '5.6', home: 'typescript-5.6' },
  { version: '5.9', home: 'typescript' },
  { version: '6', home: 'typescript-6' },
  { version: '7', home: 'typescript-7', quick: true },
]

/** How a project may look packages up, and which libraries it has. */
const PROJECTS = [
  {
    resolution: 'node16',
    app: 'CommonJS',
    type: 'commonjs',
    options: { module: 'node16', lib: ['es2023'] },
  },
  {
    resolution: 'node16',
    app: 'ESM',
    type: 'module',
    options: { module: 'node16', lib: ['es2023'] },
  },
  {
    resolution: 'bundler',
    app: 'ESM',
    type: 'module',
    options: { module: 'esnext', lib: ['es2023', 'dom', 'dom.iterable'] },
  },
]

export function typeCells({ hosts, run }) {
  const { folder } = hosts.at(-1)
  return PROJECTS.flatMap(({ resolution, app, type, options }) =>
    TYPESCRIPTS.map(({ version, home, quick }) => ({
      table: 'types',
      row: [`moduleResolution ${resolution}`, app],
      column: `TypeScript ${version}`,
      title: `types, moduleResolution ${resolution} (${app}), TypeScript ${version}`,
      quick,
      run: async () => {
        const own = write(join(folder, `types-${resolution}-${type}-${version}`), {
          'package.json': JSON.stringify({ type }),
          'tsconfig.json': JSON.stringify({
            compilerOptions: { ...COMMON, moduleResolution: resolution, ...options },
          }),
          ...specs(),
        })
        const tsc = `../../node_modules/${home}/bin/tsc`
        const { output, code } = await run(own, ['node', tsc, '--pretty', 'false'])
        const complaints = toComplaints(output)
        // The compiler ends with an error for the dependencies' own declarations, too.
        const red = complaints.length > 0 || (code !== 0 && !OF_DEPENDENCY.test(output))
        return { red, output: complaints.join('\n') || output }
      },
    })),
  )
}

const COMMON = {
  target: 'es2022',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  esModuleInterop: true,
  skipLibCheck: false,
  noEmit: true,
}

/** With the whole names that ES modules want in imports. */
function specs() {
  const folder = join(project, 'spec/types')
  return Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      readFileSync(join(folder, name), 'utf8').replaceAll(/(?<=from '\.\/[\w-]+)(?=')/g, '.js'),
    ]),
  )
}

/**
 * Declarations of dependencies want libraries that not every TypeScript has (`AsyncDisposableStack`,
 * `FetchEvent`): applications set `skipLibCheck` against those. What is said about ours counts.
 */
const OF_DEPENDENCY = /^(?:\.\.\/)+(?:[^(]*\/)?node_modules\/(?!express-start-api\/)/m

/** A complaint is a line, and the indented lines that follow it. */
function toComplaints(output) {
  return output
    .split(/\n(?!\s)/)
    .map((complaint) => complaint.trimEnd())
    .filter((complaint) => /\berror TS\d+/.test(complaint) && !OF_DEPENDENCY.test(complaint))
}
