import type { ExternalSecretRotationMetadataItem, RotationRules } from './rotation.ts'

export interface RotateSecretRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 32–64 characters; becomes the VersionId. */
  readonly ClientRequestToken?: string
  /** Up to 2048 characters. */
  readonly RotationLambdaARN?: string
  readonly RotationRules?: RotationRules
  readonly ExternalSecretRotationMetadata?: readonly ExternalSecretRotationMetadataItem[]
  /** 20–2048 characters. */
  readonly ExternalSecretRotationRoleArn?: string
  /** Default true; false only tests the configuration. */
  readonly RotateImmediately?: boolean
}

export interface RotateSecretResponse {
  readonly ARN?: string
  readonly Name?: string
  readonly VersionId?: string
}
