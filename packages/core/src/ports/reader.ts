import type { Outcome, SecretsError } from '../errors.ts'
import type { SecretRef } from '../secret-ref.ts'
import type { SecretVersion } from '../secret-version.ts'
import type { CallOptions, Change } from './provider.ts'

/** A cached answer. It is the cache's own entry, so a hit allocates nothing; stale when `nowMs > freshUntilMs`. */
export interface Reading {
  readonly version: SecretVersion
  readonly source: string
  /** Monotonic: when the source last vouched for it. */
  readonly confirmedAtMs: number
  readonly freshUntilMs: number
  /** Counts the values that this entry has held. */
  readonly generation: number
  /** Why the source did not vouch for it at the last attempt: what is given covers that failure. */
  readonly failure?: SecretsError | undefined
}

/** What cache and chain give. */
export interface SecretReader {
  /** A fresh answer that is here already: no I/O, no promise. */
  peek(ref: SecretRef): Reading | undefined
  /**
   * The last answer, a value or a failure, however old within what policy lets a failure cover; nothing where it was
   * never asked. An expired one is asked for again behind the caller's back.
   */
  recall(ref: SecretRef): Outcome<Reading> | undefined
  read(ref: SecretRef, call?: CallOptions): Promise<Reading>
  invalidate(change: Change): void
}
