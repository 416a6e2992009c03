import { type SecretRef, SecretsError, type SecretValue, type SecretVersion, sameValue } from '@keyplane/core'

interface Write {
  readonly id: string
  readonly version: string
}

const maxKept = 1_000

/**
 * Makes a write under an idempotency key one write, for sources that know no such key: which version this process made
 * under which of the last 1,000 keys. No value is kept; the source is asked for it.
 */
export class WriteLedger {
  readonly #writes = new Map<string, Write>()
  readonly #source: string
  readonly #read: (ref: SecretRef) => Promise<SecretVersion>

  constructor(source: string, read: (ref: SecretRef) => Promise<SecretVersion>) {
    this.#source = source
    this.#read = read
  }

  /**
   * The version that an earlier write under this key made, if there was one.
   * @throws SecretsError `conflict` where that was another value or another secret.
   */
  async earlier(id: string, key: string, value: SecretValue): Promise<SecretVersion | undefined> {
    const write = this.#writes.get(key)
    if (!write) return undefined
    const before = write.id === id ? await this.#read({ id, version: write.version }) : undefined
    if (before && sameValue(before.value, value)) return before
    throw new SecretsError(
      'conflict',
      `${JSON.stringify(id)}: another value was written under this idempotency key already.`,
      { source: this.#source },
    )
  }

  note(id: string, key: string, version: string): void {
    this.#writes.set(key, { id, version })
    const [oldest] = this.#writes.keys()
    if (this.#writes.size > maxKept && oldest !== undefined) this.#writes.delete(oldest)
  }
}
