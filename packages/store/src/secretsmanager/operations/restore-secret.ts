import type { RestoreSecretRequest, RestoreSecretResponse } from '@keyplane/aws'
import { changeSecret, present, requireNoReplica, requirePresent } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'

export const restoreSecretShape: Shape<RestoreSecretRequest> = { SecretId: secretId }

/** Calls a scheduled deletion off. A secret that is not going to be deleted stays as it is. */
export const restoreSecret = async (
  context: OperationContext,
  input: RestoreSecretRequest,
): Promise<RestoreSecretResponse> =>
  changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const { secret } = requirePresent(present(found, context.nowMs))
    requireNoReplica(secret)
    const restored = { deleted_at_ms: null, gone_at_ms: null, changed_at_ms: context.nowMs }
    return {
      arn: secret.arn,
      statements: secret.deleted_at_ms === null ? [] : [context.secrets.update(secret, restored)],
      output: { ARN: secret.arn, Name: secret.name },
    }
  })
