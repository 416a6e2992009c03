/**
 * A staging label: which of a secret's versions is meant, independent of any backend's spelling.
 * A label of the user's own, `AWSCURRENT`'s lower-case twin `current` included, is `label:…`.
 */
export type Stage = 'current' | 'previous' | 'pending' | `label:${string}`

/** What a caller asks for. */
export interface SecretRef {
  /** As the caller spelled it; only the provider interprets it. */
  readonly id: string
  readonly version?: string
  /** Neither version nor stage: `current`. Both: the source must agree that they meet. */
  readonly stage?: Stage
  /** The identity that the source is to assume (the agent's `roleArn`); part of every cache key. */
  readonly as?: string
}
