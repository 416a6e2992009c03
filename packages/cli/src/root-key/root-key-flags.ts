/** Options of each command that opens a store with its root key. */
export interface RootKeyFlags {
  /** `file`, `environment`, `passphrase`, `aws-kms:ARN` or `openbao:KEY`. */
  readonly rootKey?: string
  /** A descriptor that the passphrase is read from. */
  readonly passphraseFd?: number
}
