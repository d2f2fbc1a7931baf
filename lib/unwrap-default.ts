// All stages: what a module is, wherever its loaders have put it.

/** The module, then its `default` and that one's: CommonJS may have met ESM twice on the way (hazard 210). */
export function unwrapDefault(module: unknown): unknown[] {
  const inner = toDefault(module)
  return [module, inner, toDefault(inner)]
}

function toDefault(module: unknown): unknown {
  return (module as { readonly default?: unknown } | null | undefined)?.default
}
