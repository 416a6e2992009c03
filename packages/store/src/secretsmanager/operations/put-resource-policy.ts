import type { PutResourcePolicyRequest, PutResourcePolicyResponse } from '@keyplane/aws'
import { inputConditions } from '../../access/input-conditions.ts'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, requireOwned } from '../change-secret.ts'
import { changeAll, isInOtherAccount } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, required, type Shape } from '../../parsing/member.ts'
import { policyName, resourcePolicy, secretId } from '../../parsing/members.ts'
import { defaultPolicyName, lockOutFlaw, publicAccessFlaw, requireResourcePolicy } from '../resource-policy.ts'
import { secretTarget } from '../secret-target.ts'

export const putResourcePolicyShape: Shape<PutResourcePolicyRequest> = {
  SecretId: secretId,
  ResourcePolicy: required(resourcePolicy),
  PolicyName: policyName,
  BlockPublicPolicy: flag(),
}

/** Gives a secret a resource policy, in the place of the one that it has. It is kept as it was written. */
export const putResourcePolicy = async (
  context: OperationContext,
  input: PutResourcePolicyRequest,
): Promise<PutResourcePolicyResponse> => {
  requireDefaultName(input.PolicyName)
  const change = { secretId: input.SecretId, conditions: inputConditions.putPolicy(input) }
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireOwned(found, context.nowMs)
    const { arn, name } = loaded.secret
    const policy = requireResourcePolicy(input.ResourcePolicy, context)
    const publicAccess = input.BlockPublicPolicy ? publicAccessFlaw(policy) : undefined
    if (publicAccess) throw awsError('PublicPolicyException', publicAccess.message)
    const lockOut = await lockOutFlaw(context, change, policy)
    if (lockOut) throw awsError('InvalidRequestException', lockOut.message)
    const changed = await changeAll(context, loaded, (member) =>
      member !== loaded && isInOtherAccount(member)
        ? undefined
        : { statements: [context.policies.put(member.secret.id, input.ResourcePolicy)] },
    )
    return { arn, ...changed, output: { ARN: arn, Name: name, PolicyName: defaultPolicyName } }
  })
}

/** @throws AwsError InvalidParameterException for any policy but the one that may be changed. */
export const requireDefaultName = (name: string = defaultPolicyName): void => {
  if (name !== defaultPolicyName)
    throw awsError('InvalidParameterException', 'You can only change the resource policy named default.')
}
