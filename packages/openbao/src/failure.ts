import type { ErrorCode } from '@keyplane/core'

/** What the call was for: the same words mean another thing where somebody logs in. */
export type Purpose = 'login' | 'approle_login' | 'other'

/** What tells one failure from another. An `OpenBaoAnswer` is one of these. */
export interface FailureFacts {
  readonly status: number
  readonly empty: boolean
  readonly isObject: boolean
  readonly errors: readonly string[] | undefined
  readonly warnings: readonly string[]
  readonly retryAfterMs: number | undefined
  member(...path: readonly string[]): unknown
}

export interface Failure {
  readonly code: ErrorCode
  readonly reason?: string
  /** In our words: what it means and what to do. */
  readonly meaning: string
}

interface Rule {
  readonly status: number | readonly number[]
  readonly purpose?: readonly Purpose[]
  /** The error texts have to match; an empty list is matched by `^$`. */
  readonly text?: RegExp
  readonly when?: (facts: FailureFacts) => boolean
  readonly failure: Failure
}

const failure = (code: ErrorCode, reason: string | undefined, meaning: string): Failure =>
  reason === undefined ? { code, meaning } : { code, reason, meaning }

const login: readonly Purpose[] = ['login', 'approle_login']
const serverErrors = [500, 501, 502, 503, 504]
const isTrue = (facts: FailureFacts, name: string): boolean => facts.member(name) === true
const hasText = (facts: FailureFacts, ...path: string[]): boolean => {
  const member = facts.member(...path)
  return typeof member === 'string' && member !== ''
}

/**
 * Seen on OpenBao 2.7.2, in this order; HashiCorp Vault's other words beside them. An absence is only what the server
 * calls one: a missing mount, a missing namespace and a proxy's page are none.
 */
const rules: readonly Rule[] = [
  {
    status: 400,
    text: /check-and-set parameter did not match/,
    failure: failure('conflict', 'cas_mismatch', 'another version is current; read it and decide anew'),
  },
  {
    status: 400,
    text: /check-and-set parameter required/,
    failure: failure('invalid_request', 'cas_required', 'this path takes a write only with the version it replaces'),
  },
  {
    status: 400,
    text: /wrapping token is not valid or does not exist/,
    failure: failure(
      'unauthenticated',
      'wrapping_token_used',
      'the wrapping token has expired or was used already; if not by you, treat what it held as stolen',
    ),
  },
  {
    status: 400,
    purpose: login,
    text: /could not load configuration|invalid role name|role .* could not be found|missing (?:role|secret_id)/,
    failure: failure('source_misconfigured', 'login_role', 'the login method or the role is not set up'),
  },
  {
    status: 400,
    purpose: login,
    failure: failure('unauthenticated', 'login_refused', 'the credentials are not taken'),
  },
  {
    status: 400,
    text: /lease not found|invalid lease/,
    failure: failure('secret_not_found', 'lease_gone', 'the lease is gone; get a new credential'),
  },
  {
    status: 400,
    text: /failed to (?:revoke|renew) entry/,
    failure: failure('unavailable', 'lease_backend', 'what the lease is for did not answer; the lease is still there'),
  },
  {
    // Somebody stopped all access on purpose: no outage, to be covered by what was read before.
    status: [403, 503],
    text: /has been locked by an administrator/,
    failure: failure('access_denied', 'namespace_locked', 'an administrator has locked the namespace'),
  },
  {
    status: 403,
    text: /(?:service account name|namespace) not authorized/,
    failure: failure(
      'unauthenticated',
      'service_account_not_authorized',
      'the role is not for this service account; check its bound names and namespaces',
    ),
  },
  {
    status: 403,
    purpose: ['approle_login'],
    text: /^permission denied$/,
    failure: failure(
      'unauthenticated',
      'locked_out',
      'the role is locked (for 15 minutes after five refused logins), or no AppRole is mounted there',
    ),
  },
  {
    status: 403,
    purpose: login,
    failure: failure(
      'unauthenticated',
      'login_refused',
      'the credentials are not taken, the service that checks them does not answer OpenBao, or nothing is mounted there',
    ),
  },
  {
    status: 403,
    text: /^permission denied$|\binvalid token\b|\bbad token\b/,
    failure: failure('unauthenticated', 'invalid_token', 'the token is missing, expired, revoked or used up'),
  },
  { status: 403, failure: failure('access_denied', 'policy', "the token's policies do not allow this") },
  {
    status: 404,
    when: (facts) => facts.member('data', 'metadata', 'destroyed') === true,
    failure: failure('secret_deleted', 'destroyed', 'this version was destroyed'),
  },
  {
    status: 404,
    when: (facts) => hasText(facts, 'data', 'metadata', 'deletion_time'),
    failure: failure('secret_deleted', 'deleted', 'this version was deleted; it can be undeleted'),
  },
  {
    status: 404,
    when: ({ warnings }) => warnings.some((text) => text.includes('versioned K/V')),
    failure: failure('source_misconfigured', 'kv_path', 'the mount is a KV of version 2; this path is none of its'),
  },
  {
    status: 404,
    text: /no handler for route/,
    failure: failure('source_misconfigured', 'no_mount', 'nothing is mounted there; check the mount'),
  },
  {
    status: 404,
    text: /namespace not found/,
    failure: failure('source_misconfigured', 'no_namespace', 'there is no such namespace'),
  },
  {
    status: 404,
    text: /unsupported path/,
    failure: failure('source_misconfigured', 'unsupported_path', 'the mount knows no such path; check its type'),
  },
  { status: 404, text: /^$/, failure: failure('secret_not_found', undefined, 'there is no such secret') },
  {
    status: 404,
    text: /./,
    failure: failure('source_misconfigured', 'no_route', 'the server knows no such path'),
  },
  { status: 405, failure: failure('unsupported', undefined, 'the server can not do that') },
  {
    status: [429, 412],
    text: /^$/,
    failure: failure('unavailable', 'index_not_applied', 'this node lags behind a write; ask again'),
  },
  {
    status: 429,
    when: (facts) => isTrue(facts, 'standby'),
    failure: failure('unavailable', 'standby', 'this node is a standby'),
  },
  { status: 429, text: /quota/, failure: failure('rate_limited', 'quota', 'a rate limit quota is used up') },
  { status: 429, failure: failure('rate_limited', undefined, 'too many calls') },
  {
    status: serverErrors,
    text: /is sealed/,
    failure: failure('unavailable', 'sealed', 'the server is sealed'),
  },
  {
    status: [501, 503],
    when: (facts) => facts.member('initialized') === false,
    failure: failure('unavailable', 'uninitialised', 'the server is not initialised'),
  },
  {
    status: 503,
    when: (facts) => isTrue(facts, 'sealed'),
    failure: failure('unavailable', 'sealed', 'the server is sealed'),
  },
  { status: 502, failure: failure('unavailable', 'upstream', 'what OpenBao itself asks did not answer') },
  { status: serverErrors, failure: failure('unavailable', 'server_error', 'the server failed') },
]

const applies = (rule: Rule, facts: FailureFacts, purpose: Purpose): boolean =>
  [rule.status].flat().includes(facts.status) &&
  (rule.purpose?.includes(purpose) ?? true) &&
  (rule.when?.(facts) ?? true) &&
  (rule.text === undefined || (facts.errors !== undefined && rule.text.test(facts.errors.join('\n'))))

/** An answer that no rule of OpenBao's own explains. */
const unexplained = ({ status, isObject, empty }: FailureFacts): Failure => {
  if (status >= 500) return failure('unavailable', 'server_error', 'the server, or a proxy before it, failed')
  // Somebody refuses on purpose: no outage, to be covered by what was read before.
  if (status === 403 && !isObject)
    return failure('access_denied', 'proxy', 'a proxy before the server does not allow this')
  if (status === 401 || status === 407) return failure('unauthenticated', 'proxy', 'a proxy wants a login of its own')
  if (status >= 300 && status < 400) return failure('bad_response', 'redirect', 'a redirect that leads nowhere')
  // OpenBao has no word for a path with a character that can't be printed.
  if (status === 400 && empty) return failure('invalid_request', undefined, 'the path is refused')
  if (isObject && status >= 400 && status !== 404)
    return failure('invalid_request', undefined, 'the request is refused')
  return failure('bad_response', undefined, 'what answers is no OpenBao')
}

/** What an answer's status and words mean; nothing where it is a success. Total: any answer has a meaning. */
export const failureOf = (facts: FailureFacts, purpose: Purpose = 'other'): Failure | undefined => {
  const { status, isObject, empty } = facts
  if (status === 204 || (status >= 200 && status < 300 && (isObject || empty))) return undefined
  // Without a JSON object it is not OpenBao that speaks, but whatever stands before it.
  const rule = isObject ? rules.find((one) => applies(one, facts, purpose)) : undefined
  return rule?.failure ?? unexplained(facts)
}
