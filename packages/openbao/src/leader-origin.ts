import { SecretsError } from '@keyplane/core'
import { type Endpoint, parseEndpoint } from '@keyplane/http'

export interface Redirect {
  readonly location: string | undefined
  /** Path and query that were asked for. */
  readonly target: string
  /** Who answered with the redirect. */
  readonly from: Endpoint
  /** The origins that were configured. */
  readonly known: readonly string[]
  readonly allowInsecureHttp: boolean
  readonly source: string
}

/** Path and query without their encoding, which OpenBao redoes in its own way. */
const decoded = (target: string): string | undefined => {
  try {
    return decodeURIComponent(target)
  } catch {
    return undefined
  }
}

const isEndpoint = (origin: string, allowInsecureHttp: boolean): boolean => {
  try {
    parseEndpoint(origin, { allowInsecureHttp })
    return true
  } catch {
    return false
  }
}

/**
 * Where a standby's redirect leads: to the leader, with the same path. The token goes along, so it goes only to a
 * configured node, to https, or to what may be plain http where the standby itself was.
 * @throws SecretsError `bad_response` for a redirect to another path, `source_misconfigured` for one that is not followed.
 */
export const leaderOrigin = (redirect: Redirect): string => {
  const { location = '', target, from, known, allowInsecureHttp, source } = redirect
  const url = URL.canParse(location) ? new URL(location) : undefined
  if (!url || decoded(`${url.pathname}${url.search}`) !== decoded(target))
    throw new SecretsError('bad_response', `${from.origin} redirects to another path.`, {
      source,
      reason: 'redirect',
    })
  if (known.includes(url.origin)) return url.origin
  const safe = url.protocol === 'https:' || (!from.secure && isEndpoint(url.origin, allowInsecureHttp))
  if (safe) return url.origin
  throw new SecretsError(
    'source_misconfigured',
    `${from.origin} redirects to ${url.origin}, which is not followed; name it as an endpoint, or set its api_addr to https.`,
    { source, reason: 'redirect_refused' },
  )
}
