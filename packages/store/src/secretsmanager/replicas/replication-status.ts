import type { ReplicationStatus } from '@keyplane/aws'
import { defaultKeyAlias } from '../../kms/kms-keys.ts'
import { epochSeconds } from '../../epoch-seconds.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { ReplicaRow, SecretRow } from '../../storage/tables.ts'

/** What a primary tells of its replicas. */
export type Primary = Pick<LoadedSecret, 'secret' | 'replicas'>

/** The replicas in other regions, those that could not be made included. A replica in another account is in the same region. */
export const regionalReplicas = ({ secret, replicas }: Primary): readonly ReplicaRow[] =>
  replicas.filter(({ region }) => region !== secret.region)

/**
 * How it stands with the replicas in other regions. `followers` tell when each was read, and under which key it is; of
 * those that were `begun` in this call no more is said than that they are being made.
 */
export const replicationStatus = (
  primary: Primary,
  followers: readonly LoadedSecret[] = [],
  begun: readonly ReplicaRow[] = [],
): readonly ReplicationStatus[] =>
  regionalReplicas(primary).map((row) => {
    const replica = followers.find(({ secret }) => secret.id === row.replica_id)?.secret
    return begun.includes(row) ? beginning(row) : standing(row, replica)
  })

const beginning = ({ region, kms_key }: ReplicaRow): ReplicationStatus => ({
  Region: region,
  KmsKeyId: keyName(kms_key),
  Status: 'InProgress',
})

const standing = ({ region, kms_key, status, message }: ReplicaRow, replica?: SecretRow): ReplicationStatus => ({
  Region: region,
  KmsKeyId: keyName(replica?.kms_key ?? kms_key),
  Status: status,
  StatusMessage: message,
  ...(replica && replica.accessed_at_ms > 0 && { LastAccessedDate: epochSeconds(replica.accessed_at_ms) }),
})

const keyName = (kmsKey: string): string => (kmsKey === '' ? defaultKeyAlias : kmsKey)
