// Entry `/server`: Start's `@tanstack/react-start/server`.
export * from './event/request-helpers'
export * from './event/response-helpers'
export * from './event/session-helpers'
export { HTTPEventSymbol, type EventLike, type Helper, isEvent } from './event/helper'
export type { Schema } from './event/schema'
