import type { Clock, Timer } from '@keyplane/core'
import { type Entry, isInUse } from './entry.ts'

export interface RefreshAheadParts {
  readonly clock: Clock
  readonly ttlMs: number
  /** The last part of the TTL, 0 (never) to 1. */
  readonly refreshAheadRatio: number
  readonly entries: () => Iterable<Entry>
  /** How many the source reads by one call; 1 where it saves nothing by that. */
  readonly perCall: () => number
  /** Whether it can be read together with others, and the source is not being asked about it. */
  readonly isBatchable: (entry: Entry) => boolean
  /** Sets off a refresh of each, by as few calls as can be, that nobody waits for. */
  readonly refreshTogether: (entries: readonly Entry[]) => void
  /** Sets off a refresh that nobody waits for. */
  readonly refreshBehind: (entry: Entry) => void
}

/** From this part of the TTL on keys in use fill whole calls, a twentieth of a call each at AWS. */
const earlyRatio = 0.6
/** Turns of a source's keys that come within this part of the time ahead are taken in one. */
const momentRatio = 0.05

const turnOf = ({ refreshFromMs, askAgainAtMs }: Entry): number => Math.max(refreshFromMs, askAgainAtMs)

/**
 * Refreshes what is in use ahead of its expiry, so that whoever reads a key at least once in a TTL never waits. One timer
 * serves all entries, and runs only as long as one of them is fresh.
 */
export class RefreshAhead {
  readonly #parts: RefreshAheadParts
  #timer: Timer | undefined
  #wakesAtMs = Number.POSITIVE_INFINITY

  constructor(parts: RefreshAheadParts) {
    this.#parts = parts
  }

  /** Notes that an entry has a turn, since the source vouched for it or what it said may be old. What came stale has none. */
  note(entry: Entry): void {
    const { refreshFromMs, freshUntilMs } = entry
    const nowMs = this.#parts.clock.monotonicMs()
    if (refreshFromMs >= freshUntilMs || nowMs >= freshUntilMs) return
    const turnMs = Math.max(nowMs, turnOf(entry))
    if (turnMs < this.#wakesAtMs) this.#wakeAt(turnMs)
  }

  close(): void {
    this.#timer?.cancel()
    // No turn comes before that.
    this.#wakesAtMs = Number.NEGATIVE_INFINITY
  }

  #wakeAt(wakesAtMs: number): void {
    const { clock } = this.#parts
    this.#timer?.cancel()
    this.#wakesAtMs = wakesAtMs
    this.#timer = clock.after(Math.ceil(wakesAtMs - clock.monotonicMs()), () => this.#wake())
  }

  #wake(): void {
    const { clock, ttlMs, refreshAheadRatio, perCall, isBatchable, refreshBehind, refreshTogether } = this.#parts
    const nowMs = clock.monotonicMs()
    this.#wakesAtMs = Number.POSITIVE_INFINITY
    const { due, inUse, nextTurnMs } = this.#look(nowMs)
    const size = perCall()
    const together = size > 1 ? wholeCalls(inUse, { size, nowMs, earlyMs: ttlMs * earlyRatio }) : []
    if (together.length > 1) refreshTogether(together)
    for (const entry of due) if (together.length <= 1 || !isBatchable(entry)) refreshBehind(entry)
    const filler = size > 1 ? inUse[together.length + size - 1] : undefined
    const fillsAtMs = filler ? filler.confirmedAtMs + ttlMs * earlyRatio : Number.POSITIVE_INFINITY
    // What was due is looked at once more: the source may fail.
    const nextMs = due.length > 0 ? nowMs : Math.min(nextTurnMs, fillsAtMs)
    if (nextMs < Number.POSITIVE_INFINITY)
      this.#wakeAt(Math.max(nextMs, nowMs + ttlMs * refreshAheadRatio * momentRatio))
  }

  /** What is in use and has its turn; all that can be read together, its turn first; the next turn of any. */
  #look(nowMs: number): { due: readonly Entry[]; inUse: readonly Entry[]; nextTurnMs: number } {
    const due: Entry[] = []
    const inUse: Entry[] = []
    let nextTurnMs = Number.POSITIVE_INFINITY
    for (const entry of this.#parts.entries()) {
      if (entry.version === undefined || entry.suspended || nowMs >= entry.freshUntilMs) continue
      const turnMs = turnOf(entry)
      if (turnMs > nowMs) nextTurnMs = Math.min(nextTurnMs, turnMs)
      if (!isInUse(entry)) continue
      if (turnMs <= nowMs) due.push(entry)
      if (nowMs >= entry.askAgainAtMs && this.#parts.isBatchable(entry)) inUse.push(entry)
    }
    inUse.sort((a, b) => Number(turnOf(b) <= nowMs) - Number(turnOf(a) <= nowMs) || a.confirmedAtMs - b.confirmedAtMs)
    return { due, inUse, nextTurnMs }
  }
}

/** Those whose turn it is, and what fills their calls; else one whole call of those that are old enough. */
const wholeCalls = (
  inUse: readonly Entry[],
  { size, nowMs, earlyMs }: { readonly size: number; readonly nowMs: number; readonly earlyMs: number },
): readonly Entry[] => {
  const due = inUse.filter((entry) => turnOf(entry) <= nowMs).length
  if (due > 0) return inUse.slice(0, Math.ceil(due / size) * size)
  const youngest = inUse[size - 1]
  return youngest && nowMs - youngest.confirmedAtMs >= earlyMs ? inUse.slice(0, size) : []
}
