import type { Decision } from './decision.ts'
import type { Policies } from './policies.ts'
import type { AccessRequest } from './request.ts'

/** Whether a request is allowed, and if not, which kind of policy is the reason. */
export const decide = (_request: AccessRequest, _policies: Policies): Decision => ({
  allowed: false,
  kind: 'implicit',
  policyType: 'identity',
})
