// Names that Start's `/server` exports and that have no place in an Express application. Importing
// them works, so that a file that shares its imports with others loads; calling them says what to use.

function unavailable(name: string, instead: string): (...args: unknown[]) => never {
  return () => {
    throw new Error(`${name}() is not available in express-start-api: ${instead}.`)
  }
}

const RENDERING = 'pages are rendered by Start itself, mount its build beside this middleware'
const APPLICATION = 'the application is the Express app that startApi() is mounted in'
const MIDDLEWARE = 'use Express middleware in front of startApi(), or its option `handler`'

export const createStartHandler = unavailable('createStartHandler', RENDERING)
export const createRequestHandler = unavailable('createRequestHandler', RENDERING)
export const defaultStreamHandler = unavailable('defaultStreamHandler', RENDERING)
export const defaultRenderHandler = unavailable('defaultRenderHandler', RENDERING)
export const defineHandlerCallback = unavailable('defineHandlerCallback', RENDERING)
export const StartServer = unavailable('StartServer', RENDERING)
export const createApp = unavailable('createApp', APPLICATION)
export const createServer = unavailable('createServer', APPLICATION)
export const createRouter = unavailable('createRouter', APPLICATION)
export const toNodeListener = unavailable('toNodeListener', APPLICATION)
export const handleHTTPEvent = unavailable('handleHTTPEvent', APPLICATION)
export const requestHandler = unavailable('requestHandler', APPLICATION)
export const serveStatic = unavailable('serveStatic', 'use express.static()')
export const sendError = unavailable('sendError', 'throw the error, Express answers it')
export const defineMiddleware = unavailable('defineMiddleware', MIDDLEWARE)
export const fromNodeMiddleware = unavailable('fromNodeMiddleware', MIDDLEWARE)
export const defineWebSocket = unavailable('defineWebSocket', "use the server's `upgrade` event")
