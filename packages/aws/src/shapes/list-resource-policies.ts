export interface ListResourcePoliciesRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 1–100. */
  readonly MaxResults?: number
  /** 1–4096 characters, opaque. */
  readonly NextToken?: string
}

export interface ResourcePolicySummary {
  readonly PolicyName?: string
}

export interface ListResourcePoliciesResponse {
  readonly ResourcePolicies: readonly ResourcePolicySummary[]
  /** Absent on the last page. */
  readonly NextToken?: string
}
