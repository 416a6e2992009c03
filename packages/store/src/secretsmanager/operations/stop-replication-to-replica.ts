import type { StopReplicationToReplicaRequest, StopReplicationToReplicaResponse } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, isReplica, requireActive } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { regionalReplicas } from '../replicas/replication-status.ts'
import { requireAccess } from '../require-access.ts'
import { secretTarget } from '../secret-target.ts'
import type { SecretRow } from '../../storage/tables.ts'

export const stopReplicationToReplicaShape: Shape<StopReplicationToReplicaRequest> = { SecretId: secretId }

/** Makes a replica a secret of its own. */
export const stopReplicationToReplica = async (
  context: OperationContext,
  input: StopReplicationToReplicaRequest,
): Promise<StopReplicationToReplicaResponse> =>
  changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const { secret } = requireActive(found, context.nowMs)
    if (!isReplica(secret))
      throw awsError('InvalidParameterException', 'Operation is only permitted on a replica secret.')
    // The policy that let the primary's account in goes with it.
    if (secret.primary_arn !== null) await requireAccess(context, 'secretsmanager:DeleteResourcePolicy', input.SecretId)
    const promoted = {
      primary_region: null,
      replica_of: null,
      primary_arn: null,
      primary_status: null,
      changed_at_ms: context.nowMs,
    }
    return {
      arn: secret.arn,
      statements: [context.secrets.update(secret, promoted), ...(await leftByReplica(context, secret))],
      output: { ARN: secret.arn },
    }
  })

/** What the primary knows from then on: nothing of a region, of another account that the replica is detached. */
const leftByReplica = async (
  { secrets, replicas, nowMs }: OperationContext,
  replica: SecretRow,
): Promise<readonly Statement[]> => {
  const primary = replica.replica_of === null ? undefined : await secrets.loadById(replica.replica_of)
  const row = primary?.replicas.find(({ replica_id }) => replica_id === replica.id)
  if (!primary || !row) return []
  const { secret } = primary
  const rest = { secret, replicas: primary.replicas.filter((other) => other !== row) }
  const primary_region = regionalReplicas(rest).length > 0 ? secret.region : null
  return [
    secrets.update(secret, { primary_region, changed_at_ms: nowMs }),
    row.region === secret.region
      ? replicas.put({ ...row, status: 'Detached', replica_id: null })
      : replicas.remove(row),
  ]
}
