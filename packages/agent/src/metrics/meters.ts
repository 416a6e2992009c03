/** Out of the cache, asked of the source, out of the cache because the source failed, or not given. */
export type ReadOutcome = 'hit' | 'fetched' | 'stale' | 'failed'

/** What the agent counts of its own work. A cached read pays for one addition. */
export class Meters {
  /** Cached values that were given without waiting. */
  hits = 0
  readonly reads: Record<Exclude<ReadOutcome, 'hit'>, number> = { fetched: 0, stale: 0, failed: 0 }
  /** Requests that were refused before they reached a secret, by the status of their answer. */
  readonly refusals: Map<number, number> = new Map()

  read(outcome: ReadOutcome): void {
    if (outcome === 'hit') this.hits += 1
    else this.reads[outcome] += 1
  }

  refused(status: number): void {
    this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1)
  }
}
