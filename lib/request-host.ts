// Per request: the one judgement of what is a host, for Host and for what proxies and clients forward.
import { StartApiError } from './errors'

/** A port may be empty: RFC 3986, 3.2.3. */
const HOST = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/** A host as the client, or a proxy, named it, and the origins that a URL makes of it. */
export interface RequestHost {
  readonly name: string
  readonly http: string
  readonly https: string
}

/** Kept, as clients name few hosts. */
const hosts = new Map<string, RequestHost | 'invalid'>()
const MAX_HOSTS = 1000
/** Longer than any name of DNS: a header may have 16 kB of it. */
const MAX_NAME = 300

/**
 * The host of this name.
 *
 * @throws StartApiError with status 400 for a name that could shift the path of a URL (hazard 13)
 */
export function toRequestHost(name: string): RequestHost {
  let host = hosts.get(name)
  if (host === undefined) {
    host = readHost(name)
    if (hosts.size >= MAX_HOSTS) hosts.clear()
    if (name.length <= MAX_NAME) hosts.set(name, host)
  }
  if (host !== 'invalid') return host
  throw new StartApiError(
    'ERR_START_API_BAD_HOST',
    'The Host header, or the X-Forwarded-Host in its place, is not a host name. Send the name alone, with its port.',
    { status: 400 },
  )
}

/** The first of the list that proxies make: the host that the client asked for. */
export function firstForwarded(list: string): string {
  return list.split(',', 1)[0]!.trim()
}

/** The pattern alone takes `1.2.3.999` and port 99999. */
function readHost(name: string): RequestHost | 'invalid' {
  if (!HOST.test(name) || !URL.canParse(`http://${name}`)) return 'invalid'
  const [http, https] = ['http', 'https'].map((protocol) => new URL(`${protocol}://${name}`).origin)
  return { name, http: http!, https: https! }
}
