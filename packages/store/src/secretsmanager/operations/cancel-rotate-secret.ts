import type { CancelRotateSecretRequest, CancelRotateSecretResponse } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { loadPresent, requireWritable } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'

export const cancelRotateSecretShape: Shape<CancelRotateSecretRequest> = { SecretId: secretId }

/** Refuses: no secret of this store is being rotated. */
export const cancelRotateSecret = async (
  context: OperationContext,
  input: CancelRotateSecretRequest,
): Promise<CancelRotateSecretResponse> => {
  requireWritable(await loadPresent(context, secretTarget(input.SecretId, context.caller)), context.nowMs)
  throw awsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
}
