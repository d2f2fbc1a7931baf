// Types of `express-start-api/server`, as tsc checks them: nothing here runs. What must not compile is
// marked, so that tsc reports it once it does.
import * as server from 'express-start-api/server'
import { exactly } from './exactly'

export async function bodies(): Promise<void> {
  exactly<string | undefined>()(await server.readRawBody())
  exactly<string | undefined>()(await server.readRawBody('hex'))
  exactly<Buffer | undefined>()(await server.readRawBody(false))
  exactly<Buffer | undefined>()(await server.readRawBody(server.getEvent(), false))
  exactly<{ name: string }>()(await server.readBody<{ name: string }>())
  // As in Start, members are read unchecked without a type.
  const { name } = await server.readBody()
  exactly<FormData>()(await server.readFormData())
  exactly<number>()(await server.readValidatedBody((body) => Number(body)))
  exactly<number>()(await server.readValidatedBody(schema))
  exactly<number>()(await server.getValidatedQuery(server.getEvent(), schema))
  // @ts-expect-error -- no such encoding
  void server.readRawBody('utf-9')
  // @ts-expect-error -- takes a function or a schema
  void server.readValidatedBody({})
  void name
}

declare const schema: server.Schema<number>

export function requests(): void {
  exactly<Request>()(server.getRequest())
  exactly<Request>()(server.getWebRequest(server.getEvent()))
  exactly<string | undefined>()(server.getRequestHeader('accept'))
  exactly<string | null>()(server.getRequestHeaders().get('accept'))
  exactly<string | undefined>()(server.getRequestHeaders()['x-own'])
  exactly<URL>()(server.getRequestUrl({ xForwardedHost: true }))
  exactly<string | undefined>()(server.getRequestIP())
  exactly<boolean>()(server.isMethod(['GET', 'HEAD'], true))
  exactly<{ page: string }>()(server.getQuery<{ page: string }>())
  exactly<string | undefined>()(server.getRouterParam('id'))
  exactly<Record<string, string>>()(server.getCookies())
  exactly<string | undefined>()(server.getCookie('a'))
  // @ts-expect-error -- no such method
  server.isMethod('FETCH')
  // @ts-expect-error -- takes no arguments but the event
  server.getRequestHeaders('accept')
  // @ts-expect-error -- no such option
  server.getRequestHost({ xForwardedProto: true })
}

export function responses(): void {
  server.setResponseStatus(404, 'Nope')
  server.setResponseStatus(server.getEvent(), 404)
  server.setHeader('x-count', 1)
  server.setHeader('x-many', ['a', 'b'])
  server.setHeaders({ 'x-a': '1', 'x-b': undefined })
  server.setResponseHeaders(new Headers())
  server.setResponseHeaders([['x-a', '1']])
  server.setCookie('a', 'b', { maxAge: 60, sameSite: 'lax', httpOnly: true })
  exactly<number>()(server.getResponseStatus())
  exactly<boolean>()(server.handleCors({ origin: '*' }))
  exactly<Promise<void>>()(server.sendRedirect('/there', 301))
  // @ts-expect-error -- a status is a number
  server.setResponseStatus('404')
  // @ts-expect-error -- a value is a text, a number or several texts
  server.setHeader('x-a', { a: 1 })
  // @ts-expect-error -- no such attribute
  server.setCookie('a', 'b', { maxage: 60 })
  // @ts-expect-error -- not one of the values
  server.setCookie('a', 'b', { sameSite: 'loose' })
  // @ts-expect-error -- a cookie is a text
  server.setCookie('a', 1)
}

interface Account {
  userId: string
  visits: number
}

export async function sessions(): Promise<void> {
  const config = { password: 'x'.repeat(32) }
  // Interfaces have no index signature: session data must not ask for one.
  const session = await server.useSession<Account>(config)
  exactly<string | undefined>()(session.id)
  await session.update({ visits: 1 })
  await session.update(({ visits = 0 }) => ({ visits: visits + 1 }))
  await server.updateSession<Account>(server.getEvent(), config, { userId: '1' })
  exactly<string>()(await server.sealSession(config))
  await server.clearSession({ name: 'other' })
  // As in Start, members are read unchecked without a type.
  const { anything } = (await server.getSession(config)).data
  // @ts-expect-error -- the data has no such member
  await session.update({ visit: 1 })
  // @ts-expect-error -- a session needs a password
  await server.useSession({})
  void anything
}

/** A new session is empty: each member may be missing, as in Start. */
export async function emptySessions(): Promise<void> {
  const { data } = await server.useSession<Account>({ password: 'x'.repeat(32) })
  exactly<string | undefined>()(data.userId)
  const session = await server.getSession<Account>({ password: 'x'.repeat(32) })
  exactly<number | undefined>()(session.data.visits)
}
