import type { SecretRef, SecretValue, SecretVersion } from '@keyplane/core'
import type { ValueRegistry } from '@keyplane/masking'
import type { Keeping } from '../cache/entry-table.ts'

/**
 * Makes every value that is handed out known to the masking engine, and tells it how long the caches keep it. Keys that
 * were said to hold no secret are left out.
 */
export class Registrar implements Keeping {
  readonly #values: ValueRegistry
  readonly #notSecret: Set<string>
  /** Values of such keys; a cache knows versions, not the keys they were asked by. */
  readonly #plain = new WeakSet<SecretValue>()

  constructor(values: ValueRegistry, notSecret: Iterable<string> = []) {
    this.#values = values
    this.#notSecret = new Set(notSecret)
  }

  /** From its next read on, what this key holds is masked nowhere. */
  addNotSecret(key: string): void {
    this.#notSecret.add(key)
  }

  note(ref: SecretRef, { value }: SecretVersion): void {
    if (this.#notSecret.size > 0 && this.#notSecret.has(ref.id)) this.#plain.add(value)
    else this.#values.note(value)
  }

  hold({ value }: SecretVersion): void {
    if (!this.#plain.has(value)) this.#values.hold(value)
  }

  release({ value }: SecretVersion): void {
    if (!this.#plain.has(value)) this.#values.release(value)
  }
}
