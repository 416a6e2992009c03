import type { ParameterType } from './parameter.ts'

export interface PutParameterRequest {
  /** No ARN. */
  readonly Name: string
  /** Up to 4 KB, 8 KB in the advanced tier; never empty. */
  readonly Value: string
  /** Needed for a parameter that is not there yet. */
  readonly Type?: ParameterType
  /** The key of a SecureString; default: the account's own for Parameter Store. */
  readonly KeyId?: string
  /** Default false: only where there is no such parameter. */
  readonly Overwrite?: boolean
}

export interface PutParameterResponse {
  readonly Version?: number
  readonly Tier?: string
}
