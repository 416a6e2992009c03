import type { Denied, PolicyType } from './decision.ts'
import type { AccessRequest, Principal } from './request.ts'

/**
 * AWS's text of a denial.
 * @param resourceAsSent the resource as the caller named it, be it a name or an ARN; absent for an action that concerns
 * none
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export const denialMessage = (
  { principal, action }: AccessRequest,
  { kind, policyType }: Denied,
  resourceAsSent?: string,
): string => {
  const words = policyType === 'resource' && /^sts:AssumeRole/i.test(action) ? trustWords : policyWords[policyType]
  const reason =
    kind === 'explicit'
      ? `with an explicit deny in ${words.the}`
      : `because no ${words.name} allows the ${action} action`
  const resource = resourceAsSent === undefined ? '' : ` on resource: ${resourceAsSent}`
  return `User: ${nameOf(principal)} is not authorized to perform: ${action}${resource} ${reason}`
}

interface Words {
  readonly name: string
  readonly the: string
}

const policyWords: Readonly<Record<PolicyType, Words>> = {
  identity: { name: 'identity-based policy', the: 'an identity-based policy' },
  resource: { name: 'resource-based policy', the: 'a resource-based policy' },
  boundary: { name: 'permissions boundary', the: 'a permissions boundary' },
  session: { name: 'session policy', the: 'a session policy' },
}

const trustWords: Words = { name: 'role trust policy', the: 'the role trust policy' }

const nameOf = (principal: Principal): string => {
  if (principal.kind === 'service') return principal.service
  return principal.kind === 'federated' ? principal.provider : principal.arn
}
