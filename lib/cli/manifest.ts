// `start-api manifest`: the text of a module that imports the route files, for servers that are
// bundled: a bundler follows written imports, and no routes directory (hazard 224).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { findRoutes } from '../routes/load-routes'
import { quote } from '../routes/scaffold'
import { type Command, CommandError, toSettings } from './command'
import { count } from './terminal'

export const manifest: Command = {
  summary: 'writes a module that imports the route files, for bundlers',
  usage: `Usage: start-api manifest <dir> [options]

Writes a module that imports the route files of a directory, for servers that are bundled.

  -o, --output <file>   .ts, .mts, .cts, .js, .mjs or .cjs (default: printed)
  --base <path>         the apiBaseURL of the application (default: /api)
  --ignore <glob>       files that are no routes; may be repeated
`,
  options: ['output', 'base', 'ignore'],
  operand: 'directory',
  run(operand, values) {
    const directory = resolve(operand)
    const { output } = values
    const target = resolve(output ?? 'routes.manifest.ts')
    if (!/\.[cm]?[jt]s$/.test(target) || /\.d\.[cm]?ts$/.test(target)) {
      throw new CommandError(
        `--output must be a .ts, .mts, .cts, .js, .mjs or .cjs file, not ${output}.`,
      )
    }
    const files = findRoutes(directory, toSettings(values))
      .map(({ file }) => file)
      // The manifest of last time may lie among them.
      .filter((file) => join(directory, file) !== target)
    const text = toManifest(files, directory, target)
    if (output === undefined) return { stdout: text, exitCode: 0 }
    // An unchanged file keeps its date: bundlers that watch it would build again.
    const state = readText(target) === text ? 'is up to date' : 'written'
    if (state === 'written') {
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
    }
    const stdout = `${relative('', target)} ${state}: ${count(files.length, 'route file')}\n`
    return { stdout, exitCode: 0 }
  },
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * A module whose default export startApi() takes. It depends on the file names alone: the same on
 * every machine and in every working directory.
 *
 * @param files relative to the routes directory, separated by `/`
 * @param directory the routes directory
 * @param output the file that the module goes to; its extension decides on the language
 */
export function toManifest(files: readonly string[], directory: string, output: string): string {
  const language = /ts$/.test(output) ? 'TypeScript' : 'JavaScript'
  const folder = toFolder(directory, output)
  const lines = files.map((file) => {
    const specifier = quote(folder + (language === 'TypeScript' ? toEmitted(file) : file))
    // Always below `./routes/`, so that no folder of that name further down is taken for the root.
    return `  ${quote(`./routes/${file}`)}: () => import(${specifier}),\n`
  })
  const modules = `{\n${lines.join('')}}`
  const body =
    language === 'TypeScript'
      ? `import type { RouteModules } from 'express-start-api'\n\nexport default ${modules} satisfies RouteModules`
      : output.endsWith('.cjs')
        ? `module.exports = ${modules}`
        : `export default ${modules}`
  return `// Written by \`start-api manifest\`: run it again when route files come or go.\n${body}\n`
}

/** The routes directory as seen from the output, with a slash at its end. */
function toFolder(directory: string, output: string): string {
  const path = relative(dirname(output), directory).replaceAll(sep, '/')
  const specifier = /^\.\.(?:\/|$)/.test(path) ? path : `./${path}`
  return specifier.endsWith('/') ? specifier : `${specifier}/`
}

/** TypeScript wants the name of the compiled file (node16), and bundlers take it, too. */
function toEmitted(file: string): string {
  return file.replace(/\.([cm]?)tsx?$/i, '.$1js')
}
