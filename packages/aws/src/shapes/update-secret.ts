export interface UpdateSecretRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 32–64 characters; becomes the VersionId where a value is given. */
  readonly ClientRequestToken?: string
  /** Up to 2048 characters. */
  readonly Description?: string
  /** 0–2048 characters; empty goes back to `aws/secretsmanager`. */
  readonly KmsKeyId?: string
  /** Base64 of 1–65,536 bytes. */
  readonly SecretBinary?: string
  /** 1–65,536 bytes. */
  readonly SecretString?: string
  readonly Type?: string
}

export interface UpdateSecretResponse {
  readonly ARN?: string
  readonly Name?: string
  /** Absent where no value was given. */
  readonly VersionId?: string
}
