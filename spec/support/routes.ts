// Route modules made in a spec, as a bundler would hand them over.
import { createAPIFileRoute, type APIRouteMethods } from 'express-start-api'

/** `{ 'api/users.ts': { GET: … } }` as modules that export an `APIRoute`. */
export function apiRoutes(
  files: Readonly<Record<string, APIRouteMethods<string>>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(files).map(([file, methods]) => [
      file,
      { APIRoute: createAPIFileRoute(file as string)(methods) },
    ]),
  )
}
