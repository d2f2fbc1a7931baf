// Paths that a route pattern matches: what routes have in common is found by asking Express itself.

/** Tried in this order for a param: text that no route spells out first, then what patterns ask for. */
const VALUES = ['~sample~', 'sample', '1', '00000000-0000-4000-8000-000000000000']

const MAX_VARIANTS = 16

/**
 * Paths of every form that a pattern of Express 4 or 5 has (each optional part present and absent);
 * none for a pattern that can't be spelled out, such as most regular expressions.
 *
 * @param matches whether the route takes a path
 */
export function toSamples(pattern: unknown, matches: (path: string) => boolean): string[] {
  const patterns = [pattern].flat(Infinity)
  if (patterns.some((one) => typeof one !== 'string')) return []
  return (patterns as string[]).flatMap(expandOptionals).flatMap((variant) => {
    const sample = VALUES.map((value) => fillIn(variant, value)).find(matches)
    return sample === undefined ? [] : [sample]
  })
}

/** A path of TanStack's spelling with its params filled in. */
export function toRouteSample(path: string): string {
  return path
    .replace(/(^|\/)\$(?=\/|$)/g, `$1${VALUES[0]}/${VALUES[0]}`)
    .replace(/\{-?\$(\w*)\}/g, VALUES[0]!)
    .replace(/\$[^/]+/g, VALUES[0]!)
}

/** Express 5 writes `{/:lang}`, Express 4 `/:lang?`. */
function expandOptionals(pattern: string): string[] {
  const optional =
    /\{([^{}]*)\}/.exec(pattern) ?? /((?:[/.])?:\w+(?:\((?:[^()\\]|\\.)*\))?)\?/.exec(pattern)
  if (optional === null) return [pattern]
  const [whole, part] = optional as unknown as [string, string]
  const before = pattern.slice(0, optional.index)
  const after = pattern.slice(optional.index + whole.length)
  return [before + part + after, before + after].flatMap(expandOptionals).slice(0, MAX_VARIANTS)
}

function fillIn(pattern: string, value: string): string {
  const rest = `${value}/${value}`
  return (
    pattern
      .replace(/:(?:"[^"]+"|\w+)(?:\((?:[^()\\]|\\.)*\))?[+*]?/g, value)
      .replace(/\*(?:"[^"]+"|\w+)|\(\.\*\)|(?<!\\)\*/g, rest)
      .replace(/\\(.)/g, '$1') || '/'
  )
}
