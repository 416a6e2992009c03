import { SecretsError } from '@keyplane/core'
import type { WriteOutcome, Writer, WriteUnit } from './ports.ts'

/** How one unit of a batch ended. */
export type UnitResult = WriteOutcome | SecretsError

/** What commits batches, one at a time. */
export interface Committer {
  /** One result a unit, in their order. Rejects with what every unit of the batch failed with. */
  commit(units: readonly WriteUnit[]): Promise<readonly UnitResult[]>
  /** Called once, after the last batch. */
  end(): Promise<void>
}

export interface BatchOptions {
  /** Units that may wait; one more is refused. Default 10,000. */
  readonly maxQueued?: number
  /** Units in one commit at most. Default 256. */
  readonly maxBatch?: number
}

interface Waiting {
  readonly unit: WriteUnit
  readonly resolve: (outcome: WriteOutcome) => void
  readonly reject: (error: unknown) => void
}

/** A writer whose units share commits: those that arrive while one is under way wait for the next. */
export class BatchWriter implements Writer {
  readonly #committer: Committer
  readonly #maxQueued: number
  readonly #maxBatch: number
  #queue: Waiting[] = []
  #underway: readonly Waiting[] = []
  #gathering = false
  #ended: Promise<void> | undefined
  #onIdle: (() => void) | undefined
  #death: SecretsError | undefined

  constructor(committer: Committer, { maxQueued = 10_000, maxBatch = 256 }: BatchOptions) {
    this.#committer = committer
    this.#maxQueued = maxQueued
    this.#maxBatch = maxBatch
  }

  get alive(): boolean {
    return this.#ended === undefined && this.#death === undefined
  }

  write(unit: WriteUnit): Promise<WriteOutcome> {
    if (this.#death) return Promise.reject(this.#death)
    if (this.#ended) return Promise.reject(new SecretsError('closed', 'The database is closed.'))
    if (this.#queue.length >= this.#maxQueued)
      return Promise.reject(
        new SecretsError('rate_limited', `${this.#maxQueued} writes are waiting; try again later.`, {
          reason: 'write_queue_full',
        }),
      )
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject })
      this.#sendSoon()
    })
  }

  close(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  /** Fails all that waits, and all that comes later. */
  die(death: SecretsError): void {
    this.#death ??= death
    const lost = [...this.#underway, ...this.#queue]
    this.#underway = []
    this.#queue = []
    for (const { reject } of lost) reject(this.#death)
    this.#onIdle?.()
  }

  async #end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
      this.#send()
    })
    await this.#committer.end()
  }

  /** Once all callers that this turn of the event loop woke have written: a message costs as much as ten units in it. */
  #sendSoon(): void {
    if (this.#gathering || this.#underway.length > 0) return
    this.#gathering = true
    setImmediate(() => {
      this.#gathering = false
      this.#send()
    })
  }

  #send(): void {
    if (this.#underway.length > 0) return
    if (this.#queue.length === 0) return this.#onIdle?.()
    const batch = this.#queue.splice(0, this.#maxBatch)
    this.#underway = batch
    this.#committer.commit(batch.map(({ unit }) => unit)).then(
      (results) => this.#settle(batch, (index) => results[index]),
      (error: unknown) => this.#settle(batch, () => error),
    )
  }

  #settle(batch: readonly Waiting[], resultOf: (index: number) => unknown): void {
    if (this.#underway !== batch) return
    this.#underway = []
    // The next batch is sent first, so that it is committed while the callers go on.
    this.#send()
    for (const [index, { resolve, reject }] of batch.entries()) {
      const result = resultOf(index)
      if (result === 'committed' || result === 'conflict') resolve(result)
      else reject(result ?? new SecretsError('internal', 'The writer lost a result.'))
    }
  }
}
