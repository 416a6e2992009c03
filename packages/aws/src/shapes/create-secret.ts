import type { ReplicaRegion, ReplicationStatus } from './replication.ts'
import type { Tag } from './tag.ts'

export interface CreateSecretRequest {
  /** 1–512 of `[A-Za-z0-9/_+=.@-]`. */
  readonly Name: string
  /** 32–64 characters; becomes the VersionId. */
  readonly ClientRequestToken?: string
  /** Up to 2048 characters. */
  readonly Description?: string
  /** 0–2048 characters; empty stands for `aws/secretsmanager`. */
  readonly KmsKeyId?: string
  /** Base64 of 1–65,536 bytes. */
  readonly SecretBinary?: string
  /** 1–65,536 bytes. */
  readonly SecretString?: string
  readonly Tags?: readonly Tag[]
  readonly AddReplicaRegions?: readonly ReplicaRegion[]
  readonly ForceOverwriteReplicaSecret?: boolean
  readonly Type?: string
  readonly CrossAccountPrimaryARN?: string
}

export interface CreateSecretResponse {
  readonly ARN?: string
  readonly Name?: string
  /** Absent where no value was given. */
  readonly VersionId?: string
  readonly ReplicationStatus?: readonly ReplicationStatus[]
}
