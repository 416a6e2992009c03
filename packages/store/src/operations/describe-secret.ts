import type { DescribeSecretRequest, DescribeSecretResponse } from '@keyplane/aws'
import { loadPresent, requirePresent } from '../change-secret.ts'
import type { OperationContext } from '../operation-context.ts'
import type { Shape } from '../parsing/member.ts'
import { secretId } from '../parsing/members.ts'
import { secretFacts } from '../secret-facts.ts'
import { secretTarget } from '../secret-target.ts'
import { labelsOf } from '../version-stages.ts'

export const describeSecretShape: Shape<DescribeSecretRequest> = { SecretId: secretId }

/** Tells everything about a secret but its values; one that waits for its deletion too. */
export const describeSecret = async (
  context: OperationContext,
  input: DescribeSecretRequest,
): Promise<DescribeSecretResponse> => {
  const found = await loadPresent(context, secretTarget(input.SecretId, context.caller))
  const { secret, tags, stages } = requirePresent(found)
  return {
    ...secretFacts(secret, tags),
    ...(stages.length > 0 && { VersionIdsToStages: Object.fromEntries(labelsOf(stages)) }),
  }
}
