import type { Parameter } from './parameter.ts'

export interface GetParameterRequest {
  /** Name or ARN, 1–2048 characters; `:version` or `:label` may follow. */
  readonly Name: string
  /** Default false; ignored but for SecureString. */
  readonly WithDecryption?: boolean
}

export interface GetParameterResponse {
  readonly Parameter?: Parameter
}
