import { type Clock, toSecretsError } from '@keyplane/core'
import type { WriteOutcome, Writer, WriteUnit } from '@keyplane/database'

/** How long after a failed write calls are taken to fail still, whatever succeeds: it may have needed less room. */
const doubtMs = 5_000
/** How long one probe's result holds, so that anybody who asks makes the disk sync once a second at most. */
const probeEveryMs = 1_000

/** The store's one row, written as it is: it changes nothing, and fails where calls would. */
const probe: WriteUnit = {
  statements: [{ sql: 'update store set created_at_ms = created_at_ms', parameters: [], expectRows: 1 }],
  audit: [],
}

/**
 * A writer that remembers how its writes went, and tells whether calls can be answered: none can without its audit
 * record.
 */
export class Readiness implements Writer {
  readonly #writer: Writer
  readonly #clock: Clock
  readonly #holds: () => Promise<boolean>
  #isDamaged = false
  #failedAtMs = Number.NEGATIVE_INFINITY
  #probed: { readonly atMs: number; readonly held: Promise<boolean> } | undefined

  /** `holds`: what has to be true besides, asked with each proof. Where it throws, calls are taken to fail for a while. */
  constructor(writer: Writer, clock: Clock, holds: () => Promise<boolean> = async () => true) {
    this.#writer = writer
    this.#clock = clock
    this.#holds = holds
  }

  get alive(): boolean {
    return this.#writer.alive
  }

  async write(unit: WriteUnit): Promise<WriteOutcome> {
    try {
      return await this.#writer.write(unit)
    } catch (error) {
      this.noteFailure(toSecretsError(error))
      if (toSecretsError(error).code !== 'rate_limited') this.#failedAtMs = this.#clock.monotonicMs()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#writer.close()
  }

  /** Notes what a read met: a damaged file stays so until it is replaced and the store started again. */
  noteFailure({ reason }: { readonly reason?: string }): void {
    if (reason === 'damaged') this.#isDamaged = true
  }

  /** Whether a call would be answered; proved by a write, a second ago at most. */
  async ready(): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs()
    if (!this.alive || this.#isDamaged || nowMs - this.#failedAtMs < doubtMs) return false
    if (!this.#probed || nowMs - this.#probed.atMs >= probeEveryMs) this.#probed = { atMs: nowMs, held: this.#probe() }
    return this.#probed.held
  }

  async #probe(): Promise<boolean> {
    try {
      if (!(await this.#holds())) return false
    } catch {
      // The call that fails with it tells why; to find it out may be costly.
      this.#failedAtMs = this.#clock.monotonicMs()
      return false
    }
    try {
      return (await this.write(probe)) === 'committed'
    } catch {
      return false
    }
  }
}
