import type { Allowed, AllowedBy, Decision, Denied, PolicyType } from './decision.ts'
import { type Hearing, hear } from './hearing.ts'
import { nearer, type Reach } from './match/reach.ts'
import type { Policies } from './policies.ts'
import type { AccessRequest } from './request.ts'

/**
 * Whether a request is allowed, and if not, which type of policy is the reason. The patterns of a policy are compiled
 * when it is first asked and kept as long as it is: parse a policy once, not for each request.
 * @throws SecretsError `config_invalid` for a policy that `parsePolicy` would have refused.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export const decide = (request: AccessRequest, policies: Policies): Decision => {
  const { principal, resourceAccount } = request
  const heard = hear(request, policies)

  const denying = deniedBy(heard)
  if (denying) return explicit[denying]
  if (principal.kind === 'service' || principal.kind === 'federated') return byOwnerOnly(heard)

  const root = principal.kind === 'root'
  if (principal.account !== resourceAccount) return acrossAccounts(heard, root)
  const guard = policies.resource?.kind
  return guard === 'key' || guard === 'trust' ? withinGuard(heard, root) : withinAccount(heard, root)
}

/** Whose explicit deny is told of, where several deny: the order in which AWS lists them. */
const denialOrder: readonly PolicyType[] = ['resource', 'identity', 'boundary', 'session']

const deniedBy = (heard: Hearing): PolicyType | undefined => denialOrder.find((type) => heard[type]?.denies)

/** A service and a federated identity belong to no account, and have no policies of their own. */
const byOwnerOnly = ({ resource, grant }: Hearing): Decision => {
  if (resource?.allows === 'direct') return allowed.resource
  return grant === 'direct' ? allowed.grant : implicit.resource
}

/** In its own account a caller is allowed by the resource's policy or by its own. */
const withinAccount = (heard: Hearing, root: boolean): Decision => {
  const { identity, resource } = heard
  if (resource?.allows === 'direct') return allowed.resource
  if (root) return allowed['root-user']
  if (identity.allows !== 'none') return withinLimits(heard, 'identity')
  return resource?.allows === 'role' ? withinLimits(heard, 'resource') : implicit.identity
}

/** A key and a role have to allow a caller of their own account too, be it by leaving it to the caller's own policies. */
const withinGuard = (heard: Hearing, root: boolean): Decision => {
  const { resource, grant } = heard
  if (resource?.allows === 'direct') return allowed.resource
  if (grant === 'direct') return allowed.grant
  if (resource?.allows === 'role') return withinLimits(heard, 'resource')
  return grant === 'role' ? withinLimits(heard, 'grant') : byBothSides(heard, root)
}

/** Across accounts both sides have to allow, unless a grant of the key names the caller or its role. */
const acrossAccounts = (heard: Hearing, root: boolean): Decision =>
  heard.grant === 'direct' || heard.grant === 'role' ? withinLimits(heard, 'grant') : byBothSides(heard, root)

const byBothSides = (heard: Hearing, root: boolean): Decision => {
  if (ownersReach(heard) === 'none') return implicit.resource
  // AWS: a root user may do all that its account may.
  if (heard.identity.allows === 'none' && !root) return implicit.identity
  return withinLimits(heard, 'identity-and-resource')
}

/** How near the owner's side comes to the caller. */
const ownersReach = ({ resource, grant }: Hearing): Reach => nearer(resource?.allows ?? 'none', grant)

/** A permissions boundary and session policies grant nothing, but have to allow too. */
const withinLimits = ({ boundary, session }: Hearing, by: AllowedBy): Decision => {
  if (boundary?.allows === 'none') return implicit.boundary
  if (session?.allows === 'none') return implicit.session
  return allowed[by]
}

const allow = (by: AllowedBy): Allowed => Object.freeze({ allowed: true, by })

const allowed: Readonly<Record<AllowedBy, Allowed>> = {
  identity: allow('identity'),
  resource: allow('resource'),
  'identity-and-resource': allow('identity-and-resource'),
  grant: allow('grant'),
  'root-user': allow('root-user'),
}

const deny = (kind: Denied['kind']): Readonly<Record<PolicyType, Denied>> => ({
  identity: Object.freeze({ allowed: false, kind, policyType: 'identity' }),
  resource: Object.freeze({ allowed: false, kind, policyType: 'resource' }),
  boundary: Object.freeze({ allowed: false, kind, policyType: 'boundary' }),
  session: Object.freeze({ allowed: false, kind, policyType: 'session' }),
})

const explicit = deny('explicit')
const implicit = deny('implicit')
