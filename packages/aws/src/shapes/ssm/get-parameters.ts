import type { Parameter } from './parameter.ts'

export interface GetParametersRequest {
  /** 1–10, each as for GetParameter; none twice. */
  readonly Names: readonly string[]
  readonly WithDecryption?: boolean
}

export interface GetParametersResponse {
  readonly Parameters?: readonly Parameter[]
  /** Names that are not there or are none. */
  readonly InvalidParameters?: readonly string[]
}
