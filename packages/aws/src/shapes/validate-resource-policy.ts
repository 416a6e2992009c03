export interface ValidateResourcePolicyRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId?: string
  /** JSON of 1–20,480 characters. */
  readonly ResourcePolicy: string
}

export interface PolicyValidationError {
  /** Which check did not pass. */
  readonly CheckName?: string
  readonly ErrorMessage?: string
}

export interface ValidateResourcePolicyResponse {
  readonly PolicyValidationPassed?: boolean
  readonly ValidationErrors?: readonly PolicyValidationError[]
}
