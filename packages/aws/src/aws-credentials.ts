/** What a request is signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Goes with temporary credentials. */
  readonly sessionToken?: string
  /** Epoch milliseconds; absent for keys that do not expire. */
  readonly expiresAtMs?: number
}
