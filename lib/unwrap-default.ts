// All stages: what a module is, wherever its loaders have put it.

/**
 * The module, then its `default` and that one's: CommonJS may have met ESM twice on the way (hazard 210).
 * Each is read when its turn comes: modules that tests have made throw for what they lack.
 */
export function* unwrapDefault(module: unknown): Generator<unknown> {
  let layer = module
  for (let depth = 0; depth < 3; depth++) {
    yield layer
    layer = (layer as { readonly default?: unknown } | null | undefined)?.default
  }
}
