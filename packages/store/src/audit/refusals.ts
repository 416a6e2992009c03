import { type AuditRecord, type Clock, type Random, type Timer, uuid } from '@keyplane/core'
import type { Writer } from '@keyplane/database'

export interface RefusalsParts {
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
  /** Between how many threads the numbers below are divided. Default 1. */
  readonly sharedBy?: number
}

/** Refusals in a row that have a record each. */
const burst = 20
/** One more record of its own is due after this. */
const refillMs = 1_000
/** The others are counted, and their number is written this long after the first of them. */
const countMs = 5_000

/**
 * The audit records of calls without a valid signature. Anybody on this machine can make such calls, so they must not be
 * able to fill the disk: beyond a number, they are counted and recorded together.
 */
export class Refusals {
  readonly #parts: RefusalsParts
  readonly #burst: number
  readonly #refillMs: number
  #left: number
  #refilledAtMs: number
  #counted = 0
  #timer: Timer | undefined

  constructor(parts: RefusalsParts) {
    const { sharedBy = 1 } = parts
    this.#parts = parts
    this.#burst = Math.ceil(burst / sharedBy)
    this.#refillMs = refillMs * sharedBy
    this.#left = this.#burst
    this.#refilledAtMs = parts.clock.monotonicMs()
  }

  /** Whether the next refusal may have a record of its own; if not, it has been counted. */
  takeRecord(): boolean {
    const { clock } = this.#parts
    const due = Math.floor((clock.monotonicMs() - this.#refilledAtMs) / this.#refillMs)
    this.#left = Math.min(this.#burst, this.#left + due)
    this.#refilledAtMs += due * this.#refillMs
    if (this.#left > 0) {
      this.#left -= 1
      return true
    }
    this.#counted += 1
    this.#timer ??= clock.after(countMs, () => void this.#flush())
    return false
  }

  /** Writes what was counted. */
  async close(): Promise<void> {
    await this.#flush()
    this.#timer?.cancel()
  }

  async #flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const count = this.#counted
    if (count === 0) return
    this.#counted = 0
    try {
      await this.#parts.writer.write({ statements: [], audit: [this.#record(count)] })
    } catch {
      // Counted on, and tried again; that writes fail is told by every call.
      this.#counted += count
      this.#timer ??= this.#parts.clock.after(countMs, () => void this.#flush())
    }
  }

  #record(count: number): AuditRecord {
    const { clock, random } = this.#parts
    return {
      atMs: clock.nowMs(),
      actor: 'anonymous',
      action: 'unknown',
      resource: '',
      decision: 'deny',
      requestId: uuid(random),
      detail: { Error: 'Unauthenticated', Refusals: String(count) },
    }
  }
}
