// Entry `/server`: Start's `@tanstack/react-start/server`.
export { setHeader, setHeaders, setResponseStatus } from './event/response-helpers'
