import type { CancelRotateSecretRequest, CancelRotateSecretResponse } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, requireWritable } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'
import { holderOf, labelsOf, pending } from '../versions/version-stages.ts'

export const cancelRotateSecretShape: Shape<CancelRotateSecretRequest> = { SecretId: secretId }

/** Has a secret rotated no more, and takes back what is under way. How it was to be rotated stays known. */
export const cancelRotateSecret = async (
  context: OperationContext,
  input: CancelRotateSecretRequest,
): Promise<CancelRotateSecretResponse> => {
  const target = secretTarget(input.SecretId, context.caller)
  let rotating: string | undefined
  const output = await changeSecret(context, target, async (found) => {
    const { secret, stages } = requireWritable(found, context.nowMs)
    const row = await context.rotations.of(secret.id)
    if (!row)
      throw awsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
    const waiting = holderOf(labelsOf(stages), pending)
    const output = { ARN: secret.arn, Name: secret.name, ...(waiting !== undefined && { VersionId: waiting }) }
    const cancelled = { ...row, enabled: 0, next_at_ms: null }
    rotating = row.pending_version === null ? undefined : secret.id
    const statements = [
      context.secrets.update(secret, { changed_at_ms: context.nowMs }),
      context.rotations.put(cancelled),
    ]
    return { arn: secret.arn, output, statements }
  })
  if (rotating !== undefined) await context.rotating.takeBack(rotating)
  return output
}
