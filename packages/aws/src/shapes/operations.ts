import type { BatchGetSecretValueRequest, BatchGetSecretValueResponse } from './batch-get-secret-value.ts'
import type { CreateSecretRequest, CreateSecretResponse } from './create-secret.ts'
import type { DeleteSecretRequest, DeleteSecretResponse } from './delete-secret.ts'
import type { DescribeSecretRequest, DescribeSecretResponse } from './describe-secret.ts'
import type { GetSecretValueRequest, GetSecretValueResponse } from './get-secret-value.ts'
import type { ListSecretsRequest, ListSecretsResponse } from './list-secrets.ts'
import type { PutSecretValueRequest, PutSecretValueResponse } from './put-secret-value.ts'
import type { RestoreSecretRequest, RestoreSecretResponse } from './restore-secret.ts'
import type { UpdateSecretRequest, UpdateSecretResponse } from './update-secret.ts'
import type {
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from './update-secret-version-stage.ts'

/**
 * The operations of Secrets Manager that Keyplane calls, each with what it takes and gives, in AWS's spelling.
 * Source: botocore's model `secretsmanager/2017-10-17`.
 */
export interface SecretsManagerOperations {
  readonly BatchGetSecretValue: {
    readonly input: BatchGetSecretValueRequest
    readonly output: BatchGetSecretValueResponse
  }
  readonly CreateSecret: { readonly input: CreateSecretRequest; readonly output: CreateSecretResponse }
  readonly DeleteSecret: { readonly input: DeleteSecretRequest; readonly output: DeleteSecretResponse }
  readonly DescribeSecret: { readonly input: DescribeSecretRequest; readonly output: DescribeSecretResponse }
  readonly GetSecretValue: { readonly input: GetSecretValueRequest; readonly output: GetSecretValueResponse }
  readonly ListSecrets: { readonly input: ListSecretsRequest; readonly output: ListSecretsResponse }
  readonly PutSecretValue: { readonly input: PutSecretValueRequest; readonly output: PutSecretValueResponse }
  readonly RestoreSecret: { readonly input: RestoreSecretRequest; readonly output: RestoreSecretResponse }
  readonly UpdateSecret: { readonly input: UpdateSecretRequest; readonly output: UpdateSecretResponse }
  readonly UpdateSecretVersionStage: {
    readonly input: UpdateSecretVersionStageRequest
    readonly output: UpdateSecretVersionStageResponse
  }
}
