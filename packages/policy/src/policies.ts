import type { Policy } from './document.ts'

/** All policies that bear on one request. */
export interface Policies {
  /** Those attached to the user, its groups, or the role. None for a service, a federated identity or a root user. */
  readonly identity: readonly NamedPolicy[]
  /** The most that the user or role may be allowed; grants nothing. */
  readonly boundary?: Policy
  /** Those passed when the session was made: together the most that it may be allowed. None is no limit. */
  readonly session?: readonly Policy[]
  /** What the resource itself says. Absent where it has no policy, or the action concerns no resource. */
  readonly resource?: ResourceGuard
}

/** An identity policy and the name that explanations give it. */
export interface NamedPolicy {
  readonly name: string
  readonly policy: Policy
}

/** The policy of a resource, and how much depends on it. */
export type ResourceGuard = SecretGuard | KeyGuard | TrustGuard

/** A secret's policy: in its own account it may allow, but nothing needs it. */
export interface SecretGuard {
  readonly kind: 'resource'
  readonly policy: Policy
}

/** A KMS key's policy: only who is allowed by it, is in an account that it allows, or has a grant may use the key. */
export interface KeyGuard {
  readonly kind: 'key'
  readonly policy: Policy
  readonly grants?: readonly KeyGrant[]
}

/** A role's trust policy: only who is allowed by it, or is in an account that it allows, may assume the role. */
export interface TrustGuard {
  readonly kind: 'trust'
  readonly policy: Policy
}

/**
 * A KMS grant.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
 */
export interface KeyGrant {
  /** ARN of a user, a role, a role's session or an account's root, or the name of a service. */
  readonly granteePrincipal: string
  /** `Decrypt`, `GenerateDataKey`; without `kms:`. */
  readonly operations: readonly string[]
  readonly constraints?: GrantConstraints
}

/** What the encryption context of a request has to be, with names and values compared exactly. */
export interface GrantConstraints {
  /** These pairs and no others. */
  readonly encryptionContextEquals?: Readonly<Record<string, string>>
  /** At least these pairs. */
  readonly encryptionContextSubset?: Readonly<Record<string, string>>
}
