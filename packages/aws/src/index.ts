/**
 * AWS's words: ARNs, staging labels, error names, and SigV4 both ways (sign a request, verify one). Use it to speak to
 * Secrets Manager or to answer as it does. It loads no SDK, reads no environment and keeps no secret in an error.
 */
export { parseSecretArn, type ParsedSecretArn, secretArn, type SecretArnParts } from './arn.ts'
export { type CallerIdentity, getCallerIdentity } from './caller-identity.ts'
export { type AwsErrorAnswer, type AwsErrorClass, errorCodeOfAws } from './classify-error.ts'
export {
  type AwsCredentialOptions,
  type AwsEnvironment,
  awsCredentials,
  bringCredentialChain,
  type CredentialChainPackage,
} from './credential-source.ts'
export type { AwsCredentialSource, AwsCredentials } from './credentials.ts'
export { type AwsErrorName, awsErrorStatus, isSecretsManagerError } from './error-types.ts'
export {
  type AwsCallOptions,
  type AwsClientOptions,
  type AwsJsonClient,
  type AwsJsonClientOptions,
  awsJsonClient,
  type OperationShapes,
} from './json-client.ts'
export { type AwsPartition, partitionOf } from './partition.ts'
export type {
  BatchGetSecretValueError,
  BatchGetSecretValueRequest,
  BatchGetSecretValueResponse,
} from './shapes/batch-get-secret-value.ts'
export type { CreateSecretRequest, CreateSecretResponse } from './shapes/create-secret.ts'
export type { DeleteSecretRequest, DeleteSecretResponse } from './shapes/delete-secret.ts'
export type { DescribeSecretRequest, DescribeSecretResponse } from './shapes/describe-secret.ts'
export type { GetCallerIdentityResponse } from './shapes/get-caller-identity.ts'
export type { GetSecretValueRequest, GetSecretValueResponse } from './shapes/get-secret-value.ts'
export type {
  ListSecretsFilter,
  ListSecretsRequest,
  ListSecretsResponse,
  SecretListEntry,
} from './shapes/list-secrets.ts'
export type {
  AssociateCrossAccountReplicaRequest,
  AssociateCrossAccountReplicaResponse,
} from './shapes/associate-cross-account-replica.ts'
export type { CancelRotateSecretRequest, CancelRotateSecretResponse } from './shapes/cancel-rotate-secret.ts'
export type { DeleteResourcePolicyRequest, DeleteResourcePolicyResponse } from './shapes/delete-resource-policy.ts'
export type {
  DisassociateCrossAccountReplicaRequest,
  DisassociateCrossAccountReplicaResponse,
} from './shapes/disassociate-cross-account-replica.ts'
export type { GetRandomPasswordRequest, GetRandomPasswordResponse } from './shapes/get-random-password.ts'
export type { GetResourcePolicyRequest, GetResourcePolicyResponse } from './shapes/get-resource-policy.ts'
export type {
  ListResourcePoliciesRequest,
  ListResourcePoliciesResponse,
  ResourcePolicySummary,
} from './shapes/list-resource-policies.ts'
export type {
  ListSecretVersionIdsRequest,
  ListSecretVersionIdsResponse,
  SecretVersionEntry,
} from './shapes/list-secret-version-ids.ts'
export type { PutResourcePolicyRequest, PutResourcePolicyResponse } from './shapes/put-resource-policy.ts'
export type {
  RemoveRegionsFromReplicationRequest,
  RemoveRegionsFromReplicationResponse,
} from './shapes/remove-regions-from-replication.ts'
export type {
  ReplicateSecretToRegionsRequest,
  ReplicateSecretToRegionsResponse,
} from './shapes/replicate-secret-to-regions.ts'
export type { RotateSecretRequest, RotateSecretResponse } from './shapes/rotate-secret.ts'
export type {
  StopReplicationToReplicaRequest,
  StopReplicationToReplicaResponse,
} from './shapes/stop-replication-to-replica.ts'
export type { TagResourceRequest } from './shapes/tag-resource.ts'
export type { UntagResourceRequest } from './shapes/untag-resource.ts'
export type {
  PolicyValidationError,
  ValidateResourcePolicyRequest,
  ValidateResourcePolicyResponse,
} from './shapes/validate-resource-policy.ts'
export type { SecretsManagerOperations } from './shapes/operations.ts'
export type { PutSecretValueRequest, PutSecretValueResponse } from './shapes/put-secret-value.ts'
export type {
  CrossAccountPrimary,
  CrossAccountReplica,
  ReplicaRegion,
  ReplicationState,
  ReplicationStatus,
} from './shapes/replication.ts'
export type { RestoreSecretRequest, RestoreSecretResponse } from './shapes/restore-secret.ts'
export type { ExternalSecretRotationMetadataItem, RotationRules } from './shapes/rotation.ts'
export type { SecretFacts } from './shapes/secret-facts.ts'
export type { DeleteParameterRequest, DeleteParameterResponse } from './shapes/ssm/delete-parameter.ts'
export type {
  DescribeParametersRequest,
  DescribeParametersResponse,
  ParameterFilter,
} from './shapes/ssm/describe-parameters.ts'
export type { GetParameterRequest, GetParameterResponse } from './shapes/ssm/get-parameter.ts'
export type { GetParametersRequest, GetParametersResponse } from './shapes/ssm/get-parameters.ts'
export type { ParameterStoreOperations } from './shapes/ssm/operations.ts'
export type { Parameter, ParameterMetadata, ParameterType } from './shapes/ssm/parameter.ts'
export type { PutParameterRequest, PutParameterResponse } from './shapes/ssm/put-parameter.ts'
export type { Tag } from './shapes/tag.ts'
export type { UpdateSecretRequest, UpdateSecretResponse } from './shapes/update-secret.ts'
export type {
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from './shapes/update-secret-version-stage.ts'
export type { WireRequest } from './sigv4/canonical-request.ts'
export { queryErrorOf, type SignatureErrorName, type SignatureRefusal } from './sigv4/refusal.ts'
export { type RequestToSign, signRequest } from './sigv4/sign.ts'
export { SigningKeyCache, type SigningScope } from './sigv4/signing-key.ts'
export {
  type SecretKey,
  type SignedRequest,
  type VerifiedSignature,
  type VerifyOptions,
  verifySignature,
} from './sigv4/verify.ts'
export { labelOfStage, stageOfLabel } from './stages.ts'
