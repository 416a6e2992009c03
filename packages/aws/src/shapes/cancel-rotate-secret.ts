export interface CancelRotateSecretRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
}

export interface CancelRotateSecretResponse {
  readonly ARN?: string
  readonly Name?: string
  /** The version that the rotation was making. */
  readonly VersionId?: string
}
