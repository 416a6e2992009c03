import type { Policy } from '@keyplane/policy'
import type { Iam } from './identity.ts'

/** The one managed policy of AWS's own that there is. */
const ofAws = /^arn:aws:iam::aws:(policy\/AdministratorAccess)$/

/** A managed policy that a session of this account's role may be limited by: the account's own, or AWS's. */
export const sessionPolicy = ({ policies }: Iam, account: string, arn: string): Policy | undefined => {
  const [, awsOwn] = ofAws.exec(arn) ?? []
  if (awsOwn !== undefined) return policies.get(`arn:aws:iam::${account}:${awsOwn}`)
  return arn.startsWith(`arn:aws:iam::${account}:policy/`) ? policies.get(arn) : undefined
}
