/**
 * Where records are that several processes share: bytes by key, each for a while, and what one process calls out to the
 * others. Whoever keeps them is trusted with nothing: what is read is opened or passed over.
 *
 * Each call rejects with a SecretsError: `unavailable` where the keeper is not there, `rate_limited` where it is and takes
 * no more, `bad_response` where it is and refuses.
 */
export interface Entries {
  get(key: string): Promise<Uint8Array | undefined>
  /** Puts it, whatever is there. */
  set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>
  /** Puts it where nothing is. Gives what was there. `ttlMs` undefined: for ever. */
  setIfAbsent(key: string, bytes: Uint8Array, ttlMs?: number): Promise<Uint8Array | undefined>
  /**
   * Puts what begins with a moment, unless what is there begins with a younger one that is not from the future. Gives what
   * it replaced.
   */
  setUnlessYounger(key: string, bytes: Uint8Array, ttlMs: number): Promise<Uint8Array | undefined>
  remove(key: string): Promise<void>
  /** Calls out to every process, this one too. */
  publish(message: string): Promise<void>
  /** @returns what ends it. */
  subscribe(listener: EntriesListener): () => void
  close(): void
}

export interface EntriesListener {
  readonly onMessage: (message: string) => void
  /** Messages may have been missed. */
  readonly onGap: () => void
}
