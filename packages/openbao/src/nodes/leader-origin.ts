import { SecretsError } from '@keyplane/core'
import { type Endpoint, parseEndpoint } from '@keyplane/http'

export interface Redirect {
  readonly location: string | undefined
  /** Path and query that were asked for. */
  readonly target: string
  /** Who answered with the redirect. */
  readonly from: Endpoint
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

/**
 * Where a standby's redirect leads, with the same path.
 * @throws SecretsError `bad_response` for a redirect to another path.
 */
export const redirectOrigin = ({ location = '', target, from, source }: Redirect): string => {
  const url = URL.canParse(location) ? new URL(location) : undefined
  if (url && decoded(`${url.pathname}${url.search}`) === decoded(target)) return url.origin
  throw new SecretsError('bad_response', `${from.origin} redirects to another path.`, { source, reason: 'redirect' })
}

export interface Leader {
  readonly origin: string
  /** The configured node that sends there. */
  readonly from: Endpoint
  /** The origin that the node's own word on who leads (`sys/leader`) names; nothing where it names none. */
  readonly named: string | undefined
  readonly allowInsecureHttp: boolean
  readonly source: string
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
 * Lets a token go to a node that is not configured: only to the leader that a configured one names, by https, or by plain
 * http where the configured one itself was asked so.
 * @throws SecretsError `unavailable`, reason `foreign_redirect`, for one that is not named; `source_misconfigured`, reason
 * `redirect_refused`, for one by plain http.
 */
export const checkLeader = ({ origin, from, named, allowInsecureHttp, source }: Leader): void => {
  if (origin !== named)
    throw new SecretsError(
      'unavailable',
      `${from.origin} redirects to ${origin}, which is neither an endpoint nor the leader that it names; nothing was sent there.`,
      { source, reason: 'foreign_redirect' },
    )
  if (origin.startsWith('https:') || (!from.secure && isEndpoint(origin, allowInsecureHttp))) return
  throw new SecretsError(
    'source_misconfigured',
    `${from.origin} redirects to ${origin}, which is not followed; name it as an endpoint, or set its api_addr to https.`,
    { source, reason: 'redirect_refused' },
  )
}

/** The origin of the address that a node gives for the leader. */
export const originOf = (address: unknown): string | undefined =>
  typeof address === 'string' && URL.canParse(address) ? new URL(address).origin : undefined
