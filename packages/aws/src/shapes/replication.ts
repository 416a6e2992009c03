/** A region that a secret is to be copied to. */
export interface ReplicaRegion {
  /** `^([a-z]+-)+\d+$`, 1–128 characters. */
  readonly Region?: string
  /** 0–2048 characters. */
  readonly KmsKeyId?: string
}

export type ReplicationState = 'InSync' | 'Failed' | 'InProgress' | 'Pending' | 'Detached'

export interface ReplicationStatus {
  readonly Region?: string
  readonly KmsKeyId?: string
  readonly Status?: ReplicationState
  readonly StatusMessage?: string
  /** Epoch seconds. */
  readonly LastAccessedDate?: number
}

/** The secret of another account that this one is a copy of. */
export interface CrossAccountPrimary {
  readonly PrimarySecretARN?: string
  readonly ReplicationStatus?: ReplicationState
  readonly StatusMessage?: string
}

/** A copy of this secret in another account. */
export interface CrossAccountReplica {
  readonly ReplicaSecretARN?: string
  readonly ReplicationRoleARN?: string
  readonly ReplicationStatus?: ReplicationState
  readonly StatusMessage?: string
}
