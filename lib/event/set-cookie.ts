// What `Set-Cookie` values are told apart by.

/** All of the earlier cookies that no later one replaces, then the later ones. */
export function mergeCookies(earlier: readonly string[], later: readonly string[]): string[] {
  if (later.length === 0) return [...earlier]
  const replaced = new Set(later.map(toCookieKey))
  return [...earlier.filter((cookie) => !replaced.has(toCookieKey(cookie))), ...later]
}

/** As browsers do (RFC 6265, 5.3). */
function toCookieKey(cookie: string): string {
  const [pair = '', ...attributes] = cookie.split(';')
  const attribute = (name: string) =>
    attributes
      .map((text) => text.trim())
      .find((text) => text.toLowerCase().startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? ''
  const name = pair.slice(0, pair.indexOf('=')).trim()
  return [name, attribute('domain').toLowerCase(), attribute('path')].join(';')
}
