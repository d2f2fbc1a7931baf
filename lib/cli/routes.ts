// `start-api routes`: the served routes as a table.
import { resolve } from 'node:path'
import { findRoutes, loadRoutes } from '../routes/load-routes'
import { type Route, toRouteInfo } from '../routes/route-module'
import { type Command, toJson, toSettings } from './command'
import { type Terminal, toTable } from './terminal'

export const listRouteFiles: Command = {
  summary: 'lists methods, paths and files of a routes directory',
  usage: `Usage: start-api routes [dir] [options]

Lists what the route files of a directory (default: routes) serve.

  --base <path>     the apiBaseURL of the application (default: /api)
  --ignore <glob>   files that are no routes; may be repeated
  --json            for programs
`,
  options: ['base', 'ignore', 'json'],
  operand: 'directory',
  defaultOperand: 'routes',
  async run(directory, values, terminal) {
    const settings = toSettings(values)
    const routes = await loadRoutes(findRoutes(resolve(directory), settings), settings)
    const stdout =
      values.json === true ? toJson(routes.map(toRouteInfo)) : toListing(routes, terminal)
    return { stdout, exitCode: 0 }
  },
}

/** One line for each method of a route. */
function toListing(routes: readonly Route[], terminal: Terminal): string {
  const rows = routes.flatMap(({ path, file, dialect, handlers }) =>
    [...handlers.keys()].map((method) => [
      { text: method, color: 'green' as const },
      path,
      file,
      { text: dialect, color: 'dim' as const },
    ]),
  )
  return toTable(['METHOD', 'PATH', 'FILE', 'DIALECT'], rows, terminal)
}
