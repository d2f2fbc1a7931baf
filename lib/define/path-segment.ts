// What the text between two slashes of a path in TanStack's spelling stands for.

/** Text around a value that is only a part of its segment: `post-{$id}.json`. */
interface Affixes {
  readonly prefix?: string
  readonly suffix?: string
}

export type PathSegment =
  | { readonly kind: 'static'; readonly text: string }
  | ({ readonly kind: 'param'; readonly name: string } & Affixes)
  /** A param whose segment may be missing: `{-$name}`. */
  | ({ readonly kind: 'optional'; readonly name: string } & Affixes)
  /** The rest of the path. With `mayBeEmpty`, also none. A suffix may hold slashes. */
  | ({ readonly kind: 'splat'; readonly mayBeEmpty?: true } & Affixes)

/** `$name` and `$`. */
export function toV0Segment(name: string): PathSegment {
  if (name === '$') return { kind: 'splat' }
  if (name.startsWith('$')) return { kind: 'param', name: name.slice(1) }
  return { kind: 'static', text: name }
}

/** `$name`, `$`, and within braces: `{-$name}`, `pre{$name}suf`, `pre{-$name}suf`, `pre{$}suf`. */
export function toV1Segment(name: string): PathSegment {
  const [, prefix, dash, param, suffix] = /^([^{$][^{]*|)\{(-?)\$([^}]*)\}(.*)$/.exec(name) ?? []
  const affixes = { ...(prefix && { prefix }), ...(suffix !== '' && { suffix: suffix! }) }
  if (param === undefined) {
    const segment = toV0Segment(name)
    return segment.kind === 'splat' ? { ...segment, mayBeEmpty: true } : segment
  }
  if (dash === '') {
    return param === ''
      ? { kind: 'splat', mayBeEmpty: true, prefix: prefix!, suffix: suffix! }
      : { kind: 'param', name: param, ...affixes }
  }
  return param === ''
    ? { kind: 'static', text: name }
    : { kind: 'optional', name: param, ...affixes }
}
