// The params that a v1 route path has, for the compiler. Types only.
import type { Flatten } from './context'

/**
 * The params of a route path by the rules of Start v1: `$id`, `{$id}` and `pre{$id}suf` are strings,
 * `{-$id}` and the `_splat` of `$` and `{$}` may be missing. A path that is no literal gives strings
 * by any name.
 */
export type ServerRouteParams<TPath extends string> = string extends TPath
  ? Record<string, string>
  : Flatten<
      { [K in Names<TPath, 'required'>]: string } & { [K in Names<TPath, 'optional'>]?: string }
    >

type Kind = 'required' | 'optional'

type Names<TPath extends string, TKind extends Kind> = TPath extends `${infer THead}/${infer TTail}`
  ? NameOf<THead, TKind> | Names<TTail, TKind>
  : NameOf<TPath, TKind>

type NameOf<TSegment extends string, TKind extends Kind> = TSegment extends
  '$' | `${string}{$}${string}`
  ? Only<TKind, 'optional', '_splat'>
  : TSegment extends `${string}{-$${infer TName}}${string}`
    ? Only<TKind, 'optional', TName>
    : TSegment extends `${string}{$${infer TName}}${string}`
      ? Only<TKind, 'required', TName>
      : TSegment extends `$${infer TName}`
        ? Only<TKind, 'required', WithoutBreakOut<TName>>
        : never

type Only<TKind, TOwn, TName> = TKind extends TOwn ? TName : never

/** In `users/$id_.edit.ts` the `_` keeps the file out of `$id.ts`; it is no part of the name. */
type WithoutBreakOut<TName extends string> = TName extends `${infer TText}_` ? TText : TName
