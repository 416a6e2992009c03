import type { SecretFacts } from './secret-facts.ts'

export interface ListSecretsFilter {
  readonly Key?: 'description' | 'name' | 'tag-key' | 'tag-value' | 'primary-region' | 'owning-service' | 'all'
  /** 1–10 values, any of which may hold; `!` at the beginning negates one. */
  readonly Values?: readonly string[]
}

export interface ListSecretsRequest {
  readonly IncludePlannedDeletion?: boolean
  /** 1–100. */
  readonly MaxResults?: number
  /** 1–4096 characters, opaque. */
  readonly NextToken?: string
  /** Up to 10, all of which hold. */
  readonly Filters?: readonly ListSecretsFilter[]
  readonly SortOrder?: 'asc' | 'desc'
  /** Default: created-date. */
  readonly SortBy?: 'created-date' | 'last-accessed-date' | 'last-changed-date' | 'name'
}

export interface SecretListEntry extends SecretFacts {
  /** Labels by VersionId. DescribeSecret calls the same map `VersionIdsToStages`. */
  readonly SecretVersionsToStages?: Readonly<Record<string, readonly string[]>>
}

export interface ListSecretsResponse {
  readonly SecretList?: readonly SecretListEntry[]
  /** Absent on the last page. */
  readonly NextToken?: string
}
