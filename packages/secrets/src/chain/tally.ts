import type { FailureKind } from './failure-kind.ts'

/** How a source's reads went: out of its cache, asked, or the kind of their failure. */
export type ReadOutcome = 'hit' | 'asked' | FailureKind

/** Reads by outcome, since the start. */
export type ReadCounts = Readonly<Record<ReadOutcome, number>>

const none: ReadCounts = { hit: 0, asked: 0, absent: 0, denied: 0, unreachable: 0, broken: 0, unusable: 0 }

/** Counts reads, by source and outcome. */
export class Tally {
  readonly #counts = new Map<string, Record<ReadOutcome, number>>()

  /** The counts of one source, to be added to in place: a cached read pays for one addition. */
  of(source: string): Record<ReadOutcome, number> {
    const known = this.#counts.get(source)
    if (known) return known
    const counts = { ...none }
    this.#counts.set(source, counts)
    return counts
  }

  /** A copy of how things stand, by source. */
  snapshot(): Readonly<Record<string, ReadCounts>> {
    return Object.fromEntries([...this.#counts].map(([source, counts]) => [source, { ...counts }]))
  }
}
