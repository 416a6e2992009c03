export interface UpdateSecretVersionStageRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 1–256 characters. */
  readonly VersionStage: string
  /** 32–64 characters; has to be the version that holds the label, where another one does. */
  readonly RemoveFromVersionId?: string
  /** 32–64 characters; absent: the label is only taken away. */
  readonly MoveToVersionId?: string
}

export interface UpdateSecretVersionStageResponse {
  readonly ARN?: string
  readonly Name?: string
}
