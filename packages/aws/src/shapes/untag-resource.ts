/** Answered with an empty object. */
export interface UntagResourceRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** Keys of 1–128 characters; one that is not there is not missed. */
  readonly TagKeys: readonly string[]
}
