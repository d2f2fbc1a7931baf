// How the types of handlers' `context` add up. Types only.

/** Turns an intersection into one object type. Without `& {}` editors would show `Flatten<…>`. */
export type Flatten<T> = { [K in keyof T]: T[K] } & {}

/** What `{ ...a, ...b }` has. */
export type Assign<A, B> = keyof B extends never ? A : Flatten<Omit<A, keyof B> & B>

/** Any middleware: made here or by `@tanstack/react-start`, told by its shape. */
export interface AnyMiddleware {
  readonly options: object
}

/** Carries a type where Start's own middleware has it; there is nothing at run time. */
export interface WithContext<TContext> {
  readonly '~types': { readonly allServerContext: TContext }
}

/** What a middleware, or a route with all its middleware, adds to `context`. */
export type ContextOf<T> = [T] extends [WithContext<infer TContext>]
  ? [TContext] extends [object]
    ? TContext
    : object
  : object

/** What a list of middleware adds to `context`; of one key, the last one's value. */
export type AddedContext<TList> = TList extends readonly [infer TFirst, ...infer TRest]
  ? Assign<ContextOf<TFirst>, AddedContext<TRest>>
  : TList extends readonly []
    ? object
    : TList extends readonly (infer TItem)[]
      ? Flatten<Intersection<TItem extends unknown ? ContextOf<TItem> : never>>
      : object

/** Of an array that is no tuple, all of its items run, in an order that the compiler doesn't know. */
type Intersection<TUnion> = (TUnion extends unknown ? (value: TUnion) => void : never) extends (
  value: infer TValue,
) => void
  ? TValue
  : object
