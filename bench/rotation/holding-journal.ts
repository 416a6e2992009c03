import type { RotationJournal, RotationLease } from '@keyplane/rotation'

/** A journal that can keep rotations from going on after what they have written, with their leases. */
export class HoldingJournal implements RotationJournal {
  readonly #journal: RotationJournal
  readonly #leaseMs: number
  readonly #onHeld: (secretId: string) => void
  readonly #held = new Map<string, Promise<void>>()

  constructor(journal: RotationJournal, leaseMs: number, onHeld: (secretId: string) => void) {
    this.#journal = journal
    this.#leaseMs = leaseMs
    this.#onHeld = onHeld
  }

  /** The next call that would let the secret's rotation go on waits for this. */
  hold(secretId: string, until: Promise<void>): void {
    this.#held.set(secretId, until)
  }

  load: RotationJournal['load'] = (secretId) => this.#journal.load(secretId)
  lease: RotationJournal['lease'] = (...lease) => this.#journal.lease(...lease)
  write: RotationJournal['write'] = (...write) => this.#journal.write(...write)
  due: RotationJournal['due'] = (...due) => this.#journal.due(...due)

  renew: RotationJournal['renew'] = async (lease, ttlMs) => {
    await this.#pass(lease)
    return this.#journal.renew(lease, ttlMs)
  }

  release: RotationJournal['release'] = async (lease) => {
    await this.#pass(lease)
    await this.#journal.release(lease)
  }

  async #pass(lease: RotationLease): Promise<void> {
    const { secretId } = lease
    const until = this.#held.get(secretId)
    if (!until) return
    this.#onHeld(secretId)
    const renewing = setInterval(() => void this.#journal.renew(lease, this.#leaseMs), this.#leaseMs / 3)
    await until
    clearInterval(renewing)
    this.#held.delete(secretId)
  }
}
