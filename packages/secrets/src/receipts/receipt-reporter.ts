import {
  type Clock,
  type Heartbeat,
  type Receipt,
  type SecretVersion,
  type Timer,
  toSecretsError,
} from '@keyplane/core'
import type { SecretsLog } from '../chain/reports.ts'
import { waited } from '../resilience/waited.ts'
import type { ReceiptSettings } from './receipt-options.ts'

export interface ReceiptReporterParts extends ReceiptSettings {
  readonly clock: Clock
  readonly log: SecretsLog
}

/** How a secret's versions fared. */
interface Fared {
  /** The one that was used last. */
  used: string | undefined
  readonly refusals: Map<string, number>
}

/** News are gathered for so long, then sent together. */
const gatheredMs = 500
/** Secrets in one heartbeat. */
const maxTold = 200
/** Of which it is remembered what was used; the first ones are told anew at their next use. */
const maxSecrets = 10_000
/** A rotation knows three versions at a time: previous, current, pending. */
const maxRefused = 3
/** The last heartbeat is not waited for any longer. */
const farewellMs = 1_000

/**
 * Says which versions this program uses, and which were refused: soon after each change, and by a heartbeat from then on.
 * It holds no value, delays no read, and keeps no process alive. What can't be sent is sent with the next heartbeat.
 */
export class ReceiptReporter {
  readonly #parts: ReceiptReporterParts
  readonly #secrets = new Map<string, Fared>()
  /** Secrets of which something was not told yet. */
  readonly #news = new Set<string>()
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  #failed = false
  #closed = false

  constructor(parts: ReceiptReporterParts) {
    this.#parts = parts
  }

  /** The program has this version. A version without a name is no version to report. */
  used({ id, version }: SecretVersion): void {
    // Nearly every read ends here.
    if (version === undefined || this.#secrets.get(id)?.used === version) return
    this.#fared(id).used = version
    this.#tell(id)
  }

  /** The secret's target refused this version. */
  refused({ id, version }: SecretVersion): void {
    if (version === undefined) return
    const { refusals } = this.#fared(id)
    refusals.set(version, (refusals.get(version) ?? 0) + 1)
    if (refusals.size > maxRefused) refusals.delete(refusals.keys().next().value as string)
    this.#tell(id)
  }

  /** Says that this consumer ends, and what it was refused last; no longer than a second. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    if (this.#secrets.size === 0) return
    const { clock } = this.#parts
    const farewell = async (): Promise<void> => {
      await this.#sending
      await this.#send({ receipts: this.#lastRefusals(), ends: true }).catch(() => {})
    }
    const late = new AbortController()
    await Promise.race([farewell(), waited(farewellMs, clock, late.signal).catch(() => {})])
    late.abort()
  }

  #fared(id: string): Fared {
    const known = this.#secrets.get(id)
    if (known) return known
    const fared = { used: undefined, refusals: new Map<string, number>() }
    this.#secrets.set(id, fared)
    if (this.#secrets.size > maxSecrets) this.#secrets.delete(this.#secrets.keys().next().value as string)
    return fared
  }

  #tell(id: string): void {
    const isFirst = this.#news.size === 0
    this.#news.add(id)
    // What can't be sent for now waits for its turn.
    if (isFirst && !this.#sending && !this.#failed) this.#beatAfter(gatheredMs)
  }

  #beatAfter(delayMs: number): void {
    this.#timer?.cancel()
    if (!this.#closed) this.#timer = this.#parts.clock.after(delayMs, () => this.#beat())
  }

  #beat(): void {
    const told = [...this.#news].slice(0, maxTold)
    for (const id of told) this.#news.delete(id)
    this.#sending = this.#sendNews(told).finally(() => {
      this.#sending = undefined
      this.#beatAfter(this.#news.size > 0 && !this.#failed ? gatheredMs : this.#parts.everyMs)
    })
  }

  async #sendNews(told: readonly string[]): Promise<void> {
    try {
      await this.#send({ receipts: told.flatMap((id) => this.#receiptsOf(id)) })
      this.#failed = false
    } catch (thrown) {
      for (const id of told) this.#news.add(id)
      if (!this.#failed)
        this.#parts.log.warn('Nobody takes the receipts of what this program uses; rotations may wait for it.', {
          code: toSecretsError(thrown).code,
        })
      this.#failed = true
    }
  }

  async #send(news: Pick<Heartbeat, 'receipts' | 'ends'>): Promise<void> {
    const { send, consumer, everyMs } = this.#parts
    await send({ consumer, everyMs, ...news })
  }

  /** What it used is no news of one that ends. */
  #lastRefusals(): readonly Receipt[] {
    const untold = [...this.#news].flatMap((id) => this.#receiptsOf(id))
    return untold.filter(({ refusals }) => refusals > 0).slice(0, maxTold)
  }

  #receiptsOf(secretId: string): readonly Receipt[] {
    const fared = this.#secrets.get(secretId)
    if (!fared) return []
    const { used, refusals } = fared
    return [...new Set([...(used === undefined ? [] : [used]), ...refusals.keys()])].map((versionId) => ({
      secretId,
      versionId,
      used: versionId === used,
      refusals: refusals.get(versionId) ?? 0,
    }))
  }
}
