import type { Reading, SecretRef, SecretsError, SecretVersion } from '@keyplane/core'

/**
 * What the cache knows about one reference: a version (then it is a `Reading`), a failure, or both. Moments are on the
 * clock's monotonic scale.
 */
export class Entry {
  /** As first asked; the way to ask again. */
  readonly ref: SecretRef
  readonly source: string
  /** Every key that leads here: as asked, and the canonical id. */
  keys: readonly string[] = []
  version: SecretVersion | undefined
  /** Why the source did not vouch for it at the last attempt. */
  failure: SecretsError | undefined
  /** The source refused: the version is kept, not served. */
  suspended = false
  confirmedAtMs = 0
  freshUntilMs = 0
  /** The last read that it answered, in whole milliseconds. */
  readAtMs = 0
  /** From here on a reader sets off a refresh, and does not wait for it. */
  refreshFromMs = 0
  /** After a failure: no question to the source before this moment. */
  askAgainAtMs = 0
  generation = 0
  /** Confirmations without a value since the value was last read. */
  confirmations = 0

  constructor(ref: SecretRef, source: string) {
    this.ref = ref
    this.source = source
  }
}

/** Whether somebody read it after the source had vouched for it. */
export const isInUse = ({ readAtMs, confirmedAtMs }: Entry): boolean => readAtMs > confirmedAtMs

/** An entry that holds a version and may be handed out. */
export const asReading = (entry: Entry): Reading => entry as Reading
