// Which file serves a path: the documented rules in the plainest words, to compare with the package.
import type { Plan, RouteFile } from './apps'

export interface Expected {
  readonly file: RouteFile
  readonly params: Readonly<Record<string, string>>
}

/** `api/users.$id.ts` → `['api', 'users', '$id']`. */
export function segmentsOf(file: string): string[] {
  const names = file.replace(/\.ts$/, '').split(/[/.]/)
  const own = names.filter((name) => name !== '' && name !== 'index')
  return own[0] === 'api' ? own : ['api', ...own]
}

/** Of a path below the mount; `undefined` if no file serves it. */
export function expect(plan: Plan, path: string): Expected | undefined {
  const isSensitive = plan.host === 'node:http' || plan.caseSensitive
  const isStrict = plan.strict && plan.host.startsWith('Express')
  if (path.endsWith('/') && path !== '/' && isStrict) return undefined
  const names = path.replace(/\/$/, '').split('/').slice(1)
  const found = plan.files.flatMap((file) => {
    const params = matchSegments(segmentsOf(file.name), names, isSensitive)
    return params === undefined ? [] : [{ file, params }]
  })
  const rank = ({ file }: Expected): string => segmentsOf(file.name).map(rankOf).join('')
  return found.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]
}

/** Static before param before splat, from left to right. */
function rankOf(segment: string): string {
  if (segment === '$') return '3'
  return segment.startsWith('$') ? '2' : '1'
}

function matchSegments(
  segments: readonly string[],
  names: readonly string[],
  isSensitive: boolean,
): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    if (segment === '$') {
      if (index >= names.length) return undefined
      const rest = decodeURIComponent(names.slice(index).join('/'))
      return { ...params, _splat: rest, '*': rest }
    }
    const name = names[index]
    if (name === undefined) return undefined
    if (segment.startsWith('$')) params[segment.slice(1)] = decodeURIComponent(name)
    else if (!isSame(encodeURI(segment), name, isSensitive)) return undefined
  }
  return names.length === segments.length ? params : undefined
}

function isSame(a: string, b: string, isSensitive: boolean): boolean {
  return isSensitive ? a === b : a.toLowerCase() === b.toLowerCase()
}
