import type { ReplicateSecretToRegionsRequest, ReplicateSecretToRegionsResponse } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { changeSecret, type Decided, requireWritable } from '../change-secret.ts'
import { copyLabelledVersions } from '../versions/copy-versions.ts'
import { followersOf } from '../replicas/followers.ts'
import { makeReplicas, type ReplicaPlace, requireReplicaPlaces } from '../replicas/make-replicas.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, required, type Shape } from '../../parsing/member.ts'
import { replicaRegions, secretId } from '../../parsing/members.ts'
import { replicationStatus } from '../replicas/replication-status.ts'
import { secretTarget } from '../secret-target.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { SecretRow } from '../../storage/tables.ts'

export const replicateSecretToRegionsShape: Shape<ReplicateSecretToRegionsRequest> = {
  SecretId: secretId,
  AddReplicaRegions: required(replicaRegions),
  ForceOverwriteReplicaSecret: flag(),
}

/** Makes replicas of a secret in other regions; from then on they follow it. */
export const replicateSecretToRegions = async (
  context: OperationContext,
  input: ReplicateSecretToRegionsRequest,
): Promise<ReplicateSecretToRegionsResponse> => {
  const places = requireReplicaPlaces(input.AddReplicaRegions, context)
  const force = input.ForceOverwriteReplicaSecret ?? false
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) =>
    replicated(context, requireWritable(found, context.nowMs), { places, force }),
  )
}

const replicated = async (
  context: OperationContext,
  loaded: LoadedSecret,
  wanted: { readonly places: readonly ReplicaPlace[]; readonly force: boolean },
): Promise<Decided<ReplicateSecretToRegionsResponse>> => {
  const { secret, replicas } = loaded
  const policy = await context.policies.of(secret.id)
  const fill = async (replica: SecretRow): Promise<readonly Statement[]> => [
    ...(await copyLabelledVersions(context, loaded, { secret: replica, stages: [] })),
    ...(policy === undefined ? [] : [context.policies.put(replica.id, policy)]),
  ]
  const made = await makeReplicas(context, loaded, { ...wanted, fill })
  const remade = new Set(made.rows.map(({ arn }) => arn))
  const rows = [...replicas.filter(({ arn }) => !remade.has(arn)), ...made.rows].toSorted(
    (a, b) => a.position - b.position,
  )
  const begun = replicationStatus({ secret, replicas: rows }, await followersOf(context, loaded), made.rows)
  const facts = { primary_region: secret.region, changed_at_ms: context.nowMs }
  return {
    arn: secret.arn,
    followers: made.followers,
    statements: made.rows.length === 0 ? [] : [context.secrets.update(secret, facts), ...made.statements],
    output: { ARN: secret.arn, ReplicationStatus: begun },
  }
}
