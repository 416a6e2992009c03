export interface ListSecretVersionIdsRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 1–100. */
  readonly MaxResults?: number
  /** 1–4096 characters, opaque. */
  readonly NextToken?: string
  /** Versions without a label too. */
  readonly IncludeDeprecated?: boolean
}

/** A version that has a value. */
export interface SecretVersionEntry {
  readonly VersionId?: string
  /** Absent for a version without a label. */
  readonly VersionStages?: readonly string[]
  /** Epoch seconds, cut to the day; absent for a version that was never read. */
  readonly LastAccessedDate?: number
  /** Epoch seconds, with milliseconds as a fraction. */
  readonly CreatedDate?: number
  /** `DefaultEncryptionKey` stands for `aws/secretsmanager`. */
  readonly KmsKeyIds?: readonly string[]
}

export interface ListSecretVersionIdsResponse {
  readonly Versions?: readonly SecretVersionEntry[]
  /** Absent on the last page. */
  readonly NextToken?: string
  readonly ARN?: string
  readonly Name?: string
}
