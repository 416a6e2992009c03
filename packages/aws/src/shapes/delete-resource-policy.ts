export interface DeleteResourcePolicyRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** Only `default`, which it is where it is left out. */
  readonly PolicyName?: string
}

export interface DeleteResourcePolicyResponse {
  readonly ARN?: string
  readonly Name?: string
  readonly PolicyName?: string
}
