import { createMiddleware } from '@tanstack/react-start'

/** Adds its name to `context.marks`, and to the header `x-marks` of the answer. */
export function mark(name: string) {
  return createMiddleware().server(async ({ next, context }) => {
    const before = (context as { marks?: string } | undefined)?.marks
    const marks = before === undefined ? name : `${before} ${name}`
    const result = await next({ context: { marks } })
    result.response.headers.append('x-marks', name)
    return result
  })
}

/** What `context.marks` is by now. */
export function marksOf(context: object): string {
  return (context as { marks?: string }).marks ?? ''
}
