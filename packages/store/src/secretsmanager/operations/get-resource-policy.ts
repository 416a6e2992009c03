import type { GetResourcePolicyRequest, GetResourcePolicyResponse } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { loadPresent, requireActive } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { policyName, secretId } from '../../parsing/members.ts'
import { defaultPolicyName } from '../resource-policy.ts'
import { secretTarget } from '../secret-target.ts'

export const getResourcePolicyShape: Shape<GetResourcePolicyRequest> = { SecretId: secretId, PolicyName: policyName }

/** Gives a secret's resource policy, if it has one. */
export const getResourcePolicy = async (
  context: OperationContext,
  input: GetResourcePolicyRequest,
): Promise<GetResourcePolicyResponse> => {
  const found = await loadPresent(context, secretTarget(input.SecretId, context.caller))
  const { secret } = requireActive(found, context.nowMs)
  if (input.PolicyName !== undefined && input.PolicyName !== defaultPolicyName)
    throw awsError('ResourceNotFoundException', "Secrets Manager can't find the specified resource policy.")
  const policy = await context.policies.of(secret.id)
  return {
    ARN: secret.arn,
    Name: secret.name,
    ...(policy !== undefined && { ResourcePolicy: policy, PolicyName: defaultPolicyName }),
  }
}
