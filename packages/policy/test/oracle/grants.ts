import type { AccessRequest, KeyGrant, RequestContext } from '@keyplane/policy'
import { type Naming, namings } from './principals.ts'

/** As what the grants of a key allow the caller. */
export const grantsAllow = (grants: readonly KeyGrant[], request: AccessRequest): ReadonlySet<Naming> => {
  const found = new Set<Naming>()
  for (const grant of grants) {
    if (!grant.operations.some((operation) => `kms:${operation}`.toLowerCase() === request.action.toLowerCase()))
      continue
    if (!constraintsHold(grant, request)) continue
    const grantee = grant.granteePrincipal
    for (const naming of namings({ AWS: [grantee], Service: [grantee] }, request.principal)) found.add(naming)
  }
  return found
}

/**
 * "Grants with grant constraints can include the DescribeKey and RetireGrant operations, but the constraint doesn't apply
 * to these operations" (KMS API Reference, GrantConstraints). With CreateGrant a constraint "requires that any grants
 * created … have an equally strict or stricter" one, of which a request to this package tells nothing: it is not spared.
 */
const unconstrained = new Set(['kms:describekey', 'kms:retiregrant'])

const constraintsHold = (grant: KeyGrant, request: AccessRequest): boolean => {
  if (unconstrained.has(request.action.toLowerCase())) return true
  const pairs = encryptionContext(request.context)
  const holds = (wanted: Readonly<Record<string, string>>): boolean =>
    Object.entries(wanted).every(([name, value]) => pairs.get(name) === value)
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = grant.constraints ?? {}
  if (equals !== undefined && !(holds(equals) && pairs.size === Object.keys(equals).length)) return false
  return subset === undefined || holds(subset)
}

/**
 * The names as they were sent are the values of `kms:EncryptionContextKeys`. Two that differ in case only share a key of
 * the request's context, and then neither's value is known.
 */
const encryptionContext = (context: RequestContext): ReadonlyMap<string, string | undefined> =>
  new Map(
    (context.get('kms:encryptioncontextkeys') ?? []).map((name) => {
      const values = context.get(`kms:encryptioncontext:${name.toLowerCase()}`)
      return [name, values?.length === 1 ? values[0] : undefined]
    }),
  )
