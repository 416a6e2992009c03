import { SecretsError } from '@keyplane/core'

/** Where a service listens. */
export interface Endpoint {
  readonly secure: boolean
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  readonly port: number
  /** As it stands in the Host header. */
  readonly host: string
  /** `https://host`, for messages. */
  readonly origin: string
}

/**
 * Whether a host name or address can only be this machine. Names below `localhost` are not taken for it: what they lead
 * to is the resolver's word.
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)

/** No more than scheme and host is ever quoted: a password or token may stand anywhere else. */
const invalid = (why: string, url?: URL): SecretsError =>
  new SecretsError('config_invalid', `The endpoint ${url ? `"${url.protocol}//${url.host}" ` : ''}${why}.`)

/**
 * An endpoint as people write it: `https://host[:port]`, or `http://…` to this machine.
 * @throws SecretsError `config_invalid` for anything else; for plain http to another machine unless `allowInsecureHttp`.
 */
export const parseEndpoint = (
  text: string,
  { allowInsecureHttp = false }: { readonly allowInsecureHttp?: boolean } = {},
): Endpoint => {
  if (!URL.canParse(text)) throw invalid('is not a URL; give one such as "https://host:port"')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw invalid('holds a user or a password; give it without')
  // Of `user:password@host` the part before the colon is the scheme.
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid('is neither https nor http')
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw invalid('has a path or a query; give scheme, host and port only', url)
  const secure = url.protocol === 'https:'
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  if (!secure && !allowInsecureHttp && !isLoopback(hostname))
    throw invalid('is plain http to another machine: use https, or allowInsecureHttp where the network is trusted', url)
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  return { secure, hostname, port, host: url.host, origin: url.origin }
}
