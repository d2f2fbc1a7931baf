// What type specs assert with.

/** Whether two types are one and the same, `any`, optional and readonly members told apart. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export type Expect<T extends true> = T

/** Compiles if the value is assignable. */
export function expectType<T>(_value: T): void {}
