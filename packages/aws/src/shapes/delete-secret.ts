export interface DeleteSecretRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 7–30, default 30; not together with ForceDeleteWithoutRecovery. */
  readonly RecoveryWindowInDays?: number
  readonly ForceDeleteWithoutRecovery?: boolean
}

export interface DeleteSecretResponse {
  readonly ARN?: string
  readonly Name?: string
  /** Epoch seconds: when the secret will be gone. */
  readonly DeletionDate?: number
}
