import type { ReplicaRegion, ReplicationStatus } from './replication.ts'

export interface ReplicateSecretToRegionsRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  readonly AddReplicaRegions: readonly ReplicaRegion[]
  /** Puts the replica in the place of a secret of the same name; default false. */
  readonly ForceOverwriteReplicaSecret?: boolean
}

export interface ReplicateSecretToRegionsResponse {
  /** Of the primary. */
  readonly ARN?: string
  readonly ReplicationStatus?: readonly ReplicationStatus[]
}
