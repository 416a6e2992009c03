import { type DeleteSecretRequest, type DeleteSecretResponse, secretArn } from '@keyplane/aws'
import { arnSuffix } from '../arn-suffix.ts'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, type Decided, present, requireNoReplica, requirePresent } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, integer, type Shape } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { recoveryWindowMs } from '../recovery-window.ts'
import { regionalReplicas } from '../replicas/replication-status.ts'
import { epochSeconds } from '../../epoch-seconds.ts'
import { type SecretTarget, secretTarget } from '../secret-target.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { SecretRow } from '../../storage/tables.ts'

export const deleteSecretShape: Shape<DeleteSecretRequest> = {
  SecretId: secretId,
  RecoveryWindowInDays: integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  ForceDeleteWithoutRecovery: flag(),
}

/** Schedules a secret's deletion, or removes it at once if that is forced. */
export const deleteSecret = async (
  context: OperationContext,
  input: DeleteSecretRequest,
): Promise<DeleteSecretResponse> => {
  const windowMs = recoveryWindowMs(input)
  const target = secretTarget(input.SecretId, context.caller)
  return changeSecret(context, target, async (found) => {
    const loaded = present(found, context.nowMs)
    if (loaded) requireAlone(loaded)
    const secret = loaded?.secret
    if (windowMs > 0) return scheduled(context, requirePresent(secret), windowMs)
    return secret ? removed(context, secret) : neverThere(context, target)
  })
}

/**
 * Replicas are deleted by their primary, and it only after them.
 * @throws AwsError InvalidParameterException
 */
const requireAlone = (loaded: LoadedSecret): void => {
  const { secret, replicas } = loaded
  requireNoReplica(secret)
  const regions = regionalReplicas(loaded).map(({ region }) => region)
  if (regions.length > 0)
    throw awsError(
      'InvalidParameterException',
      `You can't delete secret ${secret.arn} that still has replica regions [${regions.join(', ')}]`,
    )
  if (replicas.some(({ replica_id }) => replica_id !== null))
    throw awsError(
      'InvalidRequestException',
      `You can't delete secret ${secret.arn} that is still associated with a cross-account replica secret.`,
    )
}

const scheduled = (
  { secrets, nowMs }: OperationContext,
  secret: SecretRow,
  windowMs: number,
): Decided<DeleteSecretResponse> => {
  if (secret.deleted_at_ms !== null)
    throw awsError(
      'InvalidRequestException',
      "You tried to perform the operation on a secret that's currently marked deleted.",
    )
  const gone_at_ms = nowMs + windowMs
  return {
    arn: secret.arn,
    statements: [secrets.update(secret, { deleted_at_ms: nowMs, gone_at_ms, changed_at_ms: nowMs })],
    output: { ARN: secret.arn, Name: secret.name, DeletionDate: epochSeconds(gone_at_ms) },
  }
}

const removed = ({ secrets, nowMs }: OperationContext, secret: SecretRow): Decided<DeleteSecretResponse> => ({
  arn: secret.arn,
  statements: [secrets.remove(secret)],
  output: { ARN: secret.arn, Name: secret.name, DeletionDate: epochSeconds(nowMs) },
})

/** AWS says yes to forcing away what is not there, with an ARN that belongs to nothing. */
const neverThere = (
  { nowMs, random }: OperationContext,
  { kind, id, account, region, name }: SecretTarget,
): Decided<DeleteSecretResponse> => {
  const arn = kind === 'arn' ? id : secretArn({ account, region, name, suffix: arnSuffix(random) })
  return { arn, statements: [], output: { ARN: arn, Name: name, DeletionDate: epochSeconds(nowMs) } }
}
