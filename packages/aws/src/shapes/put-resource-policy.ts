export interface PutResourcePolicyRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** JSON of 1–20,480 characters. */
  readonly ResourcePolicy: string
  /** Only `default`, which it is where it is left out. */
  readonly PolicyName?: string
  /** Refuses a policy that grants access to everybody. */
  readonly BlockPublicPolicy?: boolean
}

export interface PutResourcePolicyResponse {
  readonly ARN?: string
  readonly Name?: string
  readonly PolicyName?: string
}
