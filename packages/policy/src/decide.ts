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
  const guarded = policies.resource !== undefined && policies.resource.kind !== 'resource'

  const denying = deniedBy(heard)
  if (denying) return explicit[denying]
  if (principal.kind === 'service' || principal.kind === 'federated') return outsideAccounts(heard)
  const root = principal.kind === 'root'
  return principal.account === resourceAccount ? withinAccount(heard, root, guarded) : acrossAccounts(heard, root)
}

/** Whose explicit deny is told of, where several deny: the order in which AWS lists them. */
const denialOrder: readonly PolicyType[] = ['resource', 'identity', 'boundary', 'session']

const deniedBy = (heard: Hearing): PolicyType | undefined => denialOrder.find((type) => heard[type]?.denies)

/** A service and a federated identity have no policies of their own. */
const outsideAccounts = ({ resource, grant }: Hearing): Decision => {
  if (resource?.allows === 'direct') return allowed.resource
  return grant === 'direct' ? allowed.grant : implicit.resource
}

/** `guarded`: the resource is a key or a role, which its own side has to allow, if only by naming the account. */
const withinAccount = (heard: Hearing, root: boolean, guarded: boolean): Decision => {
  const { identity, resource, grant } = heard
  if (resource?.allows === 'direct') return allowed.resource
  if (grant === 'direct') return allowed.grant
  if (root) return guarded ? implicit.resource : allowed['root-user']
  if (identity.allows !== 'none' && !guarded) return withinLimits(heard, 'identity')
  if (resource?.allows === 'role') return withinLimits(heard, 'resource')
  if (grant === 'role') return withinLimits(heard, 'grant')
  if (guarded && ownersReach(heard) === 'none') return implicit.resource
  return identity.allows === 'none' ? implicit.identity : withinLimits(heard, 'identity-and-resource')
}

/** Both accounts have to allow: the owner's by the resource's policy, the caller's by those of the caller. */
const acrossAccounts = (heard: Hearing, root: boolean): Decision => {
  const { identity, grant } = heard
  if (grant === 'direct' || grant === 'role') return withinLimits(heard, 'grant')
  if (ownersReach(heard) === 'none') return implicit.resource
  return identity.allows === 'none' && !root ? implicit.identity : withinLimits(heard, 'identity-and-resource')
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
