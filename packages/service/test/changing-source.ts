import {
  type CallOptions,
  SecretsError,
  type SecretProvider,
  type SecretRef,
  type SecretVersion,
  TextValue,
} from '@keyplane/core'

interface Kept {
  readonly version: string
  readonly text: string
}

/** A source whose values change behind everybody's back, and that counts what it is asked. */
export class ChangingSource implements SecretProvider {
  readonly name = 'openbao'
  readonly reads: string[] = []
  readonly looks: string[] = []
  failure: SecretsError | undefined
  /** Of which secret it gives a lease. */
  leaseFor: string | undefined
  /** What is asked meanwhile waits until it is called. */
  release: (() => void) | undefined
  #held: Promise<void> = Promise.resolve()
  readonly #values = new Map<string, Kept>()
  readonly #before = new Map<string, Kept>()
  /** It answers reads as a node that does not know of the last change. */
  lags = false

  put(id: string, text: string): void {
    const before = this.#values.get(id)
    if (before) this.#before.set(id, before)
    this.#values.set(id, { version: String(Number(before?.version ?? 0) + 1), text })
  }

  remove(id: string): void {
    this.#values.delete(id)
  }

  /** Holds answers back until the function that it gives is called. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.release = resolve
    })
  }

  async get({ id }: SecretRef, { signal }: CallOptions = {}): Promise<SecretVersion> {
    signal?.throwIfAborted()
    this.reads.push(id)
    const { failure } = this
    const known = (this.lags ? this.#before : this.#values).get(id)
    await this.#held
    if (failure) throw failure
    if (!known) throw new SecretsError('secret_not_found', `no ${id}`)
    const { version, text } = known
    return Object.freeze({
      id,
      version,
      stages: ['current'] as const,
      value: new TextValue(text),
      ...(this.leaseFor === id && { lease: { id: 'l', renewable: true, expiresAtMs: Date.UTC(2030, 0) } }),
    })
  }

  readonly state: NonNullable<SecretProvider['state']> = {
    maxRefs: 1,
    describe: async (refs) =>
      refs.map(({ id }) => {
        this.looks.push(id)
        const known = this.#values.get(id)
        const error = this.failure ?? (known ? undefined : new SecretsError('secret_not_found', `no ${id}`))
        if (error || !known) return { ok: false, error: error ?? new SecretsError('internal', '') }
        return { ok: true, value: { id, versions: new Map([[known.version, ['current'] as const]]) } }
      }),
  }
}
