/** What a request is signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Goes with temporary credentials. */
  readonly sessionToken?: string
  /** Epoch milliseconds; absent for keys that do not expire. */
  readonly expiresAtMs?: number
}

/** Gives the credentials of the moment. */
export interface AwsCredentialSource {
  (): Promise<AwsCredentials>
  /** Drops what is kept, because AWS no longer takes it. */
  readonly forget?: () => void
}
