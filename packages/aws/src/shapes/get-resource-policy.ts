export interface GetResourcePolicyRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** Default: `default`. */
  readonly PolicyName?: string
}

export interface GetResourcePolicyResponse {
  readonly ARN?: string
  readonly Name?: string
  /** JSON; absent where there is none. */
  readonly ResourcePolicy?: string
  readonly PolicyName?: string
}
