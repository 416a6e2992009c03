import type {
  AccessRequest,
  Decision,
  Denied,
  Policies,
  PolicyType,
  SessionPrincipal,
  UserPrincipal,
} from '@keyplane/policy'
import type { Tally } from './conditions.ts'
import { grantsAllow } from './grants.ts'
import type { Naming } from './principals.ts'
import { resourceAllows, resourceDenies, says } from './statements.ts'

/** What the oracle says of a request: allowed, or denied how and by whom; and the rule of AWS's pages that decided. */
export type Ruling = Outcome & { readonly rule: string }

/** What is compared: not what an allowance rests on, which is the package's own word. */
export type Outcome = { readonly allowed: true } | Denied

/**
 * Decides as AWS documents it (IAM User Guide, "Policy evaluation logic" and its pages for one account and for several;
 * KMS Developer Guide, "Key policies" and "Grants"), as slowly as it is told there. It shares nothing with the package
 * but its types, and is what the package is compared with.
 */
export const rule = (request: AccessRequest, policies: Policies, tally: Tally): Ruling => {
  const denier = explicitDenier(request, policies, tally)
  if (denier !== undefined) return { allowed: false, kind: 'explicit', policyType: denier, rule: `deny in ${denier}` }
  const { principal } = request
  const guard = policies.resource
  const kind = guard?.kind ?? 'none'
  const allowedAs = guard === undefined ? new Set<Naming>() : resourceAllows(guard.policy, request, tally)
  const grantedAs = guard?.kind === 'key' ? grantsAllow(guard.grants ?? [], request) : new Set<Naming>()
  const side: ResourceSide = { kind, allowedAs, grantedAs }
  if (principal.kind === 'service' || principal.kind === 'federated') return ofNobodysAccount(side, principal.kind)
  const same = principal.account === request.resourceAccount
  if (principal.kind === 'root') return ofRoot(side, same)
  const own: CallersSide = {
    identity: policies.identity.some(({ policy }) => says('Allow', policy, request, tally)),
    boundary: policies.boundary === undefined || says('Allow', policies.boundary, request, tally),
    // "the intersection of the … identity-based policy and the session policies", which count together.
    session:
      (policies.session ?? []).length === 0 ||
      (policies.session ?? []).some((policy) => says('Allow', policy, request, tally)),
  }
  if (!same) return acrossAccounts(side, own, principal)
  return kind === 'key' || kind === 'trust' ? ofOwnGuarded(side, own) : ofOwnAccount(side, own)
}

interface ResourceSide {
  readonly kind: string
  readonly allowedAs: ReadonlySet<Naming>
  readonly grantedAs: ReadonlySet<Naming>
}

interface CallersSide {
  readonly identity: boolean
  readonly boundary: boolean
  readonly session: boolean
}

/** "If the code finds even one explicit deny that applies, the code returns a final decision of Deny." */
const explicitDenier = (request: AccessRequest, policies: Policies, tally: Tally): PolicyType | undefined => {
  const { resource, identity, boundary, session } = policies
  // AWS does not tell whose denial is told of several; the package's order is taken.
  if (resource !== undefined && resourceDenies(resource.policy, request, boundary !== undefined, tally))
    return 'resource'
  if (identity.some(({ policy }) => says('Deny', policy, request, tally))) return 'identity'
  if (boundary !== undefined && says('Deny', boundary, request, tally)) return 'boundary'
  if ((session ?? []).some((policy) => says('Deny', policy, request, tally))) return 'session'
  return undefined
}

const allowed = (why: string): Ruling => ({ allowed: true, rule: why })

const missing = (policyType: PolicyType, why: string): Ruling => ({
  allowed: false,
  kind: 'implicit',
  policyType,
  rule: `${why}: no ${policyType} policy allows`,
})

/** "The code then checks … permissions boundaries", and after them "whether the principal is a session principal". */
const limited = (own: CallersSide, why: string): Ruling => {
  if (!own.boundary) return missing('boundary', why)
  if (!own.session) return missing('session', why)
  return allowed(why)
}

/**
 * "If a resource-based policy grants permission directly to the IAM user or the session principal that is making the
 * request, then an implicit deny in an identity-based policy, a permissions boundary, or a session policy does not
 * impact the final decision." The same is told of `*`: "permissions boundaries or session policies, do not limit
 * permissions granted using the aws:PrincipalArn condition key with a wildcard(*) in the Principal element".
 */
const directly = (namings: ReadonlySet<Naming>): boolean => namings.has('self') || namings.has('anyone')

const ofNobodysAccount = (side: ResourceSide, who: string): Ruling => {
  const why = `${who} on ${side.kind}`
  if (directly(side.allowedAs)) return allowed(why)
  return side.grantedAs.has('self') ? allowed(`${why} by grant`) : missing('resource', why)
}

/** "all requests are implicitly denied with the exception of the AWS account root user, which has full access." */
const ofRoot = (side: ResourceSide, same: boolean): Ruling => {
  const why = `root user ${same ? 'at home' : 'abroad'} on ${side.kind}`
  // "No AWS principal, including the account root user or key creator, has any permissions to a KMS key unless they are
  // explicitly allowed, and never denied, in a key policy, IAM policy, or grant."
  if (same && side.kind !== 'key' && side.kind !== 'trust') return allowed(why)
  if (directly(side.allowedAs)) return allowed(why)
  return side.grantedAs.has('self') ? allowed(`${why} by grant`) : missing('resource', why)
}

/** "you only need an explicit allow for the principal in either an identity-based policy or a resource-based policy". */
const ofOwnAccount = (side: ResourceSide, own: CallersSide): Ruling => {
  if (directly(side.allowedAs)) return allowed('home, named itself')
  // "Resource-based policies that grant permissions to an IAM role ARN are limited by an implicit deny in a permissions
  // boundary or session policy."
  if (side.allowedAs.has('role')) return limited(own, 'home, named by role')
  return own.identity ? limited(own, 'home, by identity') : missing('identity', 'home')
}

/** "IAM role trust policies and KMS key policies are exceptions to this logic, because they must explicitly allow". */
const ofOwnGuarded = (side: ResourceSide, own: CallersSide): Ruling => {
  if (directly(side.allowedAs)) return allowed(`${side.kind}, named itself`)
  // Not told of grants: one that names the caller itself is taken to be limited as little as a key policy that does.
  if (side.grantedAs.has('self')) return allowed('granted itself')
  if (side.allowedAs.has('role')) return limited(own, `${side.kind}, named by role`)
  if (side.grantedAs.has('role')) return limited(own, 'granted by role')
  if (!side.allowedAs.has('account') && !side.grantedAs.has('account')) return missing('resource', side.kind)
  // "it enables the account that owns the key to use IAM policies … to allow access to the KMS key".
  return own.identity ? limited(own, `${side.kind}, by account`) : missing('identity', `${side.kind}, by account`)
}

const isGranted = (side: ResourceSide): boolean => side.grantedAs.has('self') || side.grantedAs.has('role')

/** "If the request is made across accounts … allowed only if both evaluations return a decision of Allow." */
const acrossAccounts = (side: ResourceSide, own: CallersSide, caller: UserPrincipal | SessionPrincipal): Ruling => {
  const why = `${caller.kind} abroad on ${side.kind}`
  // AWS does not tell whether a grantee of another account needs its own policies to allow; within boundary and session
  // policies the grant is taken to suffice.
  if (isGranted(side)) return limited(own, 'granted abroad')
  if (side.allowedAs.size === 0 && side.grantedAs.size === 0) return missing('resource', why)
  return own.identity ? limited(own, why) : missing('identity', why)
}

/** The package's decision in the oracle's words. */
export const told = (decision: Decision): Outcome =>
  decision.allowed ? { allowed: true } : { allowed: false, kind: decision.kind, policyType: decision.policyType }
