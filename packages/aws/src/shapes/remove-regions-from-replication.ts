import type { ReplicationStatus } from './replication.ts'

export interface RemoveRegionsFromReplicationRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** Regions whose replicas are to be deleted. */
  readonly RemoveReplicaRegions: readonly string[]
}

export interface RemoveRegionsFromReplicationResponse {
  /** Of the primary. */
  readonly ARN?: string
  /** Of the replicas that are left. */
  readonly ReplicationStatus?: readonly ReplicationStatus[]
}
