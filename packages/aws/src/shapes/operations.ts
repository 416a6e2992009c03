import type {
  AssociateCrossAccountReplicaRequest,
  AssociateCrossAccountReplicaResponse,
} from './associate-cross-account-replica.ts'
import type { BatchGetSecretValueRequest, BatchGetSecretValueResponse } from './batch-get-secret-value.ts'
import type { CancelRotateSecretRequest, CancelRotateSecretResponse } from './cancel-rotate-secret.ts'
import type { CreateSecretRequest, CreateSecretResponse } from './create-secret.ts'
import type { DeleteResourcePolicyRequest, DeleteResourcePolicyResponse } from './delete-resource-policy.ts'
import type { DeleteSecretRequest, DeleteSecretResponse } from './delete-secret.ts'
import type { DescribeSecretRequest, DescribeSecretResponse } from './describe-secret.ts'
import type {
  DisassociateCrossAccountReplicaRequest,
  DisassociateCrossAccountReplicaResponse,
} from './disassociate-cross-account-replica.ts'
import type { GetRandomPasswordRequest, GetRandomPasswordResponse } from './get-random-password.ts'
import type { GetResourcePolicyRequest, GetResourcePolicyResponse } from './get-resource-policy.ts'
import type { GetSecretValueRequest, GetSecretValueResponse } from './get-secret-value.ts'
import type { ListResourcePoliciesRequest, ListResourcePoliciesResponse } from './list-resource-policies.ts'
import type { ListSecretVersionIdsRequest, ListSecretVersionIdsResponse } from './list-secret-version-ids.ts'
import type { ListSecretsRequest, ListSecretsResponse } from './list-secrets.ts'
import type { PutResourcePolicyRequest, PutResourcePolicyResponse } from './put-resource-policy.ts'
import type { PutSecretValueRequest, PutSecretValueResponse } from './put-secret-value.ts'
import type {
  RemoveRegionsFromReplicationRequest,
  RemoveRegionsFromReplicationResponse,
} from './remove-regions-from-replication.ts'
import type {
  ReplicateSecretToRegionsRequest,
  ReplicateSecretToRegionsResponse,
} from './replicate-secret-to-regions.ts'
import type { RestoreSecretRequest, RestoreSecretResponse } from './restore-secret.ts'
import type { RotateSecretRequest, RotateSecretResponse } from './rotate-secret.ts'
import type {
  StopReplicationToReplicaRequest,
  StopReplicationToReplicaResponse,
} from './stop-replication-to-replica.ts'
import type { TagResourceRequest } from './tag-resource.ts'
import type { UntagResourceRequest } from './untag-resource.ts'
import type { UpdateSecretRequest, UpdateSecretResponse } from './update-secret.ts'
import type {
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from './update-secret-version-stage.ts'
import type { ValidateResourcePolicyRequest, ValidateResourcePolicyResponse } from './validate-resource-policy.ts'

/**
 * The operations of Secrets Manager, each with what it takes and gives, in AWS's spelling.
 * Source: botocore's model `secretsmanager/2017-10-17`.
 */
export interface SecretsManagerOperations {
  readonly AssociateCrossAccountReplica: {
    readonly input: AssociateCrossAccountReplicaRequest
    readonly output: AssociateCrossAccountReplicaResponse
  }
  readonly BatchGetSecretValue: {
    readonly input: BatchGetSecretValueRequest
    readonly output: BatchGetSecretValueResponse
  }
  readonly CancelRotateSecret: {
    readonly input: CancelRotateSecretRequest
    readonly output: CancelRotateSecretResponse
  }
  readonly CreateSecret: { readonly input: CreateSecretRequest; readonly output: CreateSecretResponse }
  readonly DeleteResourcePolicy: {
    readonly input: DeleteResourcePolicyRequest
    readonly output: DeleteResourcePolicyResponse
  }
  readonly DeleteSecret: { readonly input: DeleteSecretRequest; readonly output: DeleteSecretResponse }
  readonly DescribeSecret: { readonly input: DescribeSecretRequest; readonly output: DescribeSecretResponse }
  readonly DisassociateCrossAccountReplica: {
    readonly input: DisassociateCrossAccountReplicaRequest
    readonly output: DisassociateCrossAccountReplicaResponse
  }
  readonly GetRandomPassword: { readonly input: GetRandomPasswordRequest; readonly output: GetRandomPasswordResponse }
  readonly GetResourcePolicy: { readonly input: GetResourcePolicyRequest; readonly output: GetResourcePolicyResponse }
  readonly GetSecretValue: { readonly input: GetSecretValueRequest; readonly output: GetSecretValueResponse }
  readonly ListResourcePolicies: {
    readonly input: ListResourcePoliciesRequest
    readonly output: ListResourcePoliciesResponse
  }
  readonly ListSecretVersionIds: {
    readonly input: ListSecretVersionIdsRequest
    readonly output: ListSecretVersionIdsResponse
  }
  readonly ListSecrets: { readonly input: ListSecretsRequest; readonly output: ListSecretsResponse }
  readonly PutResourcePolicy: { readonly input: PutResourcePolicyRequest; readonly output: PutResourcePolicyResponse }
  readonly PutSecretValue: { readonly input: PutSecretValueRequest; readonly output: PutSecretValueResponse }
  readonly RemoveRegionsFromReplication: {
    readonly input: RemoveRegionsFromReplicationRequest
    readonly output: RemoveRegionsFromReplicationResponse
  }
  readonly ReplicateSecretToRegions: {
    readonly input: ReplicateSecretToRegionsRequest
    readonly output: ReplicateSecretToRegionsResponse
  }
  readonly RestoreSecret: { readonly input: RestoreSecretRequest; readonly output: RestoreSecretResponse }
  readonly RotateSecret: { readonly input: RotateSecretRequest; readonly output: RotateSecretResponse }
  readonly StopReplicationToReplica: {
    readonly input: StopReplicationToReplicaRequest
    readonly output: StopReplicationToReplicaResponse
  }
  readonly TagResource: { readonly input: TagResourceRequest; readonly output: object }
  readonly UntagResource: { readonly input: UntagResourceRequest; readonly output: object }
  readonly UpdateSecret: { readonly input: UpdateSecretRequest; readonly output: UpdateSecretResponse }
  readonly UpdateSecretVersionStage: {
    readonly input: UpdateSecretVersionStageRequest
    readonly output: UpdateSecretVersionStageResponse
  }
  readonly ValidateResourcePolicy: {
    readonly input: ValidateResourcePolicyRequest
    readonly output: ValidateResourcePolicyResponse
  }
}
