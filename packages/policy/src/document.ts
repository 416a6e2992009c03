/** Without a version a policy is read as of 2008, which knows no variables. */
export type PolicyVersion = '2012-10-17' | '2008-10-17'

/**
 * A policy as its JSON says it, checked. Where JSON may have one or a list, there is a list; numbers and booleans of
 * conditions are text.
 */
export interface Policy {
  readonly Version?: PolicyVersion
  readonly Id?: string
  readonly Statement: readonly Statement[]
}

/** One statement: exactly one of `Action` and `NotAction`, at most one of each other pair. */
export interface Statement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: Principals
  readonly NotPrincipal?: Principals
  readonly Action?: readonly string[]
  readonly NotAction?: readonly string[]
  readonly Resource?: readonly string[]
  readonly NotResource?: readonly string[]
  readonly Condition?: Conditions
}

/** Anyone, or those that are named. */
export type Principals = '*' | NamedPrincipals

/** Principals by type. */
export interface NamedPrincipals {
  /** `*`, twelve digits, or the ARN of an account's root, a user, a role or a role's session. */
  readonly AWS?: readonly string[]
  /** `lambda.amazonaws.com`. */
  readonly Service?: readonly string[]
  /** The ARN of an OpenID Connect or SAML provider, or the domain of a web identity provider. */
  readonly Federated?: readonly string[]
}

/** Operator → condition key → values, spelled as in the JSON: `{ StringEquals: { 'aws:PrincipalTag/team': ['pay'] } }`. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
