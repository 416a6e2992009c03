import type { ReplicationState } from './replication.ts'

export interface AssociateCrossAccountReplicaRequest {
  /** The primary: name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 20–2048 characters. */
  readonly CrossAccountReplicaARN: string
  /** Whether the other account must belong to the same organization; default SameOrg. */
  readonly ReplicaRestriction?: 'SameOrg' | 'NoRestriction'
  /** A role of the primary's account; 20–2048 characters. */
  readonly ReplicationRoleARN?: string
}

export interface AssociateCrossAccountReplicaResponse {
  /** Of the primary. */
  readonly ARN?: string
  readonly CrossAccountReplicaARN?: string
  readonly ReplicationStatus?: ReplicationState
}
