import type { CrossAccountReplica, DescribeSecretRequest, DescribeSecretResponse } from '@keyplane/aws'
import { loadPresent, requirePresent } from '../change-secret.ts'
import { followersOf } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { secretId } from '../../parsing/members.ts'
import { regionalReplicas, replicationStatus } from '../replicas/replication-status.ts'
import { rotationFacts } from '../../rotation/rotation-facts.ts'
import { secretFacts } from '../secret-facts.ts'
import { secretTarget } from '../secret-target.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { ReplicaRow } from '../../storage/tables.ts'
import { labelsOf } from '../versions/version-stages.ts'

export const describeSecretShape: Shape<DescribeSecretRequest> = { SecretId: secretId }

/** Tells everything about a secret but its values; one that waits for its deletion too. */
export const describeSecret = async (
  context: OperationContext,
  input: DescribeSecretRequest,
): Promise<DescribeSecretResponse> => {
  const loaded = requirePresent(await loadPresent(context, secretTarget(input.SecretId, context.caller)))
  const { secret, tags, stages } = loaded
  return {
    ...secretFacts(secret, tags),
    ...rotationFacts(await context.rotations.of(secret.id)),
    ...(stages.length > 0 && { VersionIdsToStages: Object.fromEntries(labelsOf(stages)) }),
    ...(await replicationFacts(context, loaded)),
  }
}

const replicationFacts = async (
  context: OperationContext,
  loaded: LoadedSecret,
): Promise<Pick<DescribeSecretResponse, 'ReplicationStatus' | 'CrossAccountPrimary' | 'CrossAccountReplicas'>> => {
  const { primary_arn, primary_status } = loaded.secret
  const hasRegions = regionalReplicas(loaded).length > 0
  const others = crossAccountReplicas(loaded)
  return {
    ...(hasRegions && { ReplicationStatus: replicationStatus(loaded, await followersOf(context, loaded)) }),
    ...(primary_arn !== null && {
      CrossAccountPrimary: {
        PrimarySecretARN: primary_arn,
        ...(primary_status !== null && { ReplicationStatus: primary_status }),
      },
    }),
    ...(others.length > 0 && { CrossAccountReplicas: others }),
  }
}

const crossAccountReplicas = ({ secret, replicas }: LoadedSecret): readonly CrossAccountReplica[] =>
  replicas.filter(({ region }) => region === secret.region).map(crossAccountReplica)

const crossAccountReplica = ({ arn, role_arn, status, message }: ReplicaRow): CrossAccountReplica => ({
  ReplicaSecretARN: arn,
  ...(role_arn !== null && { ReplicationRoleARN: role_arn }),
  ReplicationStatus: status,
  ...(message !== '' && { StatusMessage: message }),
})
