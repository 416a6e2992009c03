/** What decided. */
export type Decision = Allowed | Denied

export interface Allowed {
  readonly allowed: true
  readonly by: AllowedBy
}

/**
 * What an allowance rests on: the identity policies; the resource's policy alone; both halves across accounts, or of a
 * key or a role that delegates to its account; a KMS grant; or that the caller is the root user of the owning account.
 */
export type AllowedBy = 'identity' | 'resource' | 'identity-and-resource' | 'grant' | 'root-user'

export interface Denied {
  readonly allowed: false
  /** `explicit`: a statement denies it; `implicit`: no statement allows it. */
  readonly kind: 'explicit' | 'implicit'
  /** Whose `Deny` it was, or whose `Allow` was missing. */
  readonly policyType: PolicyType
}

/** `resource` is the policy of the resource, be it a secret, a key or a role. */
export type PolicyType = 'identity' | 'resource' | 'boundary' | 'session'
