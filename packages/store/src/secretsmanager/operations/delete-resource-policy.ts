import type { DeleteResourcePolicyRequest, DeleteResourcePolicyResponse } from '@keyplane/aws'
import { changeSecret, requireOwned } from '../change-secret.ts'
import { changeAll, isInOtherAccount } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { policyName, secretId } from '../../parsing/members.ts'
import { defaultPolicyName } from '../resource-policy.ts'
import { secretTarget } from '../secret-target.ts'
import { requireDefaultName } from './put-resource-policy.ts'

export const deleteResourcePolicyShape: Shape<DeleteResourcePolicyRequest> = {
  SecretId: secretId,
  PolicyName: policyName,
}

/** Takes a secret's resource policy away. Where there is none nothing changes. */
export const deleteResourcePolicy = async (
  context: OperationContext,
  input: DeleteResourcePolicyRequest,
): Promise<DeleteResourcePolicyResponse> => {
  requireDefaultName(input.PolicyName)
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireOwned(found, context.nowMs)
    const { arn, name, id } = loaded.secret
    const output = { ARN: arn, Name: name, PolicyName: defaultPolicyName }
    if ((await context.policies.of(id)) === undefined) return { arn, statements: [], output }
    const changed = await changeAll(context, loaded, (member) =>
      member !== loaded && isInOtherAccount(member)
        ? undefined
        : { statements: [context.policies.remove(member.secret.id)] },
    )
    return { arn, ...changed, output }
  })
}
