import type { Tag } from './tag.ts'

/** Answered with an empty object. */
export interface TagResourceRequest {
  /** Name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** Added to those that are there; a key that is there already gets the new value. */
  readonly Tags: readonly Tag[]
}
