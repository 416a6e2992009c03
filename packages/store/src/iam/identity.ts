import type { NamedPolicy, Policy, Principal } from '@keyplane/policy'
import type { Session } from './session-tokens.ts'

/** Who stands behind a call, and what policies bear on him. */
export interface Identity {
  readonly principal: Principal
  readonly arn: string
  readonly account: string
  /** IAM's unique id of it: `AIDA…`, `AROA…:session`, or the account for its root. */
  readonly userId: string
  /** A user's; absent for others. */
  readonly userName?: string
  readonly policies: readonly NamedPolicy[]
  readonly boundary?: Policy
  /** Passed when a session was made. */
  readonly session?: readonly Policy[]
  readonly tags: ReadonlyMap<string, string>
  /** When the session was made; absent for long-lived keys. */
  readonly issuedAtMs?: number
  /** The session as its token says it. */
  readonly sessionOf?: Session
}

/** A role that may be assumed. */
export interface Role {
  readonly arn: string
  readonly account: string
  readonly name: string
  readonly roleId: string
  readonly trustPolicy: Policy
  readonly policies: readonly NamedPolicy[]
  readonly boundary?: Policy
  readonly tags: ReadonlyMap<string, string>
  /** The longest session; 3,600–43,200. */
  readonly maxSessionSeconds: number
}

/** An issuer of web identity tokens (OpenID Connect) that an account trusts. */
export interface IdentityProvider {
  /** `arn:aws:iam::<account>:oidc-provider/<host and path>`. */
  readonly arn: string
  readonly account: string
  /** As tokens name it in `iss`. */
  readonly issuer: string
  /** Of which a token names at least one in `aud`. */
  readonly audiences: readonly string[]
  /** Its public keys: a JSON Web Key Set. */
  readonly keys: { readonly keys: readonly Readonly<Record<string, unknown>>[] }
}

/** A key that calls may be signed with. */
export interface Credential {
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** Epoch milliseconds. */
  readonly expiresAtMs?: number
  readonly identity: Identity
}

/** All that a store knows of its callers. It does not change; another one takes its place. */
export interface Iam {
  readonly accounts: ReadonlySet<string>
  readonly accessKeys: ReadonlyMap<string, Credential>
  /** By ARN. */
  readonly roles: ReadonlyMap<string, Role>
  /** By ARN: users, for what names one. */
  readonly users: ReadonlyMap<string, Identity>
  /** By ARN: those that have a name. */
  readonly policies: ReadonlyMap<string, Policy>
  readonly identityProviders: readonly IdentityProvider[]
}

/** Callers that change while a store runs. */
export interface LiveIam {
  /** As configured at this moment. */
  readonly current: () => Iam
  /** Calls the listener after each change; gives what ends that. */
  readonly onChange: (listener: () => void) => () => void
}

export const currentIam = (iam: Iam | LiveIam): Iam => ('current' in iam ? iam.current() : iam)
