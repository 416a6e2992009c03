/** The values of one condition key; a key that the request does not have is absent, not empty. */
export type ContextValues = readonly string[]

/**
 * What conditions and variables can see of a request: values by condition key, in lower case (`aws:sourceip`,
 * `secretsmanager:resourcetag/team`, `kms:encryptioncontext:secretarn`).
 */
export type RequestContext = ReadonlyMap<string, ContextValues>

/** Who asks. All of it is known from the signature, nothing from the request's own words. */
export type Principal = UserPrincipal | SessionPrincipal | RootPrincipal | ServicePrincipal | FederatedPrincipal

/** `arn:aws:iam::<account>:user/<name>`. */
export interface UserPrincipal {
  readonly kind: 'user'
  readonly arn: string
  readonly account: string
}

/** A role in use: `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
export interface SessionPrincipal {
  readonly kind: 'role-session'
  readonly arn: string
  readonly account: string
  /** `arn:aws:iam::<account>:role/<path><role>`. */
  readonly roleArn: string
}

/** `arn:aws:iam::<account>:root`. */
export interface RootPrincipal {
  readonly kind: 'root'
  readonly arn: string
  readonly account: string
}

/** A service that acts for itself: `secretsmanager.amazonaws.com`. */
export interface ServicePrincipal {
  readonly kind: 'service'
  readonly service: string
}

/** Somebody that an identity provider vouches for, who asks for a role by its token. */
export interface FederatedPrincipal {
  readonly kind: 'federated'
  /** `arn:aws:iam::<account>:oidc-provider/<host and path>`, or a domain: `accounts.google.com`. */
  readonly provider: string
}

/** One question: may this principal do this to that? */
export interface AccessRequest {
  readonly principal: Principal
  /** `secretsmanager:GetSecretValue`; compared without regard to case. */
  readonly action: string
  /** The resource's ARN, or `*` for an action that concerns none. */
  readonly resource: string
  /** The account that owns the resource; the principal's own for an action that concerns none. */
  readonly resourceAccount: string
  readonly context: RequestContext
}
