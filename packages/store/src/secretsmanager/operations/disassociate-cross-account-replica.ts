import type { DisassociateCrossAccountReplicaRequest, DisassociateCrossAccountReplicaResponse } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, type Decided, requireWritable } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import { required, type Shape } from '../../parsing/member.ts'
import { arn, secretId } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'

export const disassociateCrossAccountReplicaShape: Shape<DisassociateCrossAccountReplicaRequest> = {
  SecretId: secretId,
  CrossAccountReplicaARN: required(arn),
}

/** Stops a secret of another account from following this one. It stays, read-only, as it is. */
export const disassociateCrossAccountReplica = async (
  context: OperationContext,
  input: DisassociateCrossAccountReplicaRequest,
): Promise<DisassociateCrossAccountReplicaResponse> =>
  changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) =>
    detached(context, requireWritable(found, context.nowMs), input.CrossAccountReplicaARN),
  )

const detached = async (
  { secrets, replicas, nowMs }: OperationContext,
  { secret, replicas: rows }: LoadedSecret,
  replicaArn: string,
): Promise<Decided<DisassociateCrossAccountReplicaResponse>> => {
  const row = rows.find(({ arn: other, region }) => other === replicaArn && region === secret.region)
  if (!row)
    throw awsError('ResourceNotFoundException', "Secrets Manager can't find the specified cross-account replica.")
  const replica = row.replica_id === null ? undefined : await secrets.loadById(row.replica_id)
  const detachment = { replica_of: null, primary_status: 'Detached', changed_at_ms: nowMs } as const
  return {
    arn: secret.arn,
    followers: replica ? [replicaArn] : [],
    statements: [
      secrets.update(secret, { changed_at_ms: nowMs }),
      replicas.remove(row),
      ...(replica?.secret.replica_of === secret.id ? [secrets.update(replica.secret, detachment)] : []),
    ],
    output: { ARN: secret.arn, CrossAccountReplicaARN: replicaArn },
  }
}
