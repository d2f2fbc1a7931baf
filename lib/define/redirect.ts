// Start's `redirect()`, for route files that throw or return one.

/** Where to, as in Start; one of `to` and `href`. */
export interface RedirectOptions {
  /** A path of this site, with `$name` for params. */
  to?: string
  /** Any URL, also of another site. Used as it is. */
  href?: string
  /** Values of the `$name` in `to`. */
  params?: Readonly<Record<string, string | number>>
  /** The query of `to`; arrays repeat a key, `undefined` leaves it out. */
  search?: Readonly<Record<string, unknown>>
  /** The fragment of `to`, without `#`. */
  hash?: string
  /** 301, 302, 303, 307 or 308. Default: 307, which keeps the method. */
  statusCode?: number
  /** `statusCode` by its older name. */
  code?: number
  /** Further headers of the answer. */
  headers?: NonNullable<ResponseInit['headers']>
  /** Throws the redirect in place of returning it. */
  throw?: boolean
}

/**
 * A redirect as a Response, to be returned or thrown (Start v0 and v1).
 *
 * @throws TypeError for a `to` that is no path of this site: `//host` and `/\\host` lead elsewhere
 *   (hazard 153). Use `href` for other sites.
 */
export function redirect(options: RedirectOptions): Response {
  const { statusCode = options.code ?? 307 } = options
  const headers = new Headers(options.headers)
  headers.set('location', options.href ?? toPath(options))
  const response = new Response(null, { status: statusCode, headers })
  // oxlint-disable-next-line no-throw-literal -- Start's way out of a nested call
  if (options.throw === true) throw response
  return response
}

function toPath({ to, params = {}, search = {}, hash }: RedirectOptions): string {
  // Browsers read a backslash as a slash, and drop tabs and line ends before they look.
  if (to === undefined || !/^\/(?![/\\])[^\t\r\n]*$/.test(to)) {
    throw new TypeError(
      'redirect(): `to` must be a path of this site that begins with one slash. Use `href` for another site.',
    )
  }
  const path = to.replace(/(?<=\/)\$(\w*)/g, (_, name: string) => {
    const value = params[name === '' ? '_splat' : name]
    if (value === undefined)
      throw new TypeError(`redirect(): \`params\` lacks \`${name || '_splat'}\`.`)
    const segments = name === '' ? String(value).split('/') : [String(value)]
    return segments.map(encodeURIComponent).join('/')
  })
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    for (const item of [value].flat()) {
      if (item !== undefined)
        query.append(name, typeof item === 'object' ? JSON.stringify(item) : String(item))
    }
  }
  const text = query.toString()
  return path + (text === '' ? '' : `?${text}`) + (hash === undefined ? '' : `#${hash}`)
}
