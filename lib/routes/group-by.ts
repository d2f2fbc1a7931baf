// Start-up: items that have a key in common. `Map.groupBy` comes with Node 21.

export function groupBy<T>(items: readonly T[], toKey: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = toKey(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** The groups of several items, in the order of their first. Thousands of others cost no array each. */
export function groupRepeated<T>(items: readonly T[], toKey: (item: T) => string): T[][] {
  const firsts = new Map<string, T>()
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = toKey(item)
    const first = firsts.get(key)
    const group = groups.get(key)
    if (first === undefined) firsts.set(key, item)
    else if (group === undefined) groups.set(key, [first, item])
    else group.push(item)
  }
  if (groups.size === 0) return []
  return [...firsts.keys()].map((key) => groups.get(key)).filter((group) => group !== undefined)
}
