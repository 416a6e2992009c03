export interface PutSecretValueRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 32–64 characters; becomes the VersionId. */
  readonly ClientRequestToken?: string
  /** Base64 of 1–65,536 bytes. */
  readonly SecretBinary?: string
  /** 1–65,536 bytes. */
  readonly SecretString?: string
  /** 1–20 labels of 1–256 characters; default AWSCURRENT. */
  readonly VersionStages?: readonly string[]
  /** 36–256 characters of `[a-zA-Z0-9-]`. */
  readonly RotationToken?: string
}

export interface PutSecretValueResponse {
  readonly ARN?: string
  readonly Name?: string
  readonly VersionId?: string
  readonly VersionStages?: readonly string[]
}
