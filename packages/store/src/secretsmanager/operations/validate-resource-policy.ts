import type { ValidateResourcePolicyRequest, ValidateResourcePolicyResponse } from '@keyplane/aws'
import { loadPresent, requireActive } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import { required, type Shape, text } from '../../parsing/member.ts'
import { resourcePolicy } from '../../parsing/members.ts'
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
  const { SecretId } = input
  await requireAccess(context, 'secretsmanager:PutResourcePolicy', SecretId)
  if (SecretId !== undefined)
    requireActive(await loadPresent(context, secretTarget(SecretId, context.caller)), context.nowMs)
  const policy = requireResourcePolicy(input.ResourcePolicy, context)
  // A policy that is meant for no secret yet is judged as if it were for one that is not there.
  const found = [publicAccessFlaw(policy), await lockOutFlaw(context, { secretId: SecretId ?? 'any' }, policy)]
  const flaws = found.filter((flaw) => flaw !== undefined)
  return {
    PolicyValidationPassed: flaws.length === 0,
    ValidationErrors: flaws.map(({ check, message }) => ({ CheckName: check, ErrorMessage: message })),
  }
}
