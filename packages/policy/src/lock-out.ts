import { decide } from './decide.ts'
import type { Policy } from './document.ts'
import type { Policies } from './policies.ts'
import type { AccessRequest } from './request.ts'

/**
 * Whether a new policy of a secret would keep whoever puts it there from putting another.
 * @param request the call that brings the policy
 * @param policies as they are before it
 */
export const locksOut = (request: AccessRequest, policies: Policies, next: Policy): boolean =>
  !decide(
    { ...request, action: 'secretsmanager:PutResourcePolicy' },
    { ...policies, resource: { kind: 'resource', policy: next } },
  ).allowed
