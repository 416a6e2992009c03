export type ParameterType = 'String' | 'StringList' | 'SecureString'

/** One version of a parameter, with its value. */
export interface Parameter {
  /** Without the selector. */
  readonly Name?: string
  readonly Type?: ParameterType
  /** Of a SecureString: its ciphertext, where no decryption was asked for. */
  readonly Value?: string
  readonly Version?: number
  /** `:3` or `:label`, as it was asked for. */
  readonly Selector?: string
  /** Epoch seconds: when this version was made. */
  readonly LastModifiedDate?: number
  readonly ARN?: string
  /** Default `text`. */
  readonly DataType?: string
}

/** What DescribeParameters tells of a parameter: no value. */
export interface ParameterMetadata {
  readonly Name?: string
  readonly ARN?: string
  readonly Type?: ParameterType
  /** Alias or id of the key of a SecureString. */
  readonly KeyId?: string
  readonly LastModifiedDate?: number
  /** The latest. */
  readonly Version?: number
}
