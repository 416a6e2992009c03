import type { NamedPrincipals, Principal, Principals } from '@keyplane/policy'

/** As what a `Principal` element means a caller: anyone, itself by its own name, by its role, or by its account. */
export type Naming = 'anyone' | 'self' | 'role' | 'account'

export const namings = (principals: Principals, caller: Principal): ReadonlySet<Naming> => {
  // `"Principal": "*"` and `"Principal": {"AWS": "*"}` are told as equivalent ("Principal", all principals).
  if (principals === '*') return new Set<Naming>(['anyone'])
  const found = new Set<Naming>()
  if (principals.AWS?.includes('*') === true) found.add('anyone')
  if (caller.kind === 'service') {
    if (principals.Service?.includes(caller.service) === true) found.add('self')
    return found
  }
  if (caller.kind === 'federated') {
    if (principals.Federated?.includes(caller.provider) === true) found.add('self')
    return found
  }
  for (const named of principals.AWS ?? []) {
    // The root user is what the account's own ARN names, too.
    if (isAccount(named, caller.account)) found.add(caller.kind === 'root' ? 'self' : 'account')
    else if (named === caller.arn) found.add('self')
    else if (caller.kind === 'role-session' && named === caller.roleArn) found.add('role')
  }
  return found
}

/** "The account ARN and the shortened account ID behave the same way." ("Principal", AWS account principals.) */
const isAccount = (named: string, account: string): boolean =>
  named === account || named === `arn:aws:iam::${account}:root`

/**
 * Whether `NotPrincipal` leaves a caller out of the denial. "When you use NotPrincipal with Deny, you must also specify
 * the account ARN of the not-denied principal. Otherwise, the policy might deny access to the entire account … AWS might
 * validate the account first, then the role, and then the assumed-role user." "The NotPrincipal element with a Deny
 * effect will always deny any IAM principal that has a permissions boundary policy attached" ("NotPrincipal").
 */
export const isSpared = (principals: NamedPrincipals, caller: Principal, bounded: boolean): boolean => {
  if (caller.kind === 'service' || caller.kind === 'federated') return namings(principals, caller).has('self')
  if (bounded) return false
  const named = principals.AWS ?? []
  const account = named.some((one) => isAccount(one, caller.account))
  if (caller.kind === 'root') return account
  const role = caller.kind === 'role-session' ? named.includes(caller.roleArn) : true
  return account && role && named.includes(caller.arn)
}
