import type { RemoveRegionsFromReplicationRequest, RemoveRegionsFromReplicationResponse } from '@keyplane/aws'
import { changeSecret, type Decided, requireWritable } from '../change-secret.ts'
import { followersOf } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import { listOf, required, type Shape } from '../../parsing/member.ts'
import { region, secretId } from '../../parsing/members.ts'
import { regionalReplicas, replicationStatus } from '../replicas/replication-status.ts'
import { secretTarget } from '../secret-target.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'

export const removeRegionsFromReplicationShape: Shape<RemoveRegionsFromReplicationRequest> = {
  SecretId: secretId,
  RemoveReplicaRegions: required(listOf(region, { min: 1, max: 100 })),
}

/** Deletes replicas of a secret, at once. A region without one is not missed. */
export const removeRegionsFromReplication = async (
  context: OperationContext,
  input: RemoveRegionsFromReplicationRequest,
): Promise<RemoveRegionsFromReplicationResponse> => {
  const regions = new Set(input.RemoveReplicaRegions)
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) =>
    removed(context, requireWritable(found, context.nowMs), regions),
  )
}

const removed = async (
  context: OperationContext,
  loaded: LoadedSecret,
  regions: ReadonlySet<string>,
): Promise<Decided<RemoveRegionsFromReplicationResponse>> => {
  const { secret } = loaded
  const { secrets, replicas: table, nowMs } = context
  const going = regionalReplicas(loaded).filter((row) => regions.has(row.region))
  const replicas = loaded.replicas.filter((row) => !going.includes(row))
  const followers = await followersOf(context, loaded)
  const copies = followers.filter((follower) => going.some(({ replica_id }) => replica_id === follower.secret.id))
  const left = { secret, replicas }
  const primary_region = regionalReplicas(left).length > 0 ? secret.region : null
  return {
    arn: secret.arn,
    followers: copies.map((copy) => copy.secret.arn),
    statements:
      going.length === 0
        ? []
        : [
            secrets.update(secret, { primary_region, changed_at_ms: nowMs }),
            ...going.map((row) => table.remove(row)),
            ...copies.map((copy) => secrets.remove(copy.secret)),
          ],
    output: { ARN: secret.arn, ReplicationStatus: replicationStatus(left, followers) },
  }
}
