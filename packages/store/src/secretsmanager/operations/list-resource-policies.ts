import type { ListResourcePoliciesRequest, ListResourcePoliciesResponse } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { loadPresent, requireActive } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import { integer, type Shape } from '../../parsing/member.ts'
import { nextToken, secretId } from '../../parsing/members.ts'
import { defaultPolicyName } from '../resource-policy.ts'
import { secretTarget } from '../secret-target.ts'

export const listResourcePoliciesShape: Shape<ListResourcePoliciesRequest> = {
  SecretId: secretId,
  MaxResults: integer({ min: 1, max: 100 }),
  NextToken: nextToken,
}

/** Names a secret's resource policies: one or none. */
export const listResourcePolicies = async (
  context: OperationContext,
  input: ListResourcePoliciesRequest,
): Promise<ListResourcePoliciesResponse> => {
  const found = await loadPresent(context, secretTarget(input.SecretId, context.caller))
  const { secret } = requireActive(found, context.nowMs)
  // One fits on every page, so no token was ever given.
  if (input.NextToken !== undefined) throw awsError('InvalidNextTokenException', 'The NextToken value is invalid.')
  const policy = await context.policies.of(secret.id)
  return { ResourcePolicies: policy === undefined ? [] : [{ PolicyName: defaultPolicyName }] }
}
