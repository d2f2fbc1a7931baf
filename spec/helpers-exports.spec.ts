// What `express-start-api/server` exports: the union of what Start v0 and v1 do, typed as there.
import * as helpers from 'express-start-api/server'

const V0 = `
  H3Error H3Event HTTPEventSymbol MIMES appendCorsHeaders appendCorsPreflightHeaders appendHeader
  appendHeaders appendResponseHeader appendResponseHeaders assertMethod callNodeListener
  clearResponseHeaders clearSession createApp createAppEventHandler createError createEvent createRouter
  createServer defaultContentType defineEventHandler defineLazyEventHandler defineMiddleware
  defineNodeListener defineNodeMiddleware defineRequestMiddleware defineResponseMiddleware
  defineWebSocket deleteCookie dynamicEventHandler eventHandler fetchWithEvent fromNodeMiddleware
  fromPlainHandler fromWebHandler getContext getCookie getEvent getHeader getHeaders
  getProxyRequestHeaders getQuery getRequestFingerprint getRequestHeader getRequestHeaders
  getRequestHost getRequestIP getRequestProtocol getRequestURL getRequestWebStream getResponseHeader
  getResponseHeaders getResponseStatus getResponseStatusText getRouterParam getRouterParams getSession
  getValidatedQuery getValidatedRouterParams getWebRequest handleCacheHeaders handleCors
  handleHTTPEvent isCorsOriginAllowed isError isEvent isEventHandler isMethod isPreflightRequest isStream
  isWebResponse lazyEventHandler parseCookies promisifyNodeListener proxyRequest readBody readFormData
  readMultipartFormData readRawBody readValidatedBody removeResponseHeader sanitizeStatusCode
  sanitizeStatusMessage sealSession send sendError sendNoContent sendProxy sendRedirect sendStream
  sendWebResponse serveStatic setContext setCookie setHeader setHeaders setResponseHeader
  setResponseHeaders setResponseStatus splitCookiesString toEventHandler toNodeListener toPlainHandler
  toWebHandler toWebRequest unsealSession updateSession useBase useSession writeEarlyHints
  createStartHandler createRequestHandler defaultStreamHandler defaultRenderHandler
  defineHandlerCallback StartServer transformReadableStreamWithRouter transformPipeableStreamWithRouter`

const V1 = `
  appendResponseHeader clearResponseHeaders clearSession deleteCookie getCookie getCookies getRequest
  getRequestHeader getRequestHeaders getRequestHost getRequestIP getRequestProtocol getRequestUrl
  getResponse getResponseHeader getResponseHeaders getResponseStatus getSession getValidatedQuery
  removeResponseHeader requestHandler sealSession setCookie setResponseHeader setResponseHeaders
  setResponseStatus unsealSession updateSession useSession createStartHandler createRequestHandler
  defineHandlerCallback defaultStreamHandler defaultRenderHandler StartServer`

describe('express-start-api/server', () => {
  it.each([
    ['v0', V0],
    ['v1', V1],
  ])('exports what Start %s does', (_generation, names) => {
    const missing = names
      .trim()
      .split(/\s+/)
      .filter((name) => !(name in helpers))
    expect(missing).toEqual([])
  })

  it('alone loads h3', () => {
    jest.isolateModules(() => {
      jest.doMock('h3', () => {
        throw new Error('h3 was loaded')
      })
      expect(() => require('express-start-api')).not.toThrow()
      expect(() => require('express-start-api/api')).not.toThrow()
      expect(() => require('express-start-api/server')).toThrow('h3 was loaded')
      jest.dontMock('h3')
    })
  })

  it('is typed with and without the event', () => {
    // Checked by `tsc`, not run.
    const typed = async (event: helpers.H3Event) => {
      const text: string | undefined = await helpers.readRawBody()
      const bytes: Buffer | undefined = await helpers.readRawBody(event, false)
      const query: { page: string } = helpers.getQuery<{ page: string }>(event)
      const body: { a: number } = await helpers.readBody<{ a: number }>()
      const session = await helpers.useSession<{ user: string }>({ password: '' })
      const user: string | undefined = session.data.user
      const agent: string | undefined = helpers.getRequestHeaders()['user-agent']
      const accept: string | null = helpers.getRequestHeaders().get('accept')
      const done: boolean = helpers.handleCors(event, { origin: '*' })
      const status: number = helpers.getResponseStatus()
      const ip: string | undefined = helpers.getRequestIP({ xForwardedFor: true })
      helpers.setHeader(event, 'x-one', ['1', '2'])
      helpers.setCookie('a', '1', { maxAge: 1 })
      // @ts-expect-error -- a value is missing
      helpers.setCookie(event, 'a')
      // @ts-expect-error -- no such option
      helpers.setCookie('a', '1', { maxAges: 1 })
      // @ts-expect-error -- a session has a password
      await helpers.useSession({})
      // @ts-expect-error -- no such field
      await session.update({ name: 'ada' })
      // @ts-expect-error -- not an event
      helpers.getCookie({}, 'a')
      // @ts-expect-error -- statuses are numbers
      helpers.setResponseStatus('404')
      return { text, bytes, query, body, user, agent, accept, done, status, ip }
    }
    expect(typeof typed).toBe('function')
  })
})
