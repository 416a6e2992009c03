export interface GetSecretValueRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 32–64 characters. */
  readonly VersionId?: string
  /** 1–256 characters; default AWSCURRENT where no VersionId is given. */
  readonly VersionStage?: string
}

export interface GetSecretValueResponse {
  readonly ARN?: string
  readonly Name?: string
  readonly VersionId?: string
  /** Base64. */
  readonly SecretBinary?: string
  readonly SecretString?: string
  readonly VersionStages?: readonly string[]
  /** Epoch seconds, with milliseconds as a fraction. */
  readonly CreatedDate?: number
}
