import type { AuditRecord, AuditSink, Clock, Timer } from '@keyplane/core'
import { addressGroup } from '../limits/address-group.ts'
import { keep } from './read-records.ts'

export interface Stranger {
  readonly address: string
  readonly requestId: string
}

const periodMs = 60_000
/** More addresses than these share a record. */
const maxAddresses = 256
const elsewhere = 'others'

/**
 * Records requests without a known key: the first of an address at once, those that follow within a minute as their number,
 * so that no flood fills the log.
 */
export class StrangerRecords {
  readonly #audit: AuditSink
  readonly #clock: Clock
  readonly #more = new Map<string, number>()
  #period: Timer | undefined

  constructor({ audit, clock }: { readonly audit: AuditSink; readonly clock: Clock }) {
    this.#audit = audit
    this.#clock = clock
  }

  /** @throws SecretsError `unavailable` where no record can be kept. */
  async refused({ address: from, requestId }: Stranger): Promise<void> {
    const group = addressGroup(from)
    const address = this.#more.has(group) || this.#more.size < maxAddresses ? group : elsewhere
    const more = this.#more.get(address)
    this.#more.set(address, more === undefined ? 0 : more + 1)
    this.#period ??= this.#clock.after(periodMs, () => void this.#told())
    if (more === undefined) await keep(this.#audit, [this.#record({ address }, requestId)])
  }

  /** Records what was only counted so far. */
  async close(): Promise<void> {
    this.#period?.cancel()
    await this.#told()
  }

  /** Nobody waits for these records, so nobody can be refused for their sake. */
  async #told(): Promise<void> {
    this.#period = undefined
    const counted = [...this.#more].filter(([, more]) => more > 0)
    this.#more.clear()
    const records = counted.map(([address, more]) => this.#record({ address, more: String(more) }, ''))
    await keep(this.#audit, records).catch(() => {})
  }

  #record(detail: Readonly<Record<string, string>>, requestId: string): AuditRecord {
    const atMs = this.#clock.nowMs()
    return { atMs, actor: '-', action: 'authenticate', resource: '', decision: 'deny', requestId, detail }
  }
}
