export interface RestoreSecretRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
}

export interface RestoreSecretResponse {
  readonly ARN?: string
  readonly Name?: string
}
