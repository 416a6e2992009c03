import type { CrossAccountPrimary, CrossAccountReplica, ReplicationStatus } from './replication.ts'
import type { SecretFacts } from './secret-facts.ts'

export interface DescribeSecretRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
}

export interface DescribeSecretResponse extends SecretFacts {
  /** Labels by VersionId; a version without a label is not in it. */
  readonly VersionIdsToStages?: Readonly<Record<string, readonly string[]>>
  readonly ReplicationStatus?: readonly ReplicationStatus[]
  readonly CrossAccountPrimary?: CrossAccountPrimary
  readonly CrossAccountReplicas?: readonly CrossAccountReplica[]
}
