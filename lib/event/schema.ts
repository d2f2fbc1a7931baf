// Standard Schema (zod, valibot, arktype, …) as a validation function of h3.
import type { ValidateFunction } from 'h3'

/** The part of Standard Schema that is used: https://standardschema.dev */
export interface Schema<T> {
  readonly '~standard': {
    validate(value: unknown): Result<T> | Promise<Result<T>>
    readonly types?: { readonly output: T } | undefined
  }
}

interface Result<T> {
  readonly value?: T
  readonly issues?: readonly unknown[] | undefined
}

export function toValidate<T>(validation: ValidateFunction<T> | Schema<T>): ValidateFunction<T> {
  if (!('~standard' in validation)) return validation
  return async (input) => {
    const { value, issues } = await validation['~standard'].validate(input)
    if (issues !== undefined) {
      // h3 makes a 400 of it, whose `data` it is.
      throw Object.assign(new Error('Validation Error'), { issues })
    }
    return value as T
  }
}
