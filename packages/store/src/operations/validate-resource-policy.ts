import { secretArn, type ValidateResourcePolicyRequest, type ValidateResourcePolicyResponse } from '@keyplane/aws'
import { loadPresent, requireActive } from '../change-secret.ts'
import type { OperationContext } from '../operation-context.ts'
import { required, type Shape, text } from '../parsing/member.ts'
import { resourcePolicy } from '../parsing/members.ts'
import { requireAccess } from '../require-access.ts'
import { lockOutFlaw, publicAccessFlaw, requireResourcePolicy } from '../resource-policy.ts'
import { secretTarget } from '../secret-target.ts'

export const validateResourcePolicyShape: Shape<ValidateResourcePolicyRequest> = {
  SecretId: text({ min: 1, max: 2048 }),
  ResourcePolicy: required(resourcePolicy),
}

/** Tells whether PutResourcePolicy would take a policy that must not be public. Nothing is changed. */
export const validateResourcePolicy = async (
  context: OperationContext,
  input: ValidateResourcePolicyRequest,
): Promise<ValidateResourcePolicyResponse> => {
  await requireAccess(context, 'secretsmanager:PutResourcePolicy', input.SecretId)
  const owner = await ownerOf(context, input.SecretId)
  const policy = requireResourcePolicy(input.ResourcePolicy)
  const flaws = [publicAccessFlaw(policy), lockOutFlaw(context, owner, policy)].filter((flaw) => flaw !== undefined)
  return {
    PolicyValidationPassed: flaws.length === 0,
    ValidationErrors: flaws.map(({ check, message }) => ({ CheckName: check, ErrorMessage: message })),
  }
}

/** The secret that the policy is meant for; without one, any of the caller's own. */
const ownerOf = async (
  context: OperationContext,
  id: string | undefined,
): Promise<{ readonly arn: string; readonly account: string }> => {
  const { account, region } = context.caller
  if (id === undefined) return { account, arn: secretArn({ account, region, name: 'any', suffix: 'secret' }) }
  return requireActive(await loadPresent(context, secretTarget(id, context.caller)), context.nowMs).secret
}
