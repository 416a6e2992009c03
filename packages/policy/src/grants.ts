import { principalSet } from './match/principals.ts'
import { nearer, type Reach } from './match/reach.ts'
import type { KeyGrant } from './policies.ts'
import type { AccessRequest, RequestContext } from './request.ts'

/** How near the nearest grant for this request comes to the caller. */
export const grantReach = (grants: readonly KeyGrant[], request: AccessRequest): Reach =>
  grants.reduce<Reach>((reach, grant) => nearer(reach, reachOfGrant(grant, request)), 'none')

/** How near one grant comes to the caller, if it is for this operation and encryption context. */
export const reachOfGrant = (
  { granteePrincipal, operations, constraints }: KeyGrant,
  request: AccessRequest,
): Reach => {
  const { principal, action, context } = request
  if (!operations.some((operation) => `kms:${operation}`.toLowerCase() === action.toLowerCase())) return 'none'
  const constrained = constraints !== undefined && !unconstrained.has(action.toLowerCase())
  if (constrained && !constraintsHold(constraints, encryptionContext(context))) return 'none'
  return principalSet({ AWS: [granteePrincipal], Service: [granteePrincipal] }).reach(principal)
}

/**
 * Operations that a grant's constraints do not concern.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
 */
const unconstrained: ReadonlySet<string> = new Set(['kms:describekey', 'kms:retiregrant'])

const constraintsHold = (
  { encryptionContextEquals: equals, encryptionContextSubset: subset }: NonNullable<KeyGrant['constraints']>,
  given: EncryptionContext,
): boolean =>
  (equals === undefined || (Object.keys(equals).length === given.size && hasAll(given, equals))) &&
  (subset === undefined || hasAll(given, subset))

const hasAll = (given: EncryptionContext, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => given.get(name) === value)

/** By names as the request spells them; a value that is not known for certain is `undefined`. */
type EncryptionContext = ReadonlyMap<string, string | undefined>

/** The names are in `kms:EncryptionContextKeys`; the keys of a request's context are lower case. */
const encryptionContext = (context: RequestContext): EncryptionContext =>
  new Map(
    (context.get('kms:encryptioncontextkeys') ?? []).map((name) => {
      const values = context.get(`kms:encryptioncontext:${name.toLowerCase()}`) ?? []
      // Two names that differ in case only share a key, and then no value is known for certain.
      return [name, values.length === 1 ? values[0] : undefined]
    }),
  )
