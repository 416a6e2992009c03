import type { NamedPrincipals, Principals } from '../document.ts'
import type { FederatedPrincipal, Principal, ServicePrincipal } from '../request.ts'
import type { Reach } from './reach.ts'

/** Those that a `Principal` or `NotPrincipal` element names, ready to be asked. */
export interface PrincipalSet {
  /** How near the element comes to this principal. */
  readonly reach: (principal: Principal) => Reach
  /** Whether it names all that the principal is: the account, the role or user, and the role's session. */
  readonly namesAllOf: (principal: Principal) => boolean
}

/** The set of an element. */
export const principalSet = (principals: Principals): PrincipalSet => {
  const named: NamedPrincipals = principals === '*' ? { AWS: ['*'] } : principals
  const aws = named.AWS ?? []
  if (aws.includes('*')) return { reach: () => 'direct', namesAllOf: () => true }
  const others = new Set([...(named.Service ?? []), ...(named.Federated ?? [])])
  const accounts = new Set(aws.flatMap((value) => accountNamed(value) ?? []))
  const arns = new Set(aws)
  return {
    reach: (principal) => {
      if (!('account' in principal)) return others.has(nameOf(principal)) ? 'direct' : 'none'
      if (arns.has(principal.arn)) return 'direct'
      if (principal.kind === 'role-session' && arns.has(principal.roleArn)) return 'role'
      if (!accounts.has(principal.account)) return 'none'
      return principal.kind === 'root' ? 'direct' : 'account'
    },
    namesAllOf: (principal) => {
      if (!('account' in principal)) return others.has(nameOf(principal))
      if (!accounts.has(principal.account)) return false
      if (principal.kind === 'root') return true
      return arns.has(principal.arn) && (principal.kind === 'user' || arns.has(principal.roleArn))
    },
  }
}

const nameOf = (principal: ServicePrincipal | FederatedPrincipal): string =>
  principal.kind === 'service' ? principal.service : principal.provider

/** The account that a value stands for as a whole: twelve digits, or the ARN of its root. */
export const accountNamed = (value: string): string | undefined => {
  const [, digits, ofRoot] = /^(?:(\d{12})|arn:aws[a-z-]*:iam::(\d{12}):root)$/.exec(value) ?? []
  return digits ?? ofRoot
}
