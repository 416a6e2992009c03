import type { GetSecretValueResponse } from './get-secret-value.ts'
import type { ListSecretsFilter } from './list-secrets.ts'

export interface BatchGetSecretValueRequest {
  /** 1–20 names or ARNs; not together with Filters. */
  readonly SecretIdList?: readonly string[]
  /** Up to 10, all of which hold. */
  readonly Filters?: readonly ListSecretsFilter[]
  /** 1–20; with Filters only. */
  readonly MaxResults?: number
  /** 1–4096 characters, opaque. */
  readonly NextToken?: string
}

/** Why one secret of a batch was not given. */
export interface BatchGetSecretValueError {
  /** As it was asked for. */
  readonly SecretId?: string
  readonly ErrorCode?: string
  readonly Message?: string
}

export interface BatchGetSecretValueResponse {
  readonly SecretValues?: readonly GetSecretValueResponse[]
  readonly Errors?: readonly BatchGetSecretValueError[]
  /** Absent on the last page. */
  readonly NextToken?: string
}
