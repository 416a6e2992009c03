import type { AuditRecord, AuditSink } from '@keyplane/core'
import { type ChainHead, type ChainLink, newChain, nextLink } from '../chain.ts'
import type { NumberedRecord } from '../verify.ts'

/** A sink that keeps its chain in memory: for tests, and for programs that show what they did and then end. */
export interface MemoryAuditSink extends AuditSink {
  readonly head: ChainHead
  readonly links: readonly ChainLink[]
  readonly records: readonly NumberedRecord[]
}

/** A memory sink. Records that arrive in the same turn share a link. */
export const memoryAuditSink = (chainId: string): MemoryAuditSink => new Memory(chainId)

class Memory implements MemoryAuditSink {
  readonly links: ChainLink[] = []
  readonly records: NumberedRecord[] = []
  head: ChainHead
  #batch: AuditRecord[] = []
  #sealing: Promise<void> | undefined

  constructor(chainId: string) {
    this.head = newChain(chainId)
  }

  append(record: AuditRecord): Promise<void> {
    this.#batch.push(record)
    this.#sealing ??= Promise.resolve().then(() => this.#seal())
    return this.#sealing
  }

  #seal(): void {
    const batch = this.#batch
    this.#batch = []
    this.#sealing = undefined
    const { link, head } = nextLink(this.head, batch)
    this.links.push(link)
    for (const [index, record] of batch.entries()) this.records.push({ seq: link.firstRecord + index, record })
    this.head = head
  }
}
