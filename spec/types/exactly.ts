// One assertion about types, for tsc. It does nothing when it runs.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** `exactly<Expected>()(value)` compiles only if the value's type is the expected one. */
export function exactly<Expected>(): <Actual>(
  value: Actual,
  ...differs: Same<Actual, Expected> extends true ? [] : [expected: Expected]
) => void {
  return () => {}
}
