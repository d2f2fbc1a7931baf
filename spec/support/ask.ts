// One route with a handler of the spec's, asked through a host: for what server helpers do.
import { type StartApi, type StartApiOptions, json, startApi } from 'express-start-api'
import { type Host, type Layer, type Running, serve } from './hosts'
import { apiRoutes } from './routes'

/** May return what no route file should: helpers that answer themselves leave nothing to return. */
export type Handler = (context: {
  request: Request
  params: Record<string, string>
  context: object
}) => unknown

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** `/api/x/$id`, for all methods. */
export function route(handler: Handler, options?: StartApiOptions): StartApi {
  const methods = Object.fromEntries(METHODS.map((method) => [method, handler as never]))
  return startApi(apiRoutes({ 'api/x/$id.ts': methods }), options)
}

export interface Ask extends RequestInit {
  path?: string
  before?: readonly Layer[]
  options?: StartApiOptions
}

/** The answer to `/api/x/7`, redirects included. */
export async function ask(host: Host, handler: Handler, ask: Ask = {}): Promise<Response> {
  return (await run(host, handler, ask)).response
}

/** What a handler sees through helpers, as JSON makes it; rejects with what it throws. */
export async function saw(host: Host, look: () => unknown, init: Ask = {}): Promise<unknown> {
  const { response, errors } = await run(host, async () => json((await look()) ?? null), init)
  if (errors.length > 0) throw errors[0]
  return response.json()
}

async function run(
  host: Host,
  handler: Handler,
  { path = '/api/x/7', before = [], options, ...init }: Ask,
): Promise<{ response: Response } & Pick<Running, 'errors'>> {
  const { url, errors } = await serve(host, [...before, route(handler, options)])
  return { response: await fetch(url + path, { redirect: 'manual', ...init }), errors }
}

export function post(body: BodyInit, type?: string): RequestInit {
  return { method: 'POST', body, ...(type !== undefined && { headers: { 'content-type': type } }) }
}
